import { ArgumentRangeError } from '../../fidelity/argumentErrors.ts';
import type { Random } from '../../fidelity/random.ts';

export interface Drawing {
  /** Scores are divided by it; 0: always the likeliest token, the first of equals. */
  readonly temperature: number;
  /** Only the likeliest so many are drawn from, lower ids first among equals; absent: all. */
  readonly topK?: number;
}

/** @throws ArgumentRangeError naming what is out of range */
export function checkDrawing({ temperature, topK }: Drawing): void {
  if (!Number.isFinite(temperature) || temperature < 0) throw new ArgumentRangeError(`The temperature is ${temperature}, expected 0 or more.`);
  if (topK !== undefined && (!Number.isInteger(topK) || topK < 1)) throw new ArgumentRangeError(`topK is ${topK}, expected a whole number from 1 on.`);
}

/** An id drawn with probability `softmax(logits / temperature)`, in float64; takes one number of `random`, and none at temperature 0. */
export function drawToken(logits: ArrayLike<number>, { temperature, topK }: Drawing, random: Random): number {
  if (temperature === 0) return likeliest(logits);
  const ids = Array.from({ length: logits.length }, (_, id) => id);
  const among = topK !== undefined && topK < ids.length ? ids.sort((a, b) => logits[b] - logits[a] || a - b).slice(0, topK).sort((a, b) => a - b) : ids;
  const greatest = among.reduce((most, id) => Math.max(most, logits[id]), -Infinity);
  const weights = among.map((id) => Math.exp((logits[id] - greatest) / temperature));
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
  const at = weights.findIndex((weight) => (left -= weight) < 0);
  // rounding may leave a little at the end
  return among[at < 0 ? weights.findLastIndex((weight) => weight > 0) : at];
}

function likeliest(logits: ArrayLike<number>): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if (logits[id] > logits[best]) best = id;
  return best;
}
