import type { ActivationName, Network, Node, NodeOf, Op, Shape, Weight } from '../../network/network.ts';

/** Where a weight lies in the files, and how. */
export interface Slot {
  readonly tensor: string;
  /** As the file has it. */
  readonly stored: Shape;
  /** As the node has it. */
  readonly shape: Shape;
  /** Axis k of the node's is axis `order[k]` of the file's; absent where the values lie in one order. */
  readonly order?: readonly number[];
}

type DraftOf<O extends Op> = Omit<NodeOf<O>, 'weights'> & { readonly slots: Readonly<Record<string, Slot>> };
export type DraftNode = { [O in Op]: DraftOf<O> }[Op];

/** The nodes whose widths are those of a block. */
export interface Block {
  /** What stands before all of its names. */
  readonly name: string;
  /** The layer that makes the keys (fused: queries, keys and values). */
  readonly keys: string;
  readonly fused: boolean;
  /** The layer that reads the heads. */
  readonly out: string;
  /** The layer that reads the MLP's neurons. */
  readonly down: string;
  readonly headDim: number;
}

/** A network before its weights are read: one description for import, for export, and for what it takes. */
export interface Draft {
  readonly name: string;
  readonly nodes: readonly DraftNode[];
  readonly outputs: readonly string[];
  readonly blocks: readonly Block[];
}

/** Slots by tensor name; a tied head's is that of the embedding. */
export function slotsOf({ nodes }: Draft): ReadonlyMap<string, Slot> {
  return new Map(nodes.flatMap(({ slots }) => Object.values(slots).map((slot) => [slot.tensor, slot] as const)));
}

/** The network of a draft and its weights by tensor name; what shares a tensor shares the `Weight`. */
export function fillDraft({ name, nodes, outputs }: Draft, weights: ReadonlyMap<string, Weight>): Network {
  return {
    name,
    outputs,
    nodes: nodes.map(({ slots, ...node }) => {
      const filled = Object.entries(slots).map(([key, { tensor }]) => [key, weights.get(tensor)] as const);
      return { ...node, weights: Object.fromEntries(filled) } as Node;
    }),
  };
}

/** What the heads of an attention are, and what they see. */
export interface HeadsDraft {
  readonly headDim: number;
  readonly causal?: boolean;
  readonly scale?: number;
  readonly window?: NonNullable<NodeOf<'attention'>['attributes']['window']>;
  readonly bias?: Slot;
}

/**
 * Collects the nodes of a draft. A method that adds a layer takes its id, which is its path in the
 * file and the start of its tensors' names, and returns it.
 */
export class DraftBuilder {
  readonly #nodes: DraftNode[] = [];
  readonly #blocks: Block[] = [];
  readonly #extraBiases: ReadonlySet<string>;

  /** `extraBiases`: ids of layers that have a bias though their class gives them none. */
  constructor(extraBiases: readonly string[] = []) {
    this.#extraBiases = new Set(extraBiases);
  }

  push(node: DraftNode): string {
    this.#nodes.push(node);
    return node.id;
  }

  input(shape: Shape, vocabulary?: number): string {
    return this.push({ id: 'input', op: 'input', inputs: [], attributes: { shape, ...(vocabulary !== undefined && { vocabulary }) }, slots: {} });
  }

  embedding(id: string, from: string, vocabulary: number, features: number): string {
    return this.push({ id, op: 'embedding', inputs: [from], attributes: {}, slots: { table: plain(`${id}.weight`, [vocabulary, features]) } });
  }

  /** Of `most` tokens, behind `start` rows that no token uses. */
  positions(id: string, from: string, table: Slot, start = 0): string {
    return this.push({ id, op: 'positions', inputs: [from], attributes: { start }, slots: { table } });
  }

  /** The output head: the embedding's own table, or a layer of its own. */
  head(id: string, from: string, tied: string | undefined, vocabulary: number, features: number): string {
    if (tied === undefined) return this.linear(id, from, features, vocabulary, false);
    return this.push({ id, op: 'unembedding', inputs: [from], attributes: {}, slots: { table: plain(`${tied}.weight`, [vocabulary, features]) } });
  }

  /** A layer whose file holds outputs × inputs. */
  linear(id: string, from: string, inputs: number, outputs: number, bias = true): string {
    const kernel = { tensor: `${id}.weight`, stored: [outputs, inputs], shape: [inputs, outputs], order: [1, 0] };
    return this.#dense(id, from, kernel, outputs, bias);
  }

  /** A layer whose file holds inputs × outputs, as GPT-2's. */
  conv1d(id: string, from: string, inputs: number, outputs: number): string {
    return this.#dense(id, from, plain(`${id}.weight`, [inputs, outputs]), outputs, true);
  }

  /** Pictures cut into patches of `size` pixels a side. */
  patches(id: string, from: string, channels: number, features: number, size: number): string {
    const kernel = { tensor: `${id}.weight`, stored: [features, channels, size, size], shape: [size, size, channels, features], order: [2, 3, 1, 0] };
    return this.push({
      id, op: 'conv2d', inputs: [from],
      attributes: { strides: [size, size], padding: 'valid', dilations: [1, 1], groups: 1 },
      slots: { kernel, bias: plain(`${id}.bias`, [features]) },
    });
  }

  layerNorm(id: string, from: string, features: number, epsilon: number, affine = true): string {
    const slots: DraftNode['slots'] = affine ? { gamma: plain(`${id}.weight`, [features]), beta: plain(`${id}.bias`, [features]) } : {};
    return this.push({ id, op: 'layerNorm', inputs: [from], attributes: { epsilon }, slots });
  }

  rmsNorm(id: string, from: string, features: number, epsilon: number): string {
    return this.push({ id, op: 'rmsNorm', inputs: [from], attributes: { epsilon }, slots: { gamma: plain(`${id}.weight`, [features]) } });
  }

  activation(id: string, from: string, name: ActivationName): string {
    return this.push({ id, op: 'activation', inputs: [from], attributes: { function: name }, slots: {} });
  }

  add(id: string, ...inputs: readonly string[]): string {
    return this.push({ id, op: 'add', inputs, attributes: {}, slots: {} });
  }

  multiply(id: string, ...inputs: readonly string[]): string {
    return this.push({ id, op: 'multiply', inputs, attributes: {}, slots: {} });
  }

  rescaling(id: string, from: string, scale: number, offset: number): string {
    return this.push({ id, op: 'rescaling', inputs: [from], attributes: { scale, offset }, slots: {} });
  }

  slice(id: string, from: string, axis: number, start: number, size: number): string {
    return this.push({ id, op: 'slice', inputs: [from], attributes: { axis, start, size }, slots: {} });
  }

  rotary(id: string, from: string, headDim: number, frequencies: readonly number[]): string {
    return this.push({ id, op: 'rotary', inputs: [from], attributes: { headDim, frequencies, pairing: 'halves' }, slots: {} });
  }

  /** Of queries, keys and values. */
  attention(id: string, inputs: readonly string[], { headDim, causal = false, scale = headDim ** -0.5, window, bias }: HeadsDraft): string {
    return this.push({ id, op: 'attention', inputs, attributes: { headDim, scale, causal, ...(window && { window }) }, slots: bias ? { bias } : {} });
  }

  /** Says which layers a block's widths can be read off. */
  block(block: Block): void {
    this.#blocks.push(block);
  }

  build(name: string, output: string): Draft {
    return { name, nodes: this.#nodes, outputs: [output], blocks: this.#blocks };
  }

  #dense(id: string, from: string, kernel: Slot, outputs: number, bias: boolean): string {
    const slots: DraftNode['slots'] = bias || this.#extraBiases.has(id) ? { kernel, bias: plain(`${id}.bias`, [outputs]) } : { kernel };
    return this.push({ id, op: 'dense', inputs: [from], attributes: {}, slots });
  }
}

/** A tensor whose values lie as the node has them, up to axes of size 1 that only the file has. */
export function plain(tensor: string, shape: Shape, stored = shape): Slot {
  return { tensor, stored, shape };
}
