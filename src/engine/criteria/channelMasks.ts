import * as tf from '@tensorflow/tfjs-core';
import type { Coupling } from '../../network/coupling.ts';
import { prunableGroups } from '../../pruning/keepSets.ts';
import type { ReadHook } from '../interpreter.ts';
import type { GroupRead } from './groupReads.ts';

/** Every channel that may be cut as one column: those of the first group, then those of the next. */
export interface ChannelColumns {
  readonly count: number;
  readonly first: ReadonlyMap<string, number>;
}

export function channelColumns({ groups }: Coupling): ChannelColumns {
  const first = new Map<string, number>();
  let count = 0;
  for (const { name, channels } of prunableGroups(groups)) {
    first.set(name, count);
    count += channels;
  }
  return { count, first };
}

/**
 * Runs every entry of a batch with channel factors of its own: at each read, entry b's channel c is
 * multiplied by `factors[b, column of c]`. A factor of 0 is exactly what cutting that channel does, so
 * one forward pass measures as many ablations as the batch has entries.
 */
export class ChannelMasks {
  readonly #columns: number;
  /** Consumer → which column each feature follows; the one past the last is always 1. */
  readonly #indices: ReadonlyMap<string, { readonly axis: number; readonly columns: tf.Tensor1D }>;

  /** Uploads indices; the caller calls `dispose`. */
  constructor(reads: readonly GroupRead[], { count, first }: ChannelColumns) {
    this.#columns = count;
    this.#indices = new Map(reads.map(({ node, features: { axis, groups, group, component } }) => {
      const columns = Int32Array.from(group, (of, f) => {
        const start = first.get(groups[of].name);
        return start === undefined ? count : start + component[f];
      });
      return [node.id, { axis, columns: tf.tensor1d(columns, 'int32') }] as const;
    }));
  }

  /** For `CompiledNetwork.run`. `factors`: one row of columns for each entry of the batch, row-major. */
  hook(factors: Float32Array): ReadHook {
    const entries = factors.length / this.#columns;
    return (consumer, value) => {
      const read = this.#indices.get(consumer);
      if (!read) return value;
      const table = tf.concat([tf.tensor2d(factors, [entries, this.#columns]), tf.ones([entries, 1])], 1);
      const own = tf.gather(table, read.columns, 1);
      const shape = value.shape.map((size, axis) => (axis === 0 || axis === read.axis + 1 ? size : 1));
      return tf.mul(value, tf.reshape(own, shape));
    };
  }

  dispose(): void {
    tf.dispose([...this.#indices.values()].map(({ columns }) => columns));
  }
}
