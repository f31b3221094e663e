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

/** Shape of one sample: `[height, width, channels]` for pictures, `[features]` for vectors. */
export type Shape = readonly number[];

export type Pair = readonly [number, number];
export type Padding = 'same' | 'valid';
export type ActivationName = 'linear' | 'relu' | 'relu6' | 'softmax' | 'sigmoid' | 'tanh';

interface OpTable {
  input: { attributes: { shape: Shape }; weights: NoWeights };
  /** `scale · x + offset` */
  rescaling: { attributes: { scale: number; offset: number }; weights: NoWeights };
  /** kernel `[kh, kw, inputs, outputs]`, bias `[outputs]` */
  conv2d: {
    attributes: { strides: Pair; padding: Padding; dilations: Pair };
    weights: { kernel: Weight; bias?: Weight };
  };
  /** kernel `[inputs, outputs]`, bias `[outputs]` */
  dense: { attributes: NoAttributes; weights: { kernel: Weight; bias?: Weight } };
  /** Normalises the last axis by stored statistics; every weight is `[channels]`. */
  batchNorm: {
    attributes: { epsilon: number };
    weights: { gamma?: Weight; beta?: Weight; mean: Weight; variance: Weight };
  };
  activation: { attributes: { function: ActivationName }; weights: NoWeights };
  add: { attributes: NoAttributes; weights: NoWeights };
  maxPool2d: { attributes: Pooling; weights: NoWeights };
  averagePool2d: { attributes: Pooling; weights: NoWeights };
  globalAveragePool2d: { attributes: NoAttributes; weights: NoWeights };
  globalMaxPool2d: { attributes: NoAttributes; weights: NoWeights };
  /** Row-major, channels last: feature `f` comes from channel `f mod channels`. */
  flatten: { attributes: NoAttributes; weights: NoWeights };
  zeroPad2d: { attributes: { padding: readonly [Pair, Pair] }; weights: NoWeights };
  /** Identity at inference; kept so that a round trip is exact. */
  dropout: { attributes: { rate: number }; weights: NoWeights };
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
export type ConsumerNode = NodeOf<'conv2d'> | NodeOf<'dense'>;

export interface Network {
  readonly name: string;
  /** In execution order: a node stands after all of its inputs. */
  readonly nodes: readonly Node[];
  /** The id of the node whose value is the network's output (one). */
  readonly output: string;
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
