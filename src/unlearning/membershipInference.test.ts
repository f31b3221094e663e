import { describe, expect, it } from 'vitest';
import { randomWeights } from '../network/fixtures/networks.ts';
import { memberShare, membershipAttack, membershipInference, type Observed } from './membershipInference.ts';

/** Two classes, all pictures of class 1, of these log-odds. */
function observed(...odds: number[]): Observed {
  return { logits: { images: odds.length, classes: 2, values: Float32Array.from(odds.flatMap((z) => [1, 1 + z])) }, labels: odds.map(() => 1) };
}

describe('membership inference', () => {
  it('finds the threshold that tells members from others, and counts forget pictures below it', () => {
    const [members, others] = [observed(3, 4, 5, 6), observed(-2, 0, 1)];
    const attack = membershipAttack(members, others);
    expect(attack.threshold).toBe(2);
    expect(attack.accuracy).toBeCloseTo(1, 12);
    expect(membershipInference(members, others, observed(-9, 1.5, 2.5, 8))).toBe(0.5);
    expect(membershipInference(members, others, observed(-9, -8))).toBe(1);
    expect(membershipInference(members, others, members)).toBe(0);
  });

  it('weighs both kinds the same, however many there are', () => {
    // 4 of 6 members above 1; one of two others: the best cut leaves the other above
    const attack = membershipAttack(observed(0, 0.5, 2, 3, 4, 5), observed(-1, 6));
    expect(attack.accuracy).toBeCloseTo(0.75, 12);
    expect(attack.threshold).toBeCloseTo(-0.5, 6);
    expect(memberShare(attack, observed(-1, 7))).toBe(0.5);
  });

  it('keeps pictures of equal confidence on one side, and guesses where nothing tells', () => {
    const same = membershipAttack(observed(1, 1, 1), observed(1, 1));
    expect(same).toEqual({ threshold: -Infinity, accuracy: 0.5 });
    expect(membershipInference(observed(1, 1), observed(1), observed(-5, 5))).toBe(0);
    expect(membershipAttack(observed(-3, -4), observed(5, 6)).accuracy).toBe(0.5);
  });

  it('is right about half of the pictures of one and the same kind', () => {
    const odds = [...randomWeights(4)([4000], 4).values];
    const [a, b, c] = [odds.slice(0, 1500), odds.slice(1500, 3000), odds.slice(3000)].map((own) => observed(...own));
    expect(membershipAttack(a, b).accuracy).toBeLessThan(0.55);
    expect(membershipAttack(a, b).accuracy).toBeGreaterThanOrEqual(0.5);
    expect(memberShare(membershipAttack(a, b), c)).toBeCloseTo(memberShare(membershipAttack(a, b), b), 1);
  });

  it('reads the confidence in the picture’s own class among many, where the softmax is 1 to rounding', () => {
    const sure: Observed = { logits: { images: 2, classes: 3, values: Float32Array.of(60, 0, 0, 0, 90, 0) }, labels: [0, 1] };
    const unsure: Observed = { logits: { images: 1, classes: 3, values: Float32Array.of(40, 0, 0) }, labels: [0] };
    expect(membershipAttack(sure, unsure).accuracy).toBe(1);
    expect(membershipAttack(sure, { ...unsure, labels: [1] }).threshold).toBeLessThan(20);
  });

  it('refuses what it cannot be fitted to', () => {
    expect(() => membershipAttack(observed(), observed(1))).toThrow(/no members/);
    expect(() => membershipAttack(observed(1), { ...observed(1), labels: [2] })).toThrow(/Label 2 of picture 0 of the others/);
    expect(() => memberShare({ threshold: 0, accuracy: 1 }, { ...observed(1), labels: [] })).toThrow(/0 labels for 1 forget pictures/);
  });
});
