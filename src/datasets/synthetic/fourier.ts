/**
 * The inverse discrete Fourier transform of a square of `size × size` complex values, row-major, in place
 * and without the factor `1 / size²`: radix 2 (Cooley and Tukey), rows first. `size` is a power of two.
 */
export function inverseFourier(real: Float64Array, imaginary: Float64Array, size: number): void {
  const { cosine, sine, reversed } = tablesOf(size);
  for (let row = 0; row < size; row++) transform(real, imaginary, row * size, 1, size, cosine, sine, reversed);
  for (let column = 0; column < size; column++) transform(real, imaginary, column, size, size, cosine, sine, reversed);
}

interface Tables {
  readonly cosine: Float64Array;
  readonly sine: Float64Array;
  /** Each index with its bits in reverse. */
  readonly reversed: Int32Array;
}

const tables = new Map<number, Tables>();

function tablesOf(size: number): Tables {
  const known = tables.get(size);
  if (known) return known;
  const bits = Math.log2(size);
  const made: Tables = {
    cosine: Float64Array.from({ length: size / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / size)),
    sine: Float64Array.from({ length: size / 2 }, (_, k) => Math.sin((2 * Math.PI * k) / size)),
    reversed: Int32Array.from({ length: size }, (_, k) => {
      let turned = 0;
      for (let bit = 0; bit < bits; bit++) turned |= ((k >> bit) & 1) << (bits - 1 - bit);
      return turned;
    }),
  };
  tables.set(size, made);
  return made;
}

/** One line of values, `first + k · step`. */
function transform(
  real: Float64Array, imaginary: Float64Array, first: number, step: number, size: number,
  cosine: Float64Array, sine: Float64Array, reversed: Int32Array,
): void {
  for (let k = 0; k < size; k++) {
    const other = reversed[k];
    if (other <= k) continue;
    const [a, b] = [first + k * step, first + other * step];
    const [re, im] = [real[a], imaginary[a]];
    real[a] = real[b];
    imaginary[a] = imaginary[b];
    real[b] = re;
    imaginary[b] = im;
  }
  for (let half = 1; half < size; half *= 2) {
    const stride = size / (2 * half);
    for (let start = 0; start < size; start += 2 * half) {
      for (let k = 0; k < half; k++) {
        const [c, s] = [cosine[k * stride], sine[k * stride]];
        const a = first + (start + k) * step;
        const b = a + half * step;
        const re = real[b] * c - imaginary[b] * s;
        const im = real[b] * s + imaginary[b] * c;
        real[b] = real[a] - re;
        imaginary[b] = imaginary[a] - im;
        real[a] += re;
        imaginary[a] += im;
      }
    }
  }
}
