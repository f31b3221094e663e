import { seededRandom, type Random } from '../../fidelity/random.ts';

/** Seeded choices. */
export class Dice {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** 0 … count − 1. */
  below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  /** `least` … `most`. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)];
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }
}
