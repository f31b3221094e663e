import type { Network, Node, NodeOf, Shape } from '../../network/network.ts';
import { readersOf, residualChains, type ResidualBlock } from '../../network/residualBranches.ts';
import { inferShapes } from '../../network/shapes.ts';
import { TransformRefusedError } from './networkTransform.ts';

export type StreamNorm = NodeOf<'layerNorm'> | NodeOf<'rmsNorm'>;
/** What makes a stream's values from others. */
export type StreamWriter = NodeOf<'embedding'> | NodeOf<'dense'> | NodeOf<'conv2d'>;
/** What reads a norm's value. */
export type NormReader = NodeOf<'dense'> | NodeOf<'unembedding'>;

/**
 * A network around one residual stream that only norms read, and behind them only linear layers: pre-norm transformers.
 * The stream has a value before each branch and one behind the last: position k is before branch k.
 */
export interface StreamForm {
  readonly width: number;
  readonly branches: ResidualBlock;
  /** Norms that subtract the mean: nothing of the stream's own mean is ever read. */
  readonly centred: boolean;
  /** Node → the position whose coordinates it writes; of embeddings and first layers 0, of branch k's last k + 1. */
  readonly writers: ReadonlyMap<string, number>;
  /** Node → the position whose coordinates its value has: everything between writers, norms and readers. */
  readonly carriers: ReadonlyMap<string, number>;
  /** Norm → the position that it reads. */
  readonly norms: ReadonlyMap<string, number>;
  /** Linear layer → the norm whose value it reads. */
  readonly readers: ReadonlyMap<string, string>;
}

/**
 * Reads the form off the graph.
 *
 * @throws TransformRefusedError where the network has another, with the layer that is in the way
 */
export function streamForm(network: Network): StreamForm {
  const chains = residualChains(network);
  if (chains.length !== 1) {
    throw refusal(network, chains.length === 0
      ? 'it has no residual stream'
      : `it has ${chains.length} residual streams (they begin at ${chains.map(([first]) => `"${first.stream}"`).join(', ')}) with layers between them`);
  }
  return new FormReader(network, chains[0]).form();
}

function refusal(network: Network, problem: string): TransformRefusedError {
  return new TransformRefusedError(`SliceGPT needs one residual stream that only norms read, with linear layers behind them; "${network.name}" is not of that form: ${problem}.`);
}

class FormReader {
  readonly #network: Network;
  readonly #branches: ResidualBlock;
  readonly #nodes: ReadonlyMap<string, Node>;
  readonly #shapes: ReadonlyMap<string, Shape>;
  readonly #readersOf: ReadonlyMap<string, readonly string[]>;
  readonly #width: number;
  readonly #writers = new Map<string, number>();
  readonly #carriers = new Map<string, number>();
  readonly #norms = new Map<string, number>();
  readonly #readers = new Map<string, string>();

  constructor(network: Network, branches: ResidualBlock) {
    this.#network = network;
    this.#branches = branches;
    this.#nodes = new Map(network.nodes.map((node) => [node.id, node]));
    this.#shapes = inferShapes(network);
    this.#readersOf = readersOf(network);
    this.#width = this.#shapes.get(branches[0].stream)?.at(-1) ?? 0;
  }

  form(): StreamForm {
    this.#writtenAt(this.#branches[0].stream, 0);
    this.#branches.forEach(({ add, ends }, k) => {
      this.#carriers.set(add, k + 1);
      for (const end of ends) this.#writtenAt(end, k + 1);
    });
    for (const [id, position] of [...this.#writers, ...this.#carriers]) this.#readBehind(id, position);
    const ops = new Set(Array.from(this.#norms.keys(), (id) => this.#node(id).op));
    if (ops.size > 1) throw refusal(this.#network, 'some of its norms subtract the mean and some do not');
    return {
      width: this.#width, branches: this.#branches, centred: ops.has('layerNorm'),
      writers: this.#writers, carriers: this.#carriers, norms: this.#norms, readers: this.#readers,
    };
  }

  /** From a value of the stream's coordinates back to the layers that write it. */
  #writtenAt(id: string, position: number): void {
    if (this.#writers.has(id) || this.#carriers.has(id)) return;
    const node = this.#node(id);
    if (node.op === 'embedding' || node.op === 'dense' || (node.op === 'conv2d' && node.attributes.groups === 1)) {
      this.#writers.set(id, position);
      return;
    }
    const carries = this.#keepsFeatures(node) || node.op === 'positions' || node.op === 'prependTokens' || node.op === 'add';
    if (!carries) throw this.#refused(id, 'makes values of the stream in another way than an embedding, a linear layer or positions');
    this.#carriers.set(id, position);
    for (const input of node.inputs) this.#writtenAt(input, position);
  }

  /** What reads a value in a position's coordinates: carriers of the same position, an add, or norms and layers behind them. */
  #readBehind(id: string, position: number): void {
    if (this.#network.outputs.includes(id)) throw this.#refused(id, 'is an output and lies on the stream');
    for (const reader of this.#readersOf.get(id) ?? []) {
      if (this.#carriers.has(reader)) continue;
      const node = this.#node(reader);
      if (node.op === 'layerNorm' || node.op === 'rmsNorm') {
        const { over = this.#width } = node.attributes;
        if (node.op === 'layerNorm' && over !== this.#width) throw this.#refused(reader, `takes its mean over ${over} channels, of which ${over - this.#width} have been cut`);
        this.#norms.set(reader, position);
        this.#readNormed(reader, reader, position);
      } else if (this.#keepsFeatures(node)) {
        this.#carriers.set(reader, position);
        this.#readBehind(reader, position);
      } else throw this.#refused(reader, 'reads the stream and is no norm');
    }
  }

  #readNormed(id: string, norm: string, position: number): void {
    if (this.#network.outputs.includes(id)) throw this.#refused(id, 'is an output in the stream’s coordinates');
    for (const reader of this.#readersOf.get(id) ?? []) {
      const node = this.#node(reader);
      if (node.op === 'dense' || node.op === 'unembedding') this.#readers.set(reader, norm);
      else if (this.#keepsFeatures(node)) {
        this.#carriers.set(reader, position);
        this.#readNormed(reader, norm, position);
      } else throw this.#refused(reader, 'reads a norm and is no linear layer');
    }
  }

  /** Whether a node leaves the features as they are, save for choosing or averaging tokens. */
  #keepsFeatures(node: Node): boolean {
    const [before, after] = [this.#shapes.get(node.inputs[0]), this.#shapes.get(node.id)];
    if (!before || !after || after.at(-1) !== before.at(-1)) return false;
    switch (node.op) {
      case 'dropout':
      case 'globalAveragePool2d':
      case 'reshape':
      case 'flatten':
        return true;
      case 'slice':
        return node.attributes.axis !== before.length - 1;
      default:
        return false;
    }
  }

  #node(id: string): Node {
    const node = this.#nodes.get(id);
    if (!node) throw refusal(this.#network, `"${id}" is not one of its layers`);
    return node;
  }

  #refused(id: string, problem: string): TransformRefusedError {
    return refusal(this.#network, `"${id}" (${this.#node(id).op}) ${problem}`);
  }
}
