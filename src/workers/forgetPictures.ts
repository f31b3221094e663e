import { computeLogits, topClasses } from '../engine/evaluate.ts';
import type { ImageSource } from '../engine/imageSource.ts';
import { JobClock, silent, type Job } from '../engine/job.ts';
import type { Network } from '../network/network.ts';
import type { LabelledPictures } from '../unlearning/forgetMethod.ts';

/** Pictures that a network may be shown, in an order that a seed gives. */
export interface PicturePool {
  readonly count: number;
  /** The class of each, by its place in the pool; absent where nobody said. */
  readonly labels?: ArrayLike<number>;
  at(places: readonly number[]): ImageSource;
}

export interface ForgetPictures {
  readonly forget: LabelledPictures;
  readonly retain: LabelledPictures;
  /** What told them apart: labels, or where there are none the network itself. */
  readonly by: 'labels' | 'prediction';
}

/** Pictures that are put through the network at a time where it tells them apart itself. */
const STRIDE = 256;

/**
 * The first pictures of the classes to forget, evenly of each, and the first of the others. Fewer where the
 * pool has no more.
 *
 * @param wanted how many of either
 * @throws CancelledError, DeviceLostError, InputShapeError
 */
export async function forgetPictures(network: Network, pool: PicturePool, classes: readonly number[], wanted: { readonly forget: number; readonly retain: number }, job: Job = {}): Promise<ForgetPictures> {
  const forgotten = new Set(classes);
  const own: number[] = [];
  const rest: number[] = [];
  const found = new Map<number, number>();
  const least = forgotten.size === 0 ? 0 : wanted.forget;
  const most = Math.ceil(least / Math.max(1, forgotten.size));
  const labels: number[] = [];
  const clock = new JobClock(job, pool.count);
  for (let first = 0; first < pool.count && (own.length < least || rest.length < wanted.retain); first += STRIDE) {
    const places = Array.from({ length: Math.min(STRIDE, pool.count - first) }, (_, k) => first + k);
    const seen = pool.labels
      ? places.map((place) => Number(pool.labels?.[place]))
      : topClasses(await computeLogits(network, pool.at(places), silent(job)));
    for (const [k, place] of places.entries()) {
      const c = seen[k];
      labels[place] = c;
      if (!forgotten.has(c)) {
        if (rest.length < wanted.retain) rest.push(place);
        continue;
      }
      const before = found.get(c) ?? 0;
      if (before >= most || own.length >= least) continue;
      found.set(c, before + 1);
      own.push(place);
    }
    await clock.tick(first + places.length);
  }
  const part = (places: readonly number[]): LabelledPictures => ({ images: pool.at(places), labels: places.map((place) => labels[place]) });
  return { forget: part(own), retain: part(rest), by: pool.labels ? 'labels' : 'prediction' };
}
