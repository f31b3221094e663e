import type { ImageSet, PictureSource, Split } from './imageSet.ts';
import { preprocess, type Preprocessing } from './preprocessing.ts';

/** Pictures of a split by index, in that order, as float32 batches that the network takes. */
export function pictureSource(set: ImageSet, split: Split, indices: ArrayLike<number>, preprocessing: Preprocessing): PictureSource {
  return {
    count: indices.length,
    shape: set.shape,
    read: async (first, count) => {
      const values = await set.pixels(split, Array.from({ length: count }, (_, k) => indices[first + k]));
      return values instanceof Float32Array ? values : preprocess(values, set.shape[set.shape.length - 1], preprocessing);
    },
  };
}
