import * as tf from '@tensorflow/tfjs-core';

/** Bytes of scores that are kept. */
const MOST_BYTES = 256 * 2 ** 20;

/**
 * Scores that the intact network gave on some windows of a text, so that another plan's measurement need not run it
 * again: in plain memory, the first that come until 256 MB are full. Of one network and one text; whoever opens
 * another begins anew.
 */
export class IntactLogits {
  readonly #batches = new Map<string, Float32Array>();
  readonly #most: number;
  #bytes = 0;

  constructor(most = MOST_BYTES) {
    this.#most = most;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The kept scores of a batch as a tensor, which is the caller's. */
  get(batch: string, shape: readonly [number, number]): tf.Tensor2D | undefined {
    const values = this.#batches.get(batch);
    return values && tf.tensor2d(values, [...shape], 'float32');
  }

  /** Keeps the scores of a batch if there is room. `logits` stays the caller's. */
  async keep(batch: string, logits: tf.Tensor2D): Promise<void> {
    if (this.#batches.has(batch) || this.#bytes + 4 * logits.size > this.#most) return;
    this.#bytes += 4 * logits.size;
    // its own copy: what the backend gives may share memory with others
    this.#batches.set(batch, Float32Array.from(await logits.data()));
  }
}
