import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { patchSize, type PatchGeometry } from '../geometry.ts';
import { Correlator } from './correlator.ts';
import { crossGram, PatchGram } from './patchGram.ts';

/** Every patch written out, in float64: the definition. */
function patches({ input, output, kernel, strides, dilations, before }: PatchGeometry, values: Float32Array, images: number) {
  const [height, width, channels] = input;
  const rows: number[][] = [];
  for (let image = 0; image < images; image++) {
    for (let r = 0; r < output[0]; r++) {
      for (let c = 0; c < output[1]; c++) {
        const patch: number[] = [];
        for (let i = 0; i < channels; i++) {
          for (let a = 0; a < kernel[0]; a++) {
            for (let b = 0; b < kernel[1]; b++) {
              const y = r * strides[0] + a * dilations[0] - before[0];
              const x = c * strides[1] + b * dilations[1] - before[1];
              const inside = y >= 0 && y < height && x >= 0 && x < width;
              patch.push(inside ? values[((image * height + y) * width + x) * channels + i] : 0);
            }
          }
        }
        rows.push(patch);
      }
    }
  }
  return rows;
}

const axis = fc.record({
  size: fc.integer({ min: 1, max: 9 }),
  kernel: fc.integer({ min: 1, max: 4 }),
  stride: fc.integer({ min: 1, max: 3 }),
  dilation: fc.integer({ min: 1, max: 2 }),
  same: fc.boolean(),
});

const geometries = fc.record({ rows: axis, columns: axis, channels: fc.integer({ min: 1, max: 11 }) }).map(
  ({ rows, columns, channels }): PatchGeometry | undefined => {
    const along = ({ size, kernel, stride, dilation, same }: typeof rows) => {
      const extent = (kernel - 1) * dilation + 1;
      const output = same ? Math.ceil(size / stride) : Math.floor((size - extent) / stride) + 1;
      const before = same ? Math.floor(Math.max(0, (output - 1) * stride + extent - size) / 2) : 0;
      return { output, before };
    };
    const [r, c] = [along(rows), along(columns)];
    if (r.output < 1 || c.output < 1) return undefined;
    return {
      input: [rows.size, columns.size, channels],
      output: [r.output, c.output],
      kernel: [rows.kernel, columns.kernel],
      strides: [rows.stride, columns.stride],
      dilations: [rows.dilation, columns.dilation],
      before: [r.before, c.before],
    };
  },
).filter((geometry) => geometry !== undefined);

function noise(length: number, seed: number): Float32Array {
  let state = seed * 2 + 1;
  return Float32Array.from({ length }, () => {
    state = Math.imul(state, 48271) % 2147483647;
    return (state / 2147483647) * 2;
  });
}

let correlator: Correlator;
beforeAll(async () => {
  correlator = await Correlator.create();
});

function worst(actual: Float64Array, expected: (k: number) => number, scale: number): number {
  return actual.reduce((max, value, k) => Math.max(max, Math.abs(value - expected(k)) / scale), 0);
}

describe('PatchGram', () => {
  it('equals the sum of outer products of explicit patches, whatever the kernel, stride, dilation and padding', () => {
    fc.assert(
      fc.property(geometries, fc.integer({ min: 1, max: 3 }), fc.nat(1000), (geometry, images, seed) => {
        const [height, width, channels] = geometry.input;
        const values = noise(images * height * width * channels, seed);
        const patchGram = new PatchGram(geometry);
        const gram = patchGram.assemble(patchGram.add(correlator, values, images));
        const rows = patches(geometry, values, images);
        const size = channels * patchSize(geometry);
        expect(gram.length).toBe(size * size);
        const expected = (k: number) => rows.reduce((sum, row) => sum + row[Math.floor(k / size)] * row[k % size], 0);
        expect(worst(gram, expected, rows.length * 4)).toBeLessThan(2e-6);
      }),
      { numRuns: 150 },
    );
  });
});

describe('crossGram', () => {
  it('equals the sum of outer products of outputs and explicit patches', () => {
    fc.assert(
      fc.property(geometries, fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 3 }), (geometry, m, images) => {
        const [height, width, channels] = geometry.input;
        const x = noise(images * height * width * channels, 5);
        const rows = patches(geometry, x, images);
        const y = noise(rows.length * m, 9);
        const cross = crossGram(correlator, geometry, x, y, m, images);
        const size = channels * patchSize(geometry);
        const expected = (k: number) =>
          rows.reduce((sum, row, t) => sum + y[t * m + Math.floor(k / size)] * row[k % size], 0);
        expect(worst(cross, expected, rows.length * 4)).toBeLessThan(2e-6);
      }),
      { numRuns: 150 },
    );
  });
});
