import type { PixelStatistics } from './expectedPixels.ts';
import { normalFrom } from './pictureRandom.ts';
import { syntheticPictures, type PictureOrder, type SyntheticPictures } from './syntheticPictures.ts';

/**
 * Independent Gaussian pixels of a mean and deviation, clipped to 0–255.
 *
 * @throws SyntheticShapeError
 */
export function gaussianPixels(order: PictureOrder, { mean, deviation }: PixelStatistics): SyntheticPictures {
  return syntheticPictures((random, [height, width, channels]) => {
    const normal = normalFrom(random);
    return Float32Array.from({ length: height * width * channels }, (_, at) => of(mean, at % channels) + of(deviation, at % channels) * normal());
  }, order);
}

function of(perChannel: readonly number[], channel: number): number {
  return perChannel[Math.min(channel, perChannel.length - 1)];
}
