import type { OpCall } from '../opCall.ts';
import { count, weight, type Feature } from '../values.ts';

/** One number for all channels, or one for each. */
export type PerChannel = number | ArrayLike<number>;

/** `scale · x + offset` */
export interface Affine {
  readonly scale?: PerChannel;
  readonly offset?: PerChannel;
}

/**
 * A layer for an affine map of `x`: a rescaling where one number serves all channels, else a norm
 * of mean 0, variance 1 and epsilon 0; `x` itself where the map changes nothing.
 */
export function affine(call: OpCall, x: Feature, { scale = 1, offset = 0 }: Affine): Feature {
  if (typeof scale === 'number' && typeof offset === 'number') {
    if (!Number.isFinite(scale) || !Number.isFinite(offset)) {
      throw call.refusal(`computes ${scale} · x + ${offset}; its constants must be finite.`);
    }
    return scale === 1 && offset === 0 ? x : call.emit('rescaling', [x], { scale, offset }, {});
  }
  const channels = [x.shape[x.shape.length - 1]];
  const spread = (value: PerChannel): Float32Array =>
    typeof value === 'number' ? new Float32Array(channels[0]).fill(value) : Float32Array.from(value);
  return call.emit('batchNorm', [x], { epsilon: 0 }, {
    ...(scale !== 1 && { gamma: weight(channels, spread(scale)) }),
    ...(offset !== 0 && { beta: weight(channels, spread(offset)) }),
    mean: weight(channels, new Float32Array(channels[0])),
    variance: weight(channels, new Float32Array(channels[0]).fill(1)),
  });
}

/** The constant input `at` as what it is to each channel of `x`. Refuses one that varies between pixels. */
export function channelConstant(call: OpCall, at: number, x: Feature): PerChannel {
  const { shape } = call.constant(at);
  const values = call.numbers(at);
  const rank = x.rows ? 2 : x.shape.length + 1;
  const channels = x.shape[x.shape.length - 1];
  if (shape.length <= rank) {
    if (count(shape) === 1) return values[0];
    if (shape[shape.length - 1] === channels && count(shape) === channels) return values;
  }
  throw call.refusal(
    `a constant of [${shape.join(', ')}] meets [batch, ${x.shape.join(', ')}]; ` +
      `only one number or one for each of the ${channels} channels is supported.`,
  );
}

/** Applies `change` to every value. */
export function mapped(value: PerChannel, change: (value: number) => number): PerChannel {
  return typeof value === 'number' ? change(value) : Float64Array.from(value, change);
}
