/** IEEE half precision, as its 16 bits, to float32; exact. */
export function float16ToFloat32(halves: Uint16Array): Float32Array {
  const values = new Float32Array(halves.length);
  for (let k = 0; k < halves.length; k++) {
    const bits = halves[k];
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    const magnitude = exponent === 0
      ? fraction * 2 ** -24
      : exponent < 31 ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction === 0 ? Infinity : NaN;
    values[k] = bits >> 15 ? -magnitude : magnitude;
  }
  return values;
}
