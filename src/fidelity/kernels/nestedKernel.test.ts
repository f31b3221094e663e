import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cholesky, solveLower } from '../cholesky.ts';
import { intactLayer, sequentialLayer, withDeadInput } from '../fixtures/randomLayer.ts';
import { nestedCurves } from '../monteCarloBand.ts';
import { permutation, seededRandom } from '../random.ts';
import { nestedKernel, type NestedKernel } from './nestedKernel.ts';

function kernelFor(n: number, targets: number, orders: number): NestedKernel {
  const kernel = nestedKernel(n, targets, orders);
  if (!kernel) throw new Error('this Node has no WebAssembly SIMD');
  return kernel;
}

const inJavaScript = { kernel: () => undefined } as const;

describe('the SIMD kernel', () => {
  it.each([1, 2, 3, 4, 5, 7, 31, 63, 64, 65, 66, 67, 96, 127, 129, 200, 259])('factors and solves %i rows as the JavaScript does', (n) => {
    const random = seededRandom(n);
    const targets = 1 + (n % 6);
    const root = Float64Array.from({ length: n * n }, () => random() - 0.5);
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) for (let q = 0; q < n; q++) matrix[i * n + j] += root[i * n + q] * root[j * n + q];
      matrix[i * n + i] += 0.1;
    }
    const rhs = Float64Array.from({ length: targets * n }, () => random() - 0.5);
    const kernel = kernelFor(n, targets, 1);
    for (let i = 0; i < n; i++) kernel.matrix.set(matrix.subarray(i * n, (i + 1) * n), i * kernel.stride);
    for (let r = 0; r < targets; r++) kernel.matrix.set(rhs.subarray(r * n, (r + 1) * n), (n + r) * kernel.stride);
    expect(kernel.factor(targets)).toBe(-1);
    const plain = cholesky(matrix, n);
    if (!plain.ok) throw new Error('the test matrix is positive definite');
    const solved = solveLower(plain.factor, n, rhs, targets);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) expect(Math.abs(kernel.matrix[i * kernel.stride + j] - plain.factor[i * n + j])).toBeLessThan(1e-10);
    }
    for (let r = 0; r < targets; r++) for (let k = 0; k < n; k++) expect(Math.abs(kernel.matrix[(n + r) * kernel.stride + k] - solved[r * n + k])).toBeLessThan(1e-9);
  });

  it('names the pivot that fails: negative, lost to rounding, or NaN', () => {
    for (const [at, value] of [[0, -1], [5, -1e-3], [6, 0], [70, Number.NaN], [71, -2]] as const) {
      const kernel = kernelFor(72, 1, 1);
      for (let i = 0; i < 72; i++) kernel.matrix[i * kernel.stride + i] = i === at ? value : 1;
      expect(kernel.factor(1)).toBe(at);
    }
    const twins = kernelFor(2, 1, 1);
    twins.matrix.set([1, 0, 0], 0);
    twins.matrix.set([1, 1], twins.stride);
    expect(twins.factor(1)).toBe(1);
  });

  it('is left out where its memory would not do', () => {
    expect(nestedKernel(30_000, 1, 1)).toBeUndefined();
  });
});

describe('curves by the kernel', () => {
  const recipe = fc.record({ n: fc.integer({ min: 1, max: 13 }), p: fc.constantFrom(1, 2, 3), m: fc.integer({ min: 1, max: 5 }), seed: fc.nat() });

  it('are those of the JavaScript, for all kinds of layers and ridges', () => {
    fc.assert(
      fc.property(fc.oneof(recipe.map(intactLayer), recipe.map(sequentialLayer)), fc.constantFrom(0, 1e-6, 1e-2), (layer, ridge) => {
        const random = seededRandom(layer.n);
        const orders = Array.from({ length: 6 }, () => permutation(layer.n, random));
        const plain = nestedCurves(layer, orders, { ridge, ...inJavaScript });
        nestedCurves(layer, orders, { ridge }).forEach((curve, at) => curve.forEach((fidelity, k) => expect(fidelity).toBeCloseTo(plain[at][k], 10)));
      }),
      { numRuns: 80 },
    );
  });

  it('raise the ridge where a matrix does not factor, leave out zero weights, and keep NaN as it is', () => {
    const base = intactLayer({ n: 6, p: 2, m: 3, seed: 3 });
    const weights = base.weights.slice();
    weights.fill(0, 4, 6);
    const orders = [[0, 1, 2, 3, 4, 5], [5, 2, 4, 0, 1, 3]];
    for (const layer of [withDeadInput(base, 2), { ...base, weights }, { ...base, gram: base.gram.slice().fill(Number.NaN, 0, 1) }]) {
      const [kernel, plain] = [nestedCurves(layer, orders, { ridge: 0 }), nestedCurves(layer, orders, { ridge: 0, ...inJavaScript })];
      kernel.forEach((curve, at) => curve.forEach((fidelity, k) => {
        if (Number.isNaN(plain[at][k])) expect(fidelity).toBeNaN();
        else expect(fidelity).toBeCloseTo(plain[at][k], 9);
      }));
    }
  });
});
