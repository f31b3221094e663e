import { seededRandom, type Random } from '../../fidelity/random.ts';

/** The generator of picture `index` alone, whatever pictures were made before it. */
export function pictureRandom(seed: number, index: number): Random {
  const start = Math.floor(seededRandom(seed)() * 2 ** 32);
  // not the step by which seededRandom fills its own state, which would let neighbours share words of it
  return seededRandom((start + Math.imul(index, 0x2c1b3c6d)) | 0);
}

/** Standard normal numbers (Box and Muller, in polar form by Marsaglia), two from each accepted pair. */
export function normalFrom(random: Random): Random {
  let spare: number | undefined;
  return () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    for (;;) {
      const x = 2 * random() - 1;
      const y = 2 * random() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      spare = y * factor;
      return x * factor;
    }
  };
}
