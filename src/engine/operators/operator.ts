import type * as tf from '@tensorflow/tfjs-core';
import type { Padding, Weight } from '../../network/network.ts';

/**
 * Reads a node's inputs (batch first), makes its value, which is the caller's. May leave
 * intermediate tensors behind: call it inside `tf.tidy`.
 */
export type Operator = (inputs: readonly tf.Tensor[]) => tf.Tensor;

/** Turns a weight into a float32 tensor that the one who passed `upload` disposes. */
export type Upload = (weight: Weight) => tf.Tensor;

/** What every backend applies in the same call as a convolution or product. */
export type FusedActivation = 'linear' | 'relu' | 'relu6';

/** A node cannot run on tfjs' backends as it stands; the message says why and what to do. */
export class UnsupportedNodeError extends Error {
  override readonly name = 'UnsupportedNodeError';
  readonly node: string;
  constructor(node: { readonly id: string; readonly op: string }, problem: string) {
    super(`Layer "${node.id}" (${node.op}): ${problem}`);
    this.node = node.id;
  }
}

type BackendPadding = 'same' | 'valid' | [[0, 0], [number, number], [number, number], [0, 0]];

/** Padding as tfjs takes it: with the batch and channel axes. */
export function backendPadding(padding: Padding): BackendPadding {
  if (typeof padding === 'string') return padding;
  const [[top, bottom], [left, right]] = padding;
  return [[0, 0], [top, bottom], [left, right], [0, 0]];
}
