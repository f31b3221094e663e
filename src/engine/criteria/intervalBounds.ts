import * as tf from '@tensorflow/tfjs-core';
import type { ActivationName, Network, Node, NodeOf, Shape, Weight } from '../../network/network.ts';
import { inferShapes } from '../../network/shapes.ts';
import { JobClock, type Job } from '../job.ts';
import { isLinear, type LinearNode } from '../operators/foldNorm.ts';
import { normAffine, operatorOf } from '../operators.ts';

/** Values that a network may be given: least and greatest, one of each for all channels or one for every channel. */
export interface InputBox {
  readonly least: readonly number[];
  readonly greatest: readonly number[];
}

/** Pixels as the shipped networks take them. */
export const PIXELS: InputBox = { least: [0], greatest: [255] };

/** Between which numbers every value of a node lies, for whatever picture of the box; or why that is not known. */
export type Bounds = Interval | { readonly unknown: string };

/** Tensors of one image. */
export interface Interval {
  readonly lower: tf.Tensor;
  readonly upper: tf.Tensor;
}

/** Twice the rounding error of one float32 operation. */
const UNIT = 2 ** -23;
/** Beyond, the next products might overflow. */
const GREATEST = 1e30;

/**
 * Sound interval bounds, node by node: `visit` gets each node's in execution order, disposed after its
 * last use. Linear nodes take the middle through W and the radius through |W|; all others are monotone,
 * or bounded by their form. Float32 with outward margins that cover every rounding of these operators and
 * of the network's own run, so that "never positive" is never claimed wrongly.
 *
 * Bounds that leave float32's range are unknown from there on, with the reason.
 *
 * @throws CancelledError
 */
export async function intervalBounds(
  network: Network,
  box: InputBox,
  visit: (node: Node, bounds: Bounds) => Promise<void>,
  job: Job = {},
): Promise<void> {
  const clock = new JobClock(job, network.nodes.length);
  const shapes = inferShapes(network);
  const lastUse = new Map(network.nodes.flatMap((node, at) => node.inputs.map((id) => [id, at] as const)));
  const values = new Map<string, Bounds>();
  const release = (id: string) => {
    const bounds = values.get(id);
    if (bounds && 'lower' in bounds) tf.dispose([bounds.lower, bounds.upper]);
    values.delete(id);
  };
  try {
    for (const [at, node] of network.nodes.entries()) {
      const inputs = node.inputs.map((id) => values.get(id) ?? { unknown: `"${id}" was not computed` });
      const bounds = await checked(node, boundsOf(node, inputs, shapes, box));
      values.set(node.id, bounds);
      await visit(node, bounds);
      for (const id of [...node.inputs, node.id]) if ((lastUse.get(id) ?? at) === at) release(id);
      await clock.tick(at + 1);
    }
  } finally {
    for (const id of Array.from(values.keys())) release(id);
  }
}

function boundsOf(node: Node, inputs: readonly Bounds[], shapes: ReadonlyMap<string, Shape>, box: InputBox): Bounds {
  if (node.op === 'input') return inputBounds(node.attributes.shape, box);
  // a norm bounds whatever it reads
  if (node.op === 'layerNorm' || node.op === 'rmsNorm') return kept(() => normalisedBounds(node, shapes.get(node.id) ?? []));
  if (node.op === 'attention' && !('unknown' in inputs[2])) {
    const [, , values] = inputs;
    return kept(() => mixedBounds(shapes.get(node.id) ?? [], node.attributes.headDim, values));
  }
  const unknown = inputs.find((input) => 'unknown' in input);
  if (unknown) return unknown;
  if (node.op === 'attention' || node.op === 'rotary' || node.op === 'embedding' || node.op === 'unembedding') {
    return { unknown: `no bounds are known of "${node.id}" (${node.op})` };
  }
  const known = inputs as readonly Interval[];
  const shape = shapes.get(node.id) ?? [];
  return kept(() => nodeBounds(node, known, shape));
}

/** What `make` gives, and nothing else that it made. */
function kept(make: () => Interval): Interval {
  const { lower, upper } = tf.tidy((): { lower: tf.Tensor; upper: tf.Tensor } => {
    const { lower, upper } = make();
    // clones: an identity hands its input on
    return { lower: tf.clone(lower), upper: tf.clone(upper) };
  });
  return { lower, upper };
}

/** A mean of values, however weighted, lies between the least and the greatest: feature by feature, over all tokens. */
function mixedBounds(shape: Shape, headDim: number, { lower, upper }: Interval): Interval {
  const features = lower.shape[lower.rank - 1];
  const perKey = shape[shape.length - 1] / features;
  const spread = (x: tf.Tensor): tf.Tensor => {
    const heads = tf.tile(tf.reshape(x, [features / headDim, 1, headDim]), [1, perKey, 1]);
    return tf.add(tf.zeros([1, ...shape]), tf.reshape(heads, [features * perKey]));
  };
  const rows = (x: tf.Tensor): tf.Tensor => tf.reshape(x, [x.size / features, features]);
  return outward(spread(tf.min(rows(lower), 0)), spread(tf.max(rows(upper), 0)), MIXED);
}

/** Roundings of a softmax and of a sum over as many tokens as networks read: weights that sum to a little more than 1. */
const MIXED = 8192;

async function checked(node: Node, bounds: Bounds): Promise<Bounds> {
  if ('unknown' in bounds) return bounds;
  const greatest = tf.tidy(() => tf.maximum(tf.max(tf.abs(bounds.lower)), tf.max(tf.abs(bounds.upper))));
  const [value] = await greatest.data();
  greatest.dispose();
  if (value < GREATEST) return bounds;
  tf.dispose([bounds.lower, bounds.upper]);
  return { unknown: `the bounds of "${node.id}" (${node.op}) leave the range of float32` };
}

function inputBounds(shape: Shape, { least, greatest }: InputBox): Interval {
  const filled = (values: readonly number[]) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return tf.tensor(Float32Array.from({ length: count }, (_, k) => values[(k % shape[shape.length - 1]) % values.length]), [1, ...shape]);
  };
  return { lower: filled(least), upper: filled(greatest) };
}

function nodeBounds(node: Exclude<Node, NodeOf<'input'>>, inputs: readonly Interval[], shape: Shape): Interval {
  const [first] = inputs;
  if (isLinear(node)) return linearBounds(node, biasless(node, (w) => Math.abs(w)), first, node.weights.bias, taps(node));
  switch (node.op) {
    case 'batchNorm': {
      const { scale, shift } = normAffine(node);
      const bias = perChannel(Float32Array.from(shift));
      const magnitudes = { ...node, attributes: { epsilon: 0 }, weights: pureScale(scale.map(Math.abs)) };
      return linearBounds(node, magnitudes, first, bias, 2);
    }
    case 'rescaling': {
      const { scale, offset } = node.attributes;
      const ends = [first.lower, first.upper].map((x) => tf.add(tf.mul(x, scale), offset));
      const slack = tf.add(tf.mul(tf.maximum(tf.abs(first.lower), tf.abs(first.upper)), Math.abs(scale) * 4 * UNIT), Math.abs(offset) * 4 * UNIT);
      return widened(tf.minimum(ends[0], ends[1]), tf.maximum(ends[0], ends[1]), slack);
    }
    case 'activation':
      return activationBounds(node, first);
    case 'prelu': {
      const operator = operatorOf(node, made);
      const ends = [operator([first.lower]), operator([first.upper])];
      // it turns at 0, where it is 0, and the interval may hold that
      const within = tf.logicalAnd(tf.less(first.lower, 0), tf.greater(first.upper, 0));
      const [lower, upper] = [tf.minimum(ends[0], ends[1]), tf.maximum(ends[0], ends[1])];
      const zeros = tf.zerosLike(lower);
      return outward(tf.where(within, tf.minimum(lower, zeros), lower), tf.where(within, tf.maximum(upper, zeros), upper), 4);
    }
    case 'subtract':
      return outward(run(node, [first.lower, inputs[1].upper]), run(node, [first.upper, inputs[1].lower]), 1, scaleOf(inputs));
    case 'add':
      return outward(run(node, inputs.map(({ lower }) => lower)), run(node, inputs.map(({ upper }) => upper)), inputs.length, scaleOf(inputs));
    case 'multiply':
      return inputs.slice(1).reduce((product, factor) => productBounds(node, product, factor), first);
    case 'layerNorm':
    case 'rmsNorm':
      return normalisedBounds(node, shape);
    case 'groupNorm':
      return normalisedBounds(node, shape, first.lower.size / node.attributes.groups);
    case 'averagePool2d':
      return monotone(node, inputs, node.attributes.poolSize[0] * node.attributes.poolSize[1] + 4);
    case 'globalAveragePool2d':
      return monotone(node, inputs, first.lower.size / shape[shape.length - 1] + 4);
    case 'resize2d':
      return monotone(node, inputs, 16);
    case 'positions':
      return outward(run(node, [first.lower]), run(node, [first.upper]), 1, tf.add(scaleOf(inputs), tf.max(tf.abs(made(node.weights.table)))));
    default:
      // moves values, or takes the greatest of some
      return { lower: run(node, inputs.map(({ lower }) => lower)), upper: run(node, inputs.map(({ upper }) => upper)) };
  }
}

/** For an op that falls with none of its inputs, with so many roundings of values of one sign or the other. */
function monotone(node: Exclude<Node, NodeOf<'input'>>, inputs: readonly Interval[], roundings: number): Interval {
  const ends = [run(node, inputs.map(({ lower }) => lower)), run(node, inputs.map(({ upper }) => upper))];
  const sizes = inputs.map(({ lower, upper }) => tf.maximum(tf.abs(lower), tf.abs(upper)));
  return widened(ends[0], ends[1], tf.mul(run(node, sizes), roundings * UNIT));
}

/**
 * `W x + b` for `|x − middle| ≤ radius`. A sum of n products in any order is off by at most
 * `γ_n Σ |w x|`, γ_n = n u / (1 − n u) (Higham, section 3.1).
 */
function linearBounds(
  node: LinearNode | NodeOf<'batchNorm'>,
  magnitudes: LinearNode | NodeOf<'batchNorm'>,
  { lower, upper }: Interval,
  bias: Weight | undefined,
  products: number,
): Interval {
  const gamma = (products + 4) * UNIT;
  const middle = tf.mul(tf.add(lower, upper), 0.5);
  const half = tf.mul(tf.sub(upper, lower), 0.5);
  const size = tf.maximum(tf.abs(lower), tf.abs(upper));
  const radius = tf.add(half, tf.mul(size, 4 * UNIT));
  const centre = run(node, [middle]);
  const reach = run(magnitudes, [tf.add(radius, tf.mul(size, 2 * gamma))]);
  const offset = bias ? tf.tensor1d(bias.values.map((b) => Math.abs(b) * 2 * gamma)) : tf.scalar(0);
  const slack = tf.mul(tf.add(reach, offset), 1 + 2 * gamma);
  return outward(tf.sub(centre, slack), tf.add(centre, slack), 2, tf.add(tf.abs(centre), slack));
}

function taps(node: LinearNode): number {
  const { shape } = node.weights.kernel;
  if (node.op === 'dense') return shape[0];
  return shape[0] * shape[1] * (node.op === 'conv2d' ? shape[2] : node.op === 'transposedConv2d' ? shape[3] : 1);
}

function biasless(node: LinearNode, alter: (weight: number) => number): LinearNode {
  const { shape, values } = node.weights.kernel;
  return { ...node, weights: { kernel: { shape, values: values.map(alter) } } } as LinearNode;
}

function pureScale(scale: Float64Array): NodeOf<'batchNorm'>['weights'] {
  const n = scale.length;
  return { gamma: perChannel(Float32Array.from(scale)), mean: perChannel(new Float32Array(n)), variance: perChannel(new Float32Array(n).fill(1)) };
}

function perChannel(values: Float32Array): Weight {
  return { shape: [values.length], values };
}

/** Least value of the activations that fall before they rise; they rise from 0 on. */
const TROUGHS: Partial<Readonly<Record<ActivationName, number>>> = { gelu: -0.17, geluTanh: -0.1701, silu: -0.2785, hardSwish: -0.3751 };
/** Bounds that the backends' own functions keep only to some digits. */
const CURVED = 64;

function activationBounds(node: NodeOf<'activation'>, { lower, upper }: Interval): Interval {
  const { function: name } = node.attributes;
  if (name === 'softmax') return { lower: tf.zerosLike(lower), upper: tf.onesLike(upper) };
  const [low, high] = [run(node, [lower]), run(node, [upper])];
  if (name === 'relu' || name === 'relu6' || name === 'linear') return { lower: low, upper: high };
  const trough = TROUGHS[name];
  if (trough === undefined) {
    const falls = (node.attributes.alpha ?? 1) < 0;
    return falls
      ? widened(tf.fill(low.shape, -GREATEST), tf.fill(high.shape, GREATEST), tf.scalar(0))
      : outward(low, high, CURVED, tf.add(tf.maximum(tf.abs(low), tf.abs(high)), 1));
  }
  const rising = tf.greaterEqual(lower, 0);
  return outward(tf.where(rising, low, tf.fill(low.shape, trough)), tf.maximum(low, high), CURVED, tf.add(tf.abs(high), 1));
}

function productBounds(node: NodeOf<'multiply'>, a: Interval, b: Interval): Interval {
  const corners = [a.lower, a.upper].flatMap((x) => [b.lower, b.upper].map((y) => run(node, [x, y])));
  const lower = corners.reduce((least, corner) => tf.minimum(least, corner));
  const upper = corners.reduce((most, corner) => tf.maximum(most, corner));
  return outward(lower, upper, 2);
}

/** A normalised vector of n values (of the last axis, where they are not given; with those that are not there) has none beyond `√n`. */
function normalisedBounds(node: NodeOf<'layerNorm'> | NodeOf<'rmsNorm'> | NodeOf<'groupNorm'>, shape: Shape, count?: number): Interval {
  const channels = shape[shape.length - 1];
  const values = count ?? (node.op === 'groupNorm' ? undefined : node.attributes.over) ?? channels;
  const { gamma } = node.weights;
  const beta = node.op === 'rmsNorm' ? undefined : node.weights.beta;
  const of = (c: number, sign: 1 | -1) => (beta?.values[c] ?? 0) + sign * (Math.abs(gamma?.values[c] ?? 1) * Math.sqrt(values) + 1e-3);
  const filled = (sign: 1 | -1) => tf.add(tf.zeros([1, ...shape]), tf.tensor1d(Float32Array.from({ length: channels }, (_, c) => of(c, sign))));
  return outward(filled(-1), filled(1), 64);
}

function scaleOf(inputs: readonly Interval[]): tf.Tensor {
  return inputs.map(({ lower, upper }) => tf.maximum(tf.abs(lower), tf.abs(upper))).reduce((sum, size) => tf.add(sum, size));
}

function outward(lower: tf.Tensor, upper: tf.Tensor, roundings: number, size = tf.maximum(tf.abs(lower), tf.abs(upper))): Interval {
  return widened(lower, upper, tf.mul(size, roundings * 2 * UNIT));
}

function widened(lower: tf.Tensor, upper: tf.Tensor, slack: tf.Tensor): Interval {
  return { lower: tf.sub(lower, slack), upper: tf.add(upper, slack) };
}

function run(node: Exclude<Node, NodeOf<'input'>>, inputs: readonly tf.Tensor[]): tf.Tensor {
  return operatorOf(node, made)(inputs);
}

function made({ shape, values }: Weight): tf.Tensor {
  return tf.tensor(values, [...shape], 'float32');
}
