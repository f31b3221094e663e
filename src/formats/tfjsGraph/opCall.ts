import type { NodeOf, Op } from '../../network/network.ts';
import { UnsupportedGraphNodeError } from './errors.ts';
import type { GraphNode } from './graph.ts';
import type { NetworkBuilder } from './networkBuilder.ts';
import { numbersOf, type Constant, type Feature, type Value } from './values.ts';

/** Reads one node of the graph: its value, or the values of its several outputs. */
export type OpReader = (call: OpCall) => Value | readonly Value[];

export type OpReaders = Readonly<Record<string, OpReader>>;

/**
 * One node of the graph with the values of its inputs. What it reads of them throws
 * `UnsupportedGraphNodeError` with the node's name where they are not what the op needs here.
 */
export class OpCall {
  readonly node: GraphNode;
  readonly builder: NetworkBuilder;
  /** Pictures at a time that the graph is made for; 1 where it takes any number. */
  readonly batch: number;
  readonly #inputs: readonly Value[];
  readonly #unread: Set<number>;

  constructor(node: GraphNode, inputs: readonly Value[], builder: NetworkBuilder, batch: number) {
    this.node = node;
    this.#inputs = inputs;
    this.#unread = new Set(inputs.keys());
    this.builder = builder;
    this.batch = batch;
  }

  get op(): string {
    return this.node.op;
  }

  get attributes(): GraphNode['attributes'] {
    return this.node.attributes;
  }

  /** The error that this node cannot be taken, for `problem`. */
  refusal(problem: string): UnsupportedGraphNodeError {
    return new UnsupportedGraphNodeError(this.node.name, this.node.op, problem);
  }

  /** All of them: what asks for this knows what to do with each. */
  get inputs(): readonly Value[] {
    this.#unread.clear();
    return this.#inputs;
  }

  /** Whether nothing that the node reads depends on the picture. */
  get isConstant(): boolean {
    return this.#inputs.every(({ kind }) => kind === 'constant');
  }

  input(at: number): Value {
    if (at >= this.#inputs.length) throw this.refusal(`needs at least ${at + 1} inputs, found ${this.#inputs.length}.`);
    this.#unread.delete(at);
    return this.#inputs[at];
  }

  /** Refuses inputs that nothing has looked at, instead of passing them over. */
  requireAllRead(): void {
    const [first] = this.#unread;
    if (first !== undefined) throw this.refusal(`has ${this.#inputs.length} inputs, and input ${first} is not known to the lab.`);
  }

  /** An input that is computed from the picture, `[batch, …shape]`. */
  feature(at: number): Feature {
    const value = this.feature2d(at);
    if (value.rows) {
      throw this.refusal(`input ${at} mixes pixels with the batch axis; only a dense layer along the last axis may read such a matrix.`);
    }
    return value;
  }

  /** Like `feature`, for ops that work on each row alone and so may read a matrix of rows too. */
  feature2d(at: number): Feature {
    const value = this.input(at);
    if (value.kind !== 'feature') throw this.refusal(`input ${at} is a constant where a layer's value is needed.`);
    return value;
  }

  /** A picture: `[height, width, channels]`. */
  picture(at: number): Feature {
    const value = this.feature(at);
    if (value.shape.length !== 3) {
      throw this.refusal(`needs pictures [batch, height, width, channels], found [batch, ${value.shape.join(', ')}].`);
    }
    return value;
  }

  constant(at: number): Constant {
    const value = this.input(at);
    if (value.kind !== 'constant') {
      throw this.refusal(`input ${at} is computed from the picture; it must be a constant for the lab to take it.`);
    }
    return value;
  }

  /** The values of a constant input. */
  numbers(at: number): ArrayLike<number> {
    const numbers = numbersOf(this.constant(at));
    if (!numbers) throw this.refusal(`input ${at} depends on the number of pictures; it must be a constant.`);
    return numbers;
  }

  /** Whole numbers of a constant input: sizes, axes, borders. */
  integers(at: number): readonly number[] {
    const numbers = Array.from(this.numbers(at));
    if (!numbers.every(Number.isSafeInteger)) throw this.refusal(`input ${at} must be whole numbers, found [${numbers.slice(0, 8).join(', ')}].`);
    return numbers;
  }

  integer(at: number): number {
    const numbers = this.integers(at);
    if (numbers.length !== 1) throw this.refusal(`input ${at} must be one number, found ${numbers.length}.`);
    return numbers[0];
  }

  /** Adds a node called like the graph's, with `suffix` behind. */
  emit<O extends Op>(
    op: O,
    inputs: readonly Feature[],
    attributes: NodeOf<O>['attributes'],
    weights: NodeOf<O>['weights'],
    suffix = '',
  ): Feature {
    return this.builder.add(`${this.node.name}${suffix}`, op, inputs, attributes, weights);
  }
}
