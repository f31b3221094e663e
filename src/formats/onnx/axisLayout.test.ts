import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  axisSizes, movesBetween, orderedLayout, positionsIn, reshaped, sameAxes, transposed, withSharedAtoms, type Axis, type Layout,
} from './axisLayout.ts';
import { transposeValues } from './transposeValues.ts';

interface Stored {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** What the moves make of values stored along `from`. */
function moved(values: Float32Array, from: readonly Axis[], to: readonly Axis[]): Stored {
  let stored: Stored = { shape: axisSizes(from), values };
  for (const move of movesBetween(from, to)) {
    const { shape } = stored;
    stored = move.kind === 'reshape'
      ? { shape: move.shape, values: stored.values }
      : { shape: move.order.map((axis) => shape[axis]), values: transposeValues(stored.values, shape, move.order) };
  }
  return stored;
}

const size = fc.integer({ min: 1, max: 4 });
const shapes = fc.array(size, { minLength: 1, maxLength: 4 });
const order = (rank: number): fc.Arbitrary<number[]> => fc.shuffledSubarray(Array.from({ length: rank }, (_, k) => k), { minLength: rank, maxLength: rank });
const numbers = (shape: readonly number[]): Float32Array => Float32Array.from({ length: count(shape) }, (_, k) => k);

/** Values stored in some order, and the steps of a program on their logical axes. */
const programs = shapes.chain((shape) => fc.record({
  shape: fc.constant(shape),
  storage: order(shape.length),
  steps: fc.array(fc.record({ seed: fc.nat(1000), kind: fc.constantFrom('transpose', 'merge', 'split') }), { maxLength: 6 }),
}));

/** One step on the layout and, literally, on the values in logical order. */
function step(layout: Layout, truth: Stored, { seed, kind }: { readonly seed: number; readonly kind: string }): readonly [Layout, Stored] {
  const rank = truth.shape.length;
  if (kind === 'transpose') {
    const turned = truth.shape.map((_, k) => (k + seed) % rank);
    return [
      transposed(layout, turned),
      { shape: turned.map((axis) => truth.shape[axis]), values: transposeValues(truth.values, truth.shape, turned) },
    ];
  }
  const at = seed % rank;
  const factor = [2, 3, 4].find((f) => truth.shape[at] % f === 0);
  const shape = kind === 'merge'
    ? [...truth.shape.slice(0, at), count(truth.shape.slice(at, at + 2)), ...truth.shape.slice(at + 2)]
    : [...truth.shape.slice(0, at), ...(factor ? [factor, truth.shape[at] / factor] : [truth.shape[at], 1]), ...truth.shape.slice(at + 1)];
  const next = reshaped(layout, shape);
  return next ? [next, { shape, values: truth.values }] : [layout, truth];
}

describe('a layout', () => {
  it('holds the same value as transposing and reshaping the numbers themselves', () => {
    fc.assert(fc.property(programs, ({ shape, storage, steps }) => {
      let layout = orderedLayout(shape, storage);
      let truth: Stored = { shape, values: numbers(shape) };
      const held = moved(truth.values, layout.logical, layout.physical).values;
      for (const each of steps) [layout, truth] = step(layout, truth, each);
      expect(axisSizes(layout.logical)).toEqual(truth.shape);
      expect(moved(held, layout.physical, layout.logical)).toEqual(truth);
    }), { numRuns: 300 });
  });

  it('moves there and back give the same numbers, and none where nothing has to move', () => {
    fc.assert(fc.property(shapes.chain((shape) => fc.tuple(fc.constant(shape), order(shape.length))), ([shape, storage]) => {
      const { logical, physical } = orderedLayout(shape, storage);
      const values = numbers(shape);
      const there = moved(values, logical, physical);
      expect(there.shape).toEqual(storage.map((axis) => shape[axis]));
      expect(moved(there.values, physical, logical)).toEqual({ shape, values });
      expect(movesBetween(physical, physical)).toEqual([]);
    }));
  });

  it('knows where each stored index lies along a logical axis', () => {
    fc.assert(fc.property(shapes.chain((shape) => fc.tuple(fc.constant(shape), order(shape.length))), ([shape, storage]) => {
      const { logical, physical } = orderedLayout(shape, storage);
      const places = positionsIn(physical.flat(), logical.flat());
      const truth = moved(numbers(shape), logical, physical).values;
      expect(places ? [...places] : [...numbers(shape)]).toEqual([...truth]);
    }));
  });

  it('divides an axis as the reshape asks, and refuses uneven divisions', () => {
    const layout = orderedLayout([6, 4], [1, 0]);
    expect(axisSizes(reshaped(layout, [2, 3, 4])?.logical ?? [])).toEqual([2, 3, 4]);
    expect(reshaped(layout, [8, 3])).toBeUndefined();
    expect(reshaped(layout, [6, 5])).toBeUndefined();
    expect(reshaped(layout, [6, 4, 2])).toBeUndefined();
  });

  it('of two values gets the same atoms where their axes meet', () => {
    const a = reshaped(orderedLayout([2, 3, 5], [2, 0, 1]), [6, 5]);
    const b = orderedLayout([6, 5], [1, 0]);
    if (!a) throw new Error('not reshaped');
    const [first, second] = withSharedAtoms(a, b) ?? [];
    expect(first && second && sameAxes(first.logical, second.logical)).toBe(true);
    expect(axisSizes(second?.physical ?? [])).toEqual([5, 6]);
    expect(withSharedAtoms(orderedLayout([6, 4], [0, 1]), orderedLayout([4, 6], [0, 1]))).toBeUndefined();
  });
});
