import type { Random } from '../fidelity/random.ts';

/** `count` independent standard normal values, by the transform of Box and Muller. */
export function gaussian(count: number, random: Random): Float32Array {
  const values = new Float32Array(count);
  for (let k = 0; k < count; k += 2) {
    // 1 − u lies in (0, 1], so that the logarithm is finite
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    values[k] = radius * Math.cos(angle);
    if (k + 1 < count) values[k + 1] = radius * Math.sin(angle);
  }
  return values;
}
