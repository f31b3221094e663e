import { expect, it } from 'vitest';
import { balanced, longTailed, without } from './classBalance.ts';

/** 40 pictures of each of ten classes, the classes in turn. */
const LABELS = Array.from({ length: 400 }, (_, k) => k % 10);

function counts(places: readonly number[], labels = LABELS): number[] {
  return Array.from({ length: 10 }, (_, c) => places.filter((place) => labels[place] === c).length);
}

it('balanced takes as many of every class, the first ones', () => {
  const places = balanced(LABELS, 10, 100);
  expect(counts(places)).toEqual(Array.from({ length: 10 }, () => 10));
  expect(places).toEqual(Array.from({ length: 100 }, (_, k) => k));
  const scarce = LABELS.map((c, k) => (c === 4 && k > 30 ? 5 : c));
  expect(counts(balanced(scarce, 10, 100), scarce)).toEqual(Array.from({ length: 10 }, () => 3));
});

it('a long tail falls a hundredfold from the first to the last, with the given class in the middle', () => {
  const found = counts(longTailed(LABELS, 10, 100, 7));
  expect(Math.max(...found)).toBe(found[0]);
  const order = [0, 1, 2, 3, 4, 7, 5, 6, 8, 9].map((c) => found[c]);
  expect(order).toEqual([...order].sort((a, b) => b - a));
  expect(order.at(-1)).toBe(1);
  expect(found[7]).toBeGreaterThan(1);
});

it('without one class there are equal numbers of the others', () => {
  expect(counts(without(LABELS, 10, 90, 3))).toEqual([10, 10, 10, 0, 10, 10, 10, 10, 10, 10]);
});
