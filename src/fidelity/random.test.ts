import { expect, it } from 'vitest';
import { permutation, sampleIndices, seededRandom } from './random.ts';

function draw(seed: number): number[] {
  return Array.from({ length: 5 }, seededRandom(seed));
}

it('the same seed gives the same numbers, and neighbouring seeds do not', () => {
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
  expect(new Set([...draw(0), ...draw(1), ...draw(-1)]).size).toBe(15);
  expect(() => seededRandom(Number.NaN)).toThrow('seed is NaN');
});

it('numbers are uniform in [0, 1) and uncorrelated with the one before', () => {
  const random = seededRandom(1);
  const draws = Array.from({ length: 40000 }, random);
  const bins = new Int32Array(10);
  let lagged = 0;
  draws.forEach((value, at) => {
    bins[Math.floor(value * 10)] += 1;
    if (at > 0) lagged += (value - 0.5) * (draws[at - 1] - 0.5);
  });
  // Four standard deviations: 60 per bin of 4000, 1/√40000 for the correlation.
  for (const count of bins) expect(Math.abs(count - 4000)).toBeLessThan(240);
  expect(Math.abs((lagged / 40000) * 12)).toBeLessThan(0.02);
});

it('every order of three is drawn about as often', () => {
  const random = seededRandom(2);
  const counts = new Map<string, number>();
  for (let r = 0; r < 6000; r++) {
    const key = permutation(3, random).join('');
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual(['012', '021', '102', '120', '201', '210']);
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(120);
});

it('a sample holds distinct ascending indices', () => {
  const sample = sampleIndices(50, 12, seededRandom(3));
  expect(sample.length).toBe(12);
  sample.forEach((index, at) => expect(index).toBeGreaterThan(at > 0 ? sample[at - 1] : -1));
  expect(sample[11]).toBeLessThan(50);
  expect(sampleIndices(4, 4, seededRandom(3))).toEqual([0, 1, 2, 3]);
  expect(() => sampleIndices(3, 4, seededRandom(3))).toThrow('count is 4');
});
