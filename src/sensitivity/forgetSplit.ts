import { picked } from '../datasets/calibrationDraw.ts';
import type { PictureSource } from '../datasets/imageSet.ts';
import { partOf } from '../engine/imageSource.ts';
import type { ConditionPictures } from './conditions.ts';

/** Pictures that are looked through at a time where the network tells them apart itself. */
const STRIDE = 256;

/**
 * The first `count` pictures of a class in the pool, and the first `count` of the others; fewer where the pool has
 * no more. Of pictures that nobody labelled, those that the network puts there.
 */
export async function forgetSplit(
  { pool, labels }: ConditionPictures,
  forgetClass: number,
  count: number,
  predict: (images: PictureSource) => Promise<ArrayLike<number>>,
): Promise<{ readonly forget: PictureSource; readonly retain: PictureSource }> {
  const [forget, retain]: [number[], number[]] = [[], []];
  for (let first = 0; first < pool.count && (forget.length < count || retain.length < count); first += STRIDE) {
    const images = Math.min(STRIDE, pool.count - first);
    const classes = labels ? Array.from({ length: images }, (_, k) => labels[first + k]) : await predict(partOf(pool, first, images));
    for (let k = 0; k < images; k++) {
      const side = classes[k] === forgetClass ? forget : retain;
      if (side.length < count) side.push(first + k);
    }
  }
  return { forget: picked(pool, forget), retain: picked(pool, retain) };
}
