import * as tf from '@tensorflow/tfjs-core';

/** What is known of one position's prediction, `z` being the intact network's scores and `z'` the pruned one's. */
export interface PositionSums {
  /** `−ln p(next token)` of the intact network. */
  readonly intactLoss: Float32Array;
  readonly loss: Float32Array;
  /** `Σ p (ln p − ln p')`, in nats. */
  readonly divergence: Float32Array;
  /** 1 where both find the same token likeliest. */
  readonly agrees: Float32Array;
  /** `‖z − z'‖²` and `‖z‖²`. */
  readonly error: Float32Array;
  readonly energy: Float32Array;
}

/** Values of a chunk: what is made of it on the way takes some eight times as much. */
const CHUNK_VALUES = 2 ** 20;

/**
 * Sums over the vocabulary at every position, on the backend: only they are read back. In float32, each
 * position's greatest score subtracted first, so that a sum of 50,000 exponentials is right to about 1e-6.
 *
 * @param intact, pruned `[positions, vocabulary]`; stay the caller's. Without `pruned`, the intact network against itself
 * @param targets the next token at each position
 */
export async function nextTokenSums(intact: tf.Tensor2D, pruned: tf.Tensor2D | undefined, targets: Int32Array): Promise<PositionSums> {
  const [positions, vocabulary] = intact.shape;
  const rows = Math.max(1, Math.floor(CHUNK_VALUES / vocabulary));
  const names = ['intactLoss', 'loss', 'divergence', 'agrees', 'error', 'energy'] as const;
  const sums = Object.fromEntries(names.map((name) => [name, new Float32Array(positions)])) as Record<(typeof names)[number], Float32Array>;
  for (let first = 0; first < positions; first += rows) {
    const count = Math.min(rows, positions - first);
    const packed = tf.tidy(() => {
      const part = (z: tf.Tensor2D) => (count === positions ? z : tf.slice(z, [first, 0], [count, vocabulary]));
      const places = tf.tensor1d(Int32Array.from({ length: count }, (_, k) => k * vocabulary + targets[first + k]), 'int32');
      return tf.stack(compared(part(intact), pruned && part(pruned), places));
    });
    const values = (await packed.data()) as Float32Array;
    packed.dispose();
    names.forEach((name, at) => sums[name].set(values.subarray(at * count, (at + 1) * count), first));
  }
  return sums;
}

/** In the order of `PositionSums`. */
function compared(z: tf.Tensor2D, other: tf.Tensor2D | undefined, places: tf.Tensor1D): tf.Tensor1D[] {
  const own = logProbabilities(z);
  const loss = lossAt(own, places);
  const energy = tf.sum(tf.square(z), 1) as tf.Tensor1D;
  if (!other) return [loss, loss, tf.zerosLike(loss), tf.onesLike(loss), tf.zerosLike(loss), energy];
  const theirs = logProbabilities(other);
  return [
    loss,
    lossAt(theirs, places),
    tf.sum(tf.mul(tf.exp(own), tf.sub(own, theirs)), 1),
    tf.cast(tf.equal(tf.argMax(z, 1), tf.argMax(other, 1)), 'float32'),
    tf.sum(tf.squaredDifference(z, other), 1),
    energy,
  ];
}

function logProbabilities(z: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const shifted = tf.sub(z, tf.max(z, 1, true));
    return tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), 1, true)));
  });
}

function lossAt(logs: tf.Tensor2D, places: tf.Tensor1D): tf.Tensor1D {
  return tf.neg(tf.gather(tf.reshape(logs, [logs.size]), places));
}
