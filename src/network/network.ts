/**
 * A network as plain data: an ordered list of nodes over a small closed set of ops.
 *
 * Importers make it, the engine interprets it node by node, surgery returns a new one and never
 * mutates, exporters write it. Images are NHWC; shapes never include the batch axis.
 */

/** A parameter array. `values` is row-major with the axes of `shape`. */
export interface Weight {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Shape of one sample: `[height, width, channels]` for pictures, `[tokens, features]` for sequences, `[features]` for vectors. */
export type Shape = readonly number[];

export type Pair = readonly [number, number];
/** Rows above and below, columns left and right. */
export type Border = readonly [Pair, Pair];
/** `same` and `valid` as in TensorFlow; else zeros (for pools: nothing) around the input. */
export type Padding = 'same' | 'valid' | Border;

/**
 * - below zero `leakyRelu` is `alpha · x` and `elu` `alpha · (eˣ − 1)`
 * - `hardSigmoid`: `clip(alpha · x + beta, 0, 1)`; `hardSwish`: `x · clip(x / 6 + 1 / 2, 0, 1)`
 * - `gelu` by the error function, `geluTanh` by its tanh approximation; `silu`: `x · sigmoid(x)`
 * - `softmax` along the last axis
 */
export const ACTIVATIONS = [
  'linear', 'relu', 'relu6', 'leakyRelu', 'elu', 'selu', 'gelu', 'geluTanh', 'silu', 'hardSwish',
  'hardSigmoid', 'sigmoid', 'tanh', 'softplus', 'softmax',
] as const;
export type ActivationName = (typeof ACTIVATIONS)[number];

/**
 * How output pixel o of a resized axis finds its place in the input, s = input size / output size:
 * `halfPixel` `(o + 1/2) · s − 1/2`, `asymmetric` `o · s`, `alignCorners` `o · (input − 1) / (output − 1)`.
 * Nearest takes the floor of `(o + 1/2) · s` (halfPixel) or of `o · s` (asymmetric), rounds with alignCorners.
 */
export type ResizeCoordinates = 'halfPixel' | 'asymmetric' | 'alignCorners';

interface OpTable {
  /** With a `vocabulary`, the values are token ids: whole numbers from 0 to `vocabulary − 1`, of shape `[tokens]`. */
  input: { attributes: { shape: Shape; vocabulary?: number }; weights: NoWeights };
  /** `scale · x + offset` */
  rescaling: { attributes: { scale: number; offset: number }; weights: NoWeights };
  /** kernel `[kh, kw, inputs / groups, outputs]`, bias `[outputs]` */
  conv2d: {
    attributes: { strides: Pair; padding: Padding; dilations: Pair; groups: number };
    weights: { kernel: Weight; bias?: Weight };
  };
  /** kernel `[kh, kw, channels, multiplier]`, bias `[channels · multiplier]`; output `c · multiplier + k` from channel c */
  depthwiseConv2d: {
    attributes: { strides: Pair; padding: Padding; dilations: Pair };
    weights: { kernel: Weight; bias?: Weight };
  };
  /**
   * kernel `[kh, kw, outputs, inputs]`, bias `[outputs]`. The full result, `(h − 1) · stride + kh`
   * rows, loses `cropping`; a negative number adds zeros at that side.
   */
  transposedConv2d: {
    attributes: { strides: Pair; cropping: Border };
    weights: { kernel: Weight; bias?: Weight };
  };
  /** Along the last axis: kernel `[inputs, outputs]`, bias `[outputs]`. */
  dense: { attributes: NoAttributes; weights: { kernel: Weight; bias?: Weight } };
  /** Normalises the last axis by stored statistics; every weight is `[channels]`. */
  batchNorm: {
    attributes: { epsilon: number };
    weights: { gamma?: Weight; beta?: Weight; mean: Weight; variance: Weight };
  };
  /**
   * Normalises each vector along the last axis by its own mean and variance; weights `[channels]`. With `over`, the
   * means are over so many channels: those that are not there count as zeros.
   */
  layerNorm: { attributes: { epsilon: number; over?: number }; weights: { gamma?: Weight; beta?: Weight } };
  /** Divides each vector along the last axis by its root mean square, `√(mean x² + epsilon)`; gamma `[channels]`; `over` as in `layerNorm`. */
  rmsNorm: { attributes: { epsilon: number; over?: number }; weights: { gamma?: Weight } };
  /** Normalises all pixels of each of `groups` runs of channels by their own mean and variance; weights `[channels]`. */
  groupNorm: { attributes: { groups: number; epsilon: number }; weights: { gamma?: Weight; beta?: Weight } };
  /** `alpha` has a default for `leakyRelu` (0.01), `elu` (1) and `hardSigmoid` (1/6), `beta` for `hardSigmoid` (1/2). */
  activation: { attributes: { function: ActivationName; alpha?: number; beta?: number }; weights: NoWeights };
  /** `x` above zero, `alpha · x` below; alpha has the value's rank, each axis whole or 1. */
  prelu: { attributes: NoAttributes; weights: { alpha: Weight } };
  /** Elementwise, two inputs or more; axes align from the last on, and one of size 1 is repeated. */
  add: { attributes: NoAttributes; weights: NoWeights };
  /** First minus second. */
  subtract: { attributes: NoAttributes; weights: NoWeights };
  multiply: { attributes: NoAttributes; weights: NoWeights };
  /** Joins along `axis`, counted from 0 without the batch. */
  concat: { attributes: { axis: number }; weights: NoWeights };
  /** `start ≤ index < start + size` along `axis`, counted from 0 without the batch. */
  slice: { attributes: { axis: number; start: number; size: number }; weights: NoWeights };
  maxPool2d: { attributes: Pooling; weights: NoWeights };
  /** The mean of those pixels of the window that lie inside the input. */
  averagePool2d: { attributes: Pooling; weights: NoWeights };
  /** `[h, w, c]` to `[c]`, or to `[1, 1, c]` with `keepDims`. */
  globalAveragePool2d: { attributes: { keepDims: boolean }; weights: NoWeights };
  globalMaxPool2d: { attributes: { keepDims: boolean }; weights: NoWeights };
  /** Row-major, channels last: feature `f` comes from channel `f mod channels`. */
  flatten: { attributes: NoAttributes; weights: NoWeights };
  /** Row-major; `shape` is that of one sample, without −1. */
  reshape: { attributes: { shape: Shape }; weights: NoWeights };
  /** Axis k of the result is axis `order[k]` of the input, counted from 0 without the batch. */
  permute: { attributes: { order: readonly number[] }; weights: NoWeights };
  zeroPad2d: { attributes: { padding: Border }; weights: NoWeights };
  crop2d: { attributes: { cropping: Border }; weights: NoWeights };
  /** To `size`, `[height, width]`. */
  resize2d: {
    attributes: { size: Pair; interpolation: 'nearest' | 'bilinear'; coordinates: ResizeCoordinates };
    weights: NoWeights;
  };
  /** Identity at inference; kept so that a round trip is exact. */
  dropout: { attributes: { rate: number }; weights: NoWeights };
  /** Each token id's row of the table: `[tokens]` to `[tokens, features]`; table `[vocabulary, features]`. */
  embedding: { attributes: NoAttributes; weights: { table: Weight } };
  /** Adds row `start + t` of the table to token t; table `[start + greatest number of tokens, features]`. */
  positions: { attributes: { start: number }; weights: { table: Weight } };
  /** Puts learnt tokens (a class token) before the others: tokens `[count, features]`. */
  prependTokens: { attributes: NoAttributes; weights: { tokens: Weight } };
  /**
   * Lays `rows × columns` neighbouring pixels side by side, column by column, as Swin does: pixel (y, x) of a
   * patch fills features `(x · rows + y) · channels` and on.
   */
  patchMerging: { attributes: { size: Pair }; weights: NoWeights };
  /**
   * Turns each head's pairs of features by the angle `token · frequencies[pair]`. Pair i is features
   * `(i, i + pairs)` of the head (`halves`) or `(2i, 2i + 1)` (`neighbours`); what is beyond the pairs stays.
   */
  rotary: { attributes: { headDim: number; frequencies: readonly number[]; pairing: 'halves' | 'neighbours' }; weights: NoWeights };
  /**
   * Of queries, keys and values (three inputs): head by head `softmax(scale · q kᵀ + …) v`. A head is `headDim`
   * neighbouring features; where the queries have r times as many heads as keys and values, r neighbouring ones share
   * one of theirs. `causal`: no token sees a later one. `window`: pixels of a picture see those of their own window,
   * after `shift` rows and columns have moved from the top and left to the end (what was not adjacent stays unseen);
   * bias `[(2 · rows − 1) · (2 · columns − 1), heads]` by the offset from key to query.
   */
  attention: {
    attributes: { headDim: number; scale: number; causal: boolean; window?: { readonly size: Pair; readonly shift: Pair } };
    weights: { bias?: Weight };
  };
  /** Scores of all tokens by an embedding's own table (the same `Weight`): `x · tableᵀ`; its parameters count there. */
  unembedding: { attributes: NoAttributes; weights: { table: Weight } };
}

type NoWeights = Record<string, never>;
type NoAttributes = Record<string, never>;
interface Pooling {
  readonly poolSize: Pair;
  readonly strides: Pair;
  readonly padding: Padding;
}

export type Op = keyof OpTable;

/** One node. `id` is the layer's name in the file it came from; `inputs` are node ids. */
export interface NodeOf<O extends Op> {
  readonly id: string;
  readonly op: O;
  readonly inputs: readonly string[];
  readonly attributes: Readonly<OpTable[O]['attributes']>;
  readonly weights: Readonly<OpTable[O]['weights']>;
}

export type Node = { [O in Op]: NodeOf<O> }[Op];

/** A node that mixes channels: what fidelity scores the inputs of. */
export type ConsumerNode = NodeOf<'conv2d'> | NodeOf<'dense'> | NodeOf<'transposedConv2d'>;

export function isConsumer(node: Node): node is ConsumerNode {
  return node.op === 'conv2d' || node.op === 'dense' || node.op === 'transposedConv2d';
}

/** The axes of a consumer's kernel along which its inputs and its outputs lie. */
export function kernelAxes(node: ConsumerNode): { readonly in: number; readonly out: number } {
  if (node.op === 'transposedConv2d') return { in: 3, out: 2 };
  return node.op === 'conv2d' ? { in: 2, out: 3 } : { in: 0, out: 1 };
}

export interface Network {
  readonly name: string;
  /** In execution order: a node stands after all of its inputs. */
  readonly nodes: readonly Node[];
  /** Ids of the nodes whose values are the network's outputs; accuracy is measured on the first. */
  readonly outputs: readonly string[];
  /** Files of the format that it came from, as text by name, which writing it back needs; for the exporter of that format alone. */
  readonly origin?: { readonly format: 'huggingFace'; readonly files: Readonly<Record<string, string>> };
}

/** The node called `id`; throws `UnknownNodeError` where there is none. */
export function nodeById(network: Network, id: string): Node {
  const node = network.nodes.find((candidate) => candidate.id === id);
  if (!node) throw new UnknownNodeError(id);
  return node;
}

export class UnknownNodeError extends Error {
  override readonly name = 'UnknownNodeError';
  constructor(id: string) {
    super(`The network has no node called "${id}".`);
  }
}
