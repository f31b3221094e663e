import type { Shape } from '../network/network.ts';

/** `train` calibrates, `test` measures; no picture is in both. */
export type Split = 'train' | 'test';

/** Pictures in two splits, of one shape, as the engine uses them: shipped ones and a person's own. */
export interface ImageSet {
  readonly id: string;
  readonly name: string;
  /** Names of the classes that `labels` counts from 0; empty where nothing is labelled. */
  readonly classes: readonly string[];
  /** Of one picture: `[height, width, channels]`. */
  readonly shape: Shape;
  count(split: Split): number;
  /** The class of each picture of a split, in its order; undefined where they are unlabelled. */
  labels(split: Split): Promise<ArrayLike<number> | undefined>;
  /** Pictures by index, one after another, row-major, as stored: 0–255 for pixels. */
  pixels(split: Split, indices: ArrayLike<number>): Promise<Uint8Array | Float32Array>;
  /** `count` pictures of the training split, or all where there are fewer, chosen by `seed` and never by label. */
  calibrationIndices(count: number, seed: number): number[];
}

/** What an engine reads batches from (its `ImageSource`). */
export interface PictureSource {
  readonly count: number;
  readonly shape: Shape;
  read(first: number, count: number): Promise<Float32Array>;
}
