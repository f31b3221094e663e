import { describe, expect, it } from 'vitest';
import { NpyError, readNpy, writeNpy } from './npy.ts';

/** Format 1.0 as numpy.save writes it. */
function npy(descr: string, shape: string, data: ArrayBufferView, fortran = false): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${shape}, }`;
  const header = text.padEnd(118 - 1) + '\n';
  const bytes = new Uint8Array(10 + header.length + data.byteLength);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]);
  bytes.set(new TextEncoder().encode(header), 10);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + header.length);
  return bytes;
}

describe('readNpy', () => {
  it('reads float32, uint8 and int64 arrays with their shapes', () => {
    expect(readNpy(npy('<f4', '(2, 3)', Float32Array.of(1, 2, 3, 4, 5, 6.5)))).toMatchObject({ shape: [2, 3], type: 'f4', values: Float32Array.of(1, 2, 3, 4, 5, 6.5) });
    expect(readNpy(npy('|u1', '(3,)', Uint8Array.of(0, 7, 255))).values).toEqual(Uint8Array.of(0, 7, 255));
    expect(readNpy(npy('<i8', '(2,)', BigInt64Array.of(3n, -4n))).values).toEqual(Float64Array.of(3, -4));
  });

  it('reads what a Node Buffer shows of a larger pool', () => {
    const file = npy('<f4', '(2,)', Float32Array.of(1.5, -2));
    const pool = Buffer.alloc(file.length + 32);
    pool.set(file, 7);
    expect(readNpy(pool.subarray(7, 7 + file.length)).values).toEqual(Float32Array.of(1.5, -2));
  });

  it('reads back what writeNpy wrote', () => {
    const values = Uint8Array.from({ length: 24 }, (_, k) => k * 10);
    expect(readNpy(writeNpy([2, 3, 4], values))).toEqual({ shape: [2, 3, 4], type: 'u1', values });
    expect(readNpy(writeNpy([24], values)).shape).toEqual([24]);
    const floats = Float32Array.of(1.5, -2, 3e-9);
    expect(readNpy(writeNpy([3], floats))).toEqual({ shape: [3], type: 'f4', values: floats });
  });

  it('says what is wrong with a file it cannot use', () => {
    expect(() => readNpy(new TextEncoder().encode('PK\u0003\u0004 a zip, not an array'))).toThrow(NpyError);
    expect(() => readNpy(npy('<f4', '(2, 3)', Float32Array.of(1, 2, 3)))).toThrow(/12 bytes.*takes 24/);
    expect(() => readNpy(npy('>f4', '(1,)', Float32Array.of(1)))).toThrow(/big-endian/);
    expect(() => readNpy(npy('<f4', '(1, 1)', Float32Array.of(1), true))).toThrow(/Fortran/);
    expect(() => readNpy(npy('<c8', '(1,)', new Float32Array(2)))).toThrow(/c8 is not supported/);
  });
});
