import * as tf from '@tensorflow/tfjs-core';
import type { Network, Node, NodeOf, Weight } from '../../network/network.ts';
import { assertWeightFits } from '../backend.ts';
import { operatorOf } from '../operators.ts';
import type { Operator, Upload } from '../operators/operator.ts';
import { rotaryOperator } from '../operators/rotary.ts';
import { languageShape } from './languageModel.ts';

/** A layer lets tokens see one another in a way that a text cannot be read bit by bit with. */
export class NotIncrementalError extends Error {
  override readonly name = 'NotIncrementalError';
  constructor(node: Node, problem: string) {
    super(`Layer "${node.id}" (${node.op}) ${problem}, so that a text cannot be written token by token. Open a decoder whose attention looks back only.`);
  }
}

/** Ops that treat every token of `[tokens, features]` by itself. */
const TOKENWISE: ReadonlySet<Node['op']> = new Set([
  'embedding', 'unembedding', 'dense', 'layerNorm', 'rmsNorm', 'batchNorm', 'rescaling', 'activation', 'add', 'subtract', 'multiply', 'dropout',
]);

/** What has been read: keys and values of every attention node, `[rows, tokens, features]`. Whoever got it disposes it. */
export class Past {
  readonly rows: number;
  readonly tokens: number;
  readonly values: ReadonlyMap<string, readonly [tf.Tensor3D, tf.Tensor3D]>;

  constructor(rows: number, tokens: number, values: ReadonlyMap<string, readonly [tf.Tensor3D, tf.Tensor3D]>) {
    [this.rows, this.tokens, this.values] = [rows, tokens, values];
  }

  /** The past of one row as that of several. */
  repeated(rows: number): Past {
    const tile = (x: tf.Tensor3D) => tf.tile(x, [rows, 1, 1]);
    return new Past(rows * this.rows, this.tokens, new Map([...this.values].map(([id, [k, v]]) => [id, [tile(k), tile(v)]])));
  }

  dispose(): void {
    tf.dispose([...this.values.values()].flat());
  }
}

/** What a decoder says of the token behind those it has read. */
export interface Reading {
  /** `rows × vocabulary`, row-major. */
  readonly logits: Float32Array;
  readonly past: Past;
}

interface Step {
  readonly node: Exclude<Node, NodeOf<'input'>>;
  /** Whole texts from their beginning. */
  readonly whole: Operator;
  /** Values that nothing reads after this step. */
  readonly last: readonly string[];
}

/**
 * A causal language model that reads on from what it has read: keys and values of earlier tokens are kept, so that
 * one more token costs one token's products and not a window's. The same numbers as a run of the whole text
 * gives at its last position.
 */
export class IncrementalDecoder {
  /** Tokens that may be read in all. */
  readonly tokens: number;
  readonly vocabulary: number;
  readonly #inputId: string;
  readonly #output: string;
  readonly #steps: readonly Step[];
  readonly #uploaded = new Map<Weight, tf.Tensor>();
  readonly #upload: Upload = (weight) => {
    const known = this.#uploaded.get(weight);
    if (known) return known;
    assertWeightFits(weight.shape);
    const tensor = tf.tensor(weight.values, [...weight.shape], 'float32');
    this.#uploaded.set(weight, tensor);
    return tensor;
  };

  /**
   * Uploads the weights; the caller calls `dispose`.
   *
   * @throws NotALanguageModelError, NotIncrementalError, BufferLimitError
   */
  constructor(network: Network) {
    const { tokens, vocabulary } = languageShape(network);
    [this.tokens, this.vocabulary, this.#output] = [tokens, vocabulary, network.outputs[0]];
    for (const node of network.nodes) assertIncremental(node);
    const nodes = network.nodes.filter((node): node is Step['node'] => node.op !== 'input');
    this.#inputId = network.nodes.find(({ op }) => op === 'input')?.id ?? '';
    const lastReader = new Map(nodes.flatMap(({ inputs }, at) => inputs.map((id) => [id, at] as const)));
    try {
      this.#steps = nodes.map((node, at) => ({
        node,
        whole: operatorOf(node, this.#upload),
        last: [...new Set(node.inputs)].filter((id) => lastReader.get(id) === at && id !== this.#inputId && id !== this.#output),
      }));
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /**
   * Reads token ids, as many in each row: a whole text, or one more token after `past`, which stays the caller's
   * and may be read on from again.
   */
  async read(rows: readonly (readonly number[])[], past?: Past): Promise<Reading> {
    const tokens = rows[0].length;
    if (past && (tokens !== 1 || past.rows !== rows.length)) {
      throw new RangeError(`${rows.length} × ${tokens} tokens cannot follow a past of ${past.rows} rows: it is one token for each.`);
    }
    const before = past?.tokens ?? 0;
    if (before + tokens > this.tokens) throw new RangeError(`${before + tokens} tokens are more than the ${this.tokens} that the network reads at once.`);
    const attentions = this.#steps.filter(({ node }) => node.op === 'attention').map(({ node: { id } }) => id);
    const [z, ...kept] = tf.tidy(() => this.#run(rows, past));
    const values = new Map(attentions.map((id, k) => [id, [kept[2 * k], kept[2 * k + 1]] as [tf.Tensor3D, tf.Tensor3D]]));
    try {
      return { logits: (await z.data()) as Float32Array, past: new Past(rows.length, before + tokens, values) };
    } catch (error) {
      tf.dispose(kept);
      throw error;
    } finally {
      z.dispose();
    }
  }

  dispose(): void {
    tf.dispose([...this.#uploaded.values()]);
    this.#uploaded.clear();
  }

  /** The scores of the last tokens, then keys and values of each attention node in their order. */
  #run(rows: readonly (readonly number[])[], past: Past | undefined): tf.Tensor[] {
    const values = new Map<string, tf.Tensor>([[this.#inputId, tf.tensor2d(rows.flat(), [rows.length, rows[0].length], 'float32')]]);
    const kept: tf.Tensor[] = [];
    for (const { node, whole, last } of this.#steps) {
      const inputs = node.inputs.map((id) => valueOf(values, id));
      if (node.op === 'attention') {
        const [q, ...own] = inputs;
        const earlier = past?.values.get(node.id);
        const seen = own.map((x, k) => (earlier ? tf.concat([earlier[k], x as tf.Tensor3D], 1) : x.clone()));
        kept.push(...seen);
        values.set(node.id, tf.tidy(() => (earlier ? unmasked(node, this.#upload) : whole)([q, ...seen])));
      } else {
        const run = past ? continued(node, whole, past.tokens, this.#upload) : whole;
        // a head of many tokens is wanted for the last one alone
        const given = node.id === this.#output && TOKENWISE.has(node.op) ? inputs.map(lastToken) : inputs;
        values.set(node.id, tf.tidy(() => run(given)));
      }
      for (const id of last) values.get(id)?.dispose();
    }
    const z = valueOf(values, this.#output);
    return [z.shape[1] === 1 ? z : lastToken(z), ...kept];
  }
}

/** @throws NotIncrementalError */
function assertIncremental(node: Node): void {
  if (TOKENWISE.has(node.op) || node.op === 'input' || node.op === 'positions' || node.op === 'rotary') return;
  if (node.op === 'attention') {
    if (!node.attributes.causal || node.attributes.window) throw new NotIncrementalError(node, 'sees later tokens too');
    return;
  }
  if (node.op === 'slice' || node.op === 'concat') {
    if (node.attributes.axis !== 1) throw new NotIncrementalError(node, 'takes or joins tokens by their place');
    return;
  }
  throw new NotIncrementalError(node, 'mixes tokens or does not keep them apart');
}

/** One query that sees all there is. */
function unmasked(node: NodeOf<'attention'>, upload: Upload): Operator {
  return operatorOf({ ...node, attributes: { ...node.attributes, causal: false } }, upload);
}

/** The operator of a node for tokens that `before` others precede. */
function continued(node: Step['node'], whole: Operator, before: number, upload: Upload): Operator {
  if (node.op === 'positions') return operatorOf({ ...node, attributes: { start: node.attributes.start + before } }, upload);
  return node.op === 'rotary' ? rotaryOperator(node, before) : whole;
}

function lastToken(x: tf.Tensor): tf.Tensor {
  const [rows, tokens] = x.shape;
  if (tokens === 1) return x;
  return x.rank === 2 ? tf.slice(x, [0, tokens - 1], [rows, 1]) : tf.slice(x, [0, tokens - 1, 0], [rows, 1, x.shape[2] ?? 0]);
}

function valueOf(values: ReadonlyMap<string, tf.Tensor>, id: string): tf.Tensor {
  const value = values.get(id);
  if (!value) throw new Error(`No value for node "${id}".`);
  return value;
}
