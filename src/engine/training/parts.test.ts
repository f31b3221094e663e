import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../fidelity/random.ts';
import { augmented } from './augmentation.ts';
import { crossEntropy, distillation } from './loss.ts';
import { clipped, descend } from './momentum.ts';
import { scheduleFactor } from './trainingRequest.ts';

/** `∂f / ∂z` by central differences. */
function differences(f: (z: Float64Array) => number, z: readonly number[]): number[] {
  return z.map((_, at) => {
    const moved = (step: number) => f(Float64Array.from(z, (value, k) => value + (k === at ? step : 0)));
    return (moved(1e-5) - moved(-1e-5)) / 2e-5;
  });
}

const LOGITS = [1, -2, 0.5, 3, 0.25, 1] as const;
const TEACHER = [0.5, 2, -1, 4, 0, -3] as const;

describe('losses', () => {
  it('cross-entropy: value, right pictures, and the gradient that differences have', () => {
    const { loss, correct, gradient } = crossEntropy(LOGITS, 3, [2, 0]);
    const shares = (first: number) => LOGITS.slice(first, first + 3).reduce((sum, z) => sum + Math.exp(z), 0);
    expect(loss).toBeCloseTo(Math.log(shares(0)) - 0.5 + Math.log(shares(3)) - 3, 12);
    expect(correct).toBe(1);
    differences((z) => crossEntropy(z, 3, [2, 0]).loss, LOGITS).forEach((value, k) => expect(gradient[k]).toBeCloseTo(value, 5));
  });

  it('distillation: 0 where both agree, and the gradient that differences have', () => {
    expect(distillation(TEACHER, 3, TEACHER, 3).loss).toBeCloseTo(0, 12);
    const { correct, gradient } = distillation(LOGITS, 3, TEACHER, 2.5);
    expect(correct).toBe(1);
    differences((z) => distillation(z, 3, TEACHER, 2.5).loss, LOGITS).forEach((value, k) => expect(gradient[k]).toBeCloseTo(value, 5));
  });

  it('stay finite for logits that overflow the exponential, and are NaN for NaN', () => {
    expect(crossEntropy([1e30, 0], 2, [1]).loss).toBe(1e30);
    expect(distillation([1e4, 0], 2, [0, 1e4], 1).loss).toBeCloseTo(1e4, 6);
    expect(crossEntropy([Number.NaN, 0], 2, [1]).loss).toBeNaN();
  });
});

describe('descend', () => {
  it('is momentum with both penalties, and leaves zeros where it is asked to', () => {
    const [weights, velocity] = [Float32Array.of(1, -2, 0), Float32Array.of(0.5, 0, 0)];
    expect(descend(weights, velocity, [2, 4, 8], 0.5, { rate: 0.1, momentum: 0.9, weightDecay: 0.25, l1: 0.125, keepZeros: true })).toBe(true);
    expect([...velocity]).toEqual([Math.fround(0.45 + 1 + 0.25 + 0.125), 2 - 0.5 - 0.125, 0]);
    expect([...weights]).toEqual([Math.fround(1 - 0.1 * velocity[0]), Math.fround(-2 - 0.1 * velocity[1]), 0]);
    expect(descend(weights, velocity, [Number.NaN, 0, 0], 1, { rate: 0.1, momentum: 0, weightDecay: 0, l1: 0, keepZeros: false })).toBe(false);
  });

  it('shortens a gradient that is too long, and no other', () => {
    const gradients = [{ kernel: Float32Array.of(3, 0), bias: Float32Array.of(4) }];
    expect(clipped(gradients, -2, 1)).toBeCloseTo(-0.2, 12);
    expect(clipped(gradients, -2, 11)).toBe(-2);
    expect(clipped(gradients, 7, 0)).toBe(7);
  });
});

describe('scheduleFactor', () => {
  it('starts at 1 and falls as it is called', () => {
    expect([0, 5, 10].map((step) => scheduleFactor('linear', step, 10))).toEqual([1, 0.5, 0]);
    expect([0, 5, 10].map((step) => Number(scheduleFactor('cosine', step, 10).toFixed(12)))).toEqual([1, 0.5, 0]);
    expect(scheduleFactor('constant', 9, 10)).toBe(1);
  });
});

describe('augmented', () => {
  const [height, width, channels] = [4, 5, 2];
  const picture = Float32Array.from({ length: height * width * channels }, (_, k) => k + 1);

  it('mirrors and moves, the same for the same seed, and keeps channels together', () => {
    const random = seededRandom(3);
    const seen = new Set<string>();
    for (let k = 0; k < 200; k++) {
      const made = augmented(picture, [height, width, channels], { flip: true, shift: 1 }, random);
      const found = [false, true].flatMap((mirrored) => [-1, 0, 1].flatMap((down) => [-1, 0, 1].filter((right) => same(made, mirrored, down, right)).map((right) => `${mirrored} ${down} ${right}`)));
      expect(found).toHaveLength(1);
      seen.add(found[0]);
    }
    expect(seen.size).toBe(18);
    const twice = [1, 2].map(() => augmented(picture, [height, width, channels], { flip: true, shift: 2 }, seededRandom(9)));
    expect(twice[0]).toEqual(twice[1]);
    expect(augmented(picture, [height, width, channels], { flip: false, shift: 0 }, random)).toBe(picture);
  });

  function same(made: Float32Array, mirrored: boolean, down: number, right: number): boolean {
    return made.every((value, at) => {
      const [row, column, c] = [Math.floor(at / (width * channels)) - down, (Math.floor(at / channels) % width) - right, at % channels];
      const inside = row >= 0 && row < height && column >= 0 && column < width;
      return value === (inside ? picture[(row * width + (mirrored ? width - 1 - column : column)) * channels + c] : 0);
    });
  }
});
