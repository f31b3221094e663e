/** A NumPy array, row-major. */
export interface NpyArray {
  readonly shape: readonly number[];
  /** NumPy's own name without byte order: `f4`, `f8`, `u1`, … */
  readonly type: NpyType;
  readonly values: ArrayLike<number>;
}

export type NpyType = keyof typeof READERS;

/** Thrown where bytes are not an `.npy` array that the lab can use. */
export class NpyError extends Error {
  override readonly name = 'NpyError';
}

const READERS = {
  f4: (bytes: ArrayBuffer) => new Float32Array(bytes),
  f8: (bytes: ArrayBuffer) => new Float64Array(bytes),
  u1: (bytes: ArrayBuffer) => new Uint8Array(bytes),
  i1: (bytes: ArrayBuffer) => new Int8Array(bytes),
  b1: (bytes: ArrayBuffer) => new Uint8Array(bytes),
  u2: (bytes: ArrayBuffer) => new Uint16Array(bytes),
  i2: (bytes: ArrayBuffer) => new Int16Array(bytes),
  u4: (bytes: ArrayBuffer) => new Uint32Array(bytes),
  i4: (bytes: ArrayBuffer) => new Int32Array(bytes),
  i8: (bytes: ArrayBuffer) => Float64Array.from(new BigInt64Array(bytes), Number),
  u8: (bytes: ArrayBuffer) => Float64Array.from(new BigUint64Array(bytes), Number),
};

/**
 * Reads `.npy` (format 1.0 to 3.0, little-endian, C order).
 * Source: NumPy's format specification, `numpy.lib.format`.
 *
 * @throws NpyError saying what is wrong and what to save instead
 */
export function readNpy(bytes: Uint8Array): NpyArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (bytes.length < 12 || magic.some((byte, at) => bytes[at] !== byte)) {
    throw new NpyError('Not a .npy file (its first bytes are not NumPy’s). Save it with numpy.save.');
  }
  const wide = bytes[6] >= 2;
  const start = wide ? 12 : 10;
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  if (start + length > bytes.length) throw new NpyError('The .npy file ends inside its header.');
  const header = new TextDecoder().decode(bytes.subarray(start, start + length));

  const type = /'descr':\s*'([<|=>])([a-z]\d+)'/.exec(header);
  const order = /'fortran_order':\s*(True|False)/.exec(header);
  const shapeText = /'shape':\s*\(([\d,\s]*)\)/.exec(header);
  if (!type || !order || !shapeText) throw new NpyError(`The .npy header is not understood: ${header.trim().slice(0, 120)}`);
  if (type[1] === '>') throw new NpyError('The .npy array is big-endian; save it with array.astype("<f4").');
  if (order[1] === 'True') throw new NpyError('The .npy array is in Fortran order; save numpy.ascontiguousarray(array).');
  if (!isNpyType(type[2])) throw new NpyError(`The .npy type ${type[2]} is not supported; save float32 or uint8.`);

  const shape = shapeText[1].split(',').filter((part) => part.trim() !== '').map(Number);
  const count = shape.reduce((product, size) => product * size, 1);
  const expected = count * Number(type[2].slice(1));
  const found = bytes.length - start - length;
  if (found !== expected) {
    throw new NpyError(`The .npy file holds ${found} bytes of data, but ${shape.join(' × ')} of ${type[2]} takes ${expected}.`);
  }
  // a copy, because the data need not be aligned; not slice(), which on a Node Buffer is a view
  const data = new Uint8Array(bytes.subarray(start + length)).buffer;
  return { shape, type: type[2], values: READERS[type[2]](data) };
}

function isNpyType(name: string): name is NpyType {
  return Object.hasOwn(READERS, name);
}

/** Writes a uint8 or float32 array as `.npy` 1.0; `shape` must multiply to the number of values. */
export function writeNpy(shape: readonly number[], values: Uint8Array | Float32Array): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${values instanceof Float32Array ? '<f4' : '|u1'}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // header and prefix together are a multiple of 64 bytes, closed by a newline
  const length = Math.ceil((text.length + 11) / 64) * 64 - 10;
  const bytes = new Uint8Array(10 + length + values.byteLength);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length & 255, length >> 8]);
  bytes.set(new TextEncoder().encode(`${text.padEnd(length - 1)}\n`), 10);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), 10 + length);
  return bytes;
}
