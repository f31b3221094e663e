import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Weight } from '../network/network.ts';
import { readSafetensors, SafetensorsError, writeSafetensors } from './safetensors.ts';

/** A file of this header and data, put together by the format's description alone. */
function file(header: unknown, data: Uint8Array | number = 0, declared?: bigint): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const body = typeof data === 'number' ? new Uint8Array(data) : data;
  const bytes = new Uint8Array(8 + text.length + body.length);
  new DataView(bytes.buffer).setBigUint64(0, declared ?? BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(body, 8 + text.length);
  return bytes;
}

const vector = (dtype: string, shape: readonly number[], start: number, end: number) => ({ dtype, shape, data_offsets: [start, end] });

const anyWeight = fc
  .array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })
  .chain((shape) =>
    fc
      .float32Array({ minLength: shape.reduce((p, d) => p * d, 1), maxLength: shape.reduce((p, d) => p * d, 1) })
      .map((values): Weight => ({ shape, values })),
  );

describe('writeSafetensors and readSafetensors', () => {
  it('carry any tensors over, bit by bit and in order', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), anyWeight, { maxKeys: 6 }), fc.dictionary(fc.string(), fc.string()), (tensors, metadata) => {
        const written = Object.entries(tensors);
        const read = readSafetensors(writeSafetensors(written, metadata));
        expect([...read.tensors.keys()].toSorted()).toEqual(written.map(([name]) => name).toSorted());
        for (const [name, { shape, values }] of written) {
          const back = read.tensors.get(name);
          expect(back?.shape).toEqual(shape);
          expect(new Uint32Array(back?.values.buffer ?? new ArrayBuffer(0))).toEqual(new Uint32Array(values.slice().buffer));
        }
        expect(read.metadata).toEqual(metadata);
      }),
      { numRuns: 100, seed: 3 },
    );
  });

  it('writes the bytes of the format’s description', () => {
    const bytes = writeSafetensors([['b', { shape: [2], values: Float32Array.of(1, -2) }], ['a', { shape: [1, 1], values: Float32Array.of(0.5) }]], { by: 'lab' });
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect((8 + length) % 8).toBe(0);
    expect(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))).toEqual({
      __metadata__: { by: 'lab' }, b: vector('F32', [2], 0, 8), a: vector('F32', [1, 1], 8, 12),
    });
    expect([...new Float32Array(bytes.buffer, 8 + length)]).toEqual([1, -2, 0.5]);
  });

  it('writes views into larger buffers', () => {
    const values = Float32Array.of(9, 1, 2, 9).subarray(1, 3);
    expect([...(readSafetensors(writeSafetensors([['w', { shape: [2], values }]])).tensors.get('w')?.values ?? [])]).toEqual([1, 2]);
  });

  it('refuses repeated, reserved and misshapen tensors', () => {
    const w: Weight = { shape: [1], values: Float32Array.of(1) };
    expect(() => writeSafetensors([['w', w], ['w', w]])).toThrow(/Two tensors are called "w"/);
    expect(() => writeSafetensors([['__metadata__', w]])).toThrow(SafetensorsError);
    expect(() => writeSafetensors([['w', { ...w, shape: [2] }]])).toThrow(/\[2\] has 1 values/);
  });

  it('reads every float16 and bfloat16 as the number it stands for', () => {
    const half = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x03ff, 0x0400, 0x7bff, 0x7c00, 0xfc00, 0x3555, 0x8000);
    const { tensors } = readSafetensors(file({ h: vector('F16', [10], 0, 20) }, new Uint8Array(half.buffer)));
    expect([...(tensors.get('h')?.values ?? [])]).toEqual(
      [1, -2, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 65504, Infinity, -Infinity, 0.333251953125, -0],
    );
    const brain = Uint16Array.of(0x3f80, 0xc040, 0x0080, 0x7f80, 0x4049);
    const bf = readSafetensors(file({ b: vector('BF16', [5, 1], 0, 10) }, new Uint8Array(brain.buffer)));
    expect([...(bf.tensors.get('b')?.values ?? [])]).toEqual([1, -3, 2 ** -126, Infinity, 3.140625]);
    const nan = readSafetensors(file({ n: vector('F16', [1], 0, 2) }, Uint8Array.of(0x01, 0x7e)));
    expect(nan.tensors.get('n')?.values[0]).toBeNaN();
  });

  it('reads tensors in any order of the header, from bytes at any offset', () => {
    const bytes = file({ late: vector('F32', [], 4, 8), early: vector('F32', [1], 0, 4) }, new Uint8Array(Float32Array.of(1, 2).buffer));
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    const { tensors } = readSafetensors(shifted.subarray(3));
    expect([...tensors.keys()]).toEqual(['early', 'late']);
    expect(tensors.get('late')).toEqual({ shape: [], values: Float32Array.of(2) });
  });
});

describe('a damaged safetensors file', () => {
  const one = (entry: unknown, data = 8) => file({ w: entry }, data);
  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /too short/],
    ['seven bytes', new Uint8Array(7), /too short/],
    ['a header longer than the file', file({}, 0, 40n), /said to take 40 bytes/],
    ['an absurd header length', file({}, 0, 0xffff_ffff_ffff_ffffn), /said to take 18446744073709551615/],
    ['a header that is not JSON', file('{"w":'), /not JSON/],
    ['a header that is a list', file([]), /not a JSON object/],
    ['bytes that are not UTF-8', file(String.fromCharCode(0xd800), 0).with(9, 0xff), /not JSON/],
    ['an entry without offsets', one({ dtype: 'F32', shape: [2] }), /"w" is not understood: data_offsets/],
    ['a negative axis', one(vector('F32', [-2], 0, 8)), /"w" is not understood: shape/],
    ['an axis of half an element', one(vector('F32', [0.5], 0, 2)), /"w" is not understood: shape/],
    ['a type that is not read', one(vector('I64', [1], 0, 8)), /"w" is stored as I64; read are F32, F16, BF16/],
    ['a type called like a property of objects', one(vector('toString', [1], 0, 8)), /stored as toString/],
    ['too few bytes for the shape', one(vector('F32', [3], 0, 8)), /\[3\] takes 12 bytes, but its offsets span 8/],
    ['an absurd shape', one(vector('F32', [1e9, 1e9, 1e9], 0, 8)), /but its offsets span 8/],
    ['offsets that run backwards', one(vector('F32', [2], 8, 0)), /span -8/],
    ['a tensor beyond the end', one(vector('F32', [4], 0, 16)), /ends at byte 16, but the file holds 8/],
    ['a gap at the start', one(vector('F32', [1], 4, 8)), /leaves a gap of 4/],
    ['a gap between', file({ a: vector('F32', [1], 0, 4), b: vector('F32', [1], 8, 12) }, 12), /"b" begins at byte 8 and leaves a gap of 4/],
    ['an overlap', file({ a: vector('F32', [2], 0, 8), b: vector('F32', [1], 4, 8) }, 8), /"b" begins at byte 4 and overlaps the tensor before it by 4/],
    ['the same bytes twice', file({ a: vector('F32', [2], 0, 8), b: vector('F32', [2], 0, 8) }, 8), /overlaps/],
    ['bytes left over', one(vector('F32', [1], 0, 4)), /take 4 bytes, but the file holds 8/],
    ['metadata that is not text', file({ __metadata__: { a: 1 } }), /map text to text/],
  ])('%s', (_name, bytes, message) => {
    expect(() => readSafetensors(bytes)).toThrow(SafetensorsError);
    expect(() => readSafetensors(bytes)).toThrow(message);
  });

  it('ends in a named error or in sound tensors, whichever bytes are flipped or cut', () => {
    const sound = writeSafetensors([['first', { shape: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6) }], ['second', { shape: [4], values: new Float32Array(4) }]], { a: 'b' });
    fc.assert(
      fc.property(fc.nat(sound.length - 1), fc.nat(255), fc.nat(sound.length), (at, byte, length) => {
        const bytes = sound.with(at, byte).subarray(0, length === 0 ? sound.length : length);
        try {
          for (const { shape, values } of readSafetensors(bytes).tensors.values()) {
            expect(values.length).toBe(shape.reduce((p, d) => p * d, 1));
          }
        } catch (error) {
          expect(error).toBeInstanceOf(SafetensorsError);
        }
      }),
      { numRuns: 500, seed: 4 },
    );
  });
});
