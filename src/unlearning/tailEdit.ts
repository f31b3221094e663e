import * as tf from '@tensorflow/tfjs-core';
import { releaseUnused } from '../engine/backend.ts';
import { topClasses } from '../engine/evaluate.ts';
import type { JobClock } from '../engine/job.ts';
import type { Correlator } from '../engine/kernels/correlator.ts';
import { layerTarget, type LayerTarget, type PassState, type Values } from '../engine/layerTarget.ts';
import { applyNode } from '../engine/nodewise.ts';
import { measureLayer } from '../engine/refit.ts';
import { compensate } from '../fidelity/compensation.ts';
import type { LayerStatistics } from '../fidelity/layerStatistics.ts';
import { isConsumer, type ConsumerNode, type Network, type Node } from '../network/network.ts';
import type { ConsumerLayer } from '../pruning/consumerLayers.ts';
import { componentWeights, writeWeights } from '../pruning/layerWeights.ts';
import { blendedStatistics } from './blendedStatistics.ts';
import type { Clusters } from './clusters.ts';
import { pooledTerm, type LayerPictures } from './pooledTerms.ts';
import type { Tail } from './tail.ts';
import type { TailPictures } from './tailPictures.ts';
import type { UnlearnRequest } from './unlearnRequest.ts';

/** Everything that stays the same while shares are tried. */
export interface TailSetting {
  readonly network: Network;
  readonly tail: Tail;
  readonly retain: TailPictures;
  readonly forget: TailPictures;
  readonly clusters: Clusters;
  readonly request: Pick<UnlearnRequest, 'classes' | 'compensate' | 'mu' | 'erase'>;
  readonly correlator: Correlator | undefined;
}

/**
 * How many standard deviations the forgotten classes' lead over the rest is to lie below zero at an edited head,
 * over the given forget pictures. Others of the class spread wider than those that the fit has seen, so it is
 * more than the tail of a normal distribution needs.
 */
const SAFETY = 6;

/** What an edit makes of the tail. */
export interface EditedTail {
  /** Changed nodes by id: consumers, and norms into whose means biases went. No channel is cut yet. */
  readonly nodes: ReadonlyMap<string, Node>;
  /** The class that the edited network gives each forget and retain picture. */
  readonly forget: Int32Array;
  readonly retain: Int32Array;
}

/** How far below the least retain mean the head’s scores of forgotten classes are to lie, in units of the range of those means. */
const MARGIN = 1;

/**
 * Takes input channels out of the tail's layers (zeros where they were read) and refits what stays, from
 * the first edited layer on: each is fitted on what it receives now, from the layers edited before it.
 *
 * What a layer is to give for a retain picture is its output in the intact network, and where it writes
 * into a residual stream the stream's present error too (`layerTarget`). For a forget picture the means over
 * the retain pictures of the clusters in its mixture stand in for the intact network, in the stream as well, so
 * the stream comes out without the class. Where the features that the head reads are made, pooled errors count
 * too (`pooledTerm`). At the head, the forgotten classes' scores are to fall below the
 * least retain mean.
 *
 * @param removed layer id → input channels that leave
 * @throws CancelledError, DeviceLostError
 */
export async function editTail(setting: TailSetting, removed: ReadonlyMap<string, readonly number[]>, clock: JobClock): Promise<EditedTail> {
  return new TailPass(setting, removed, clock).run();
}

class TailPass {
  readonly #setting: TailSetting;
  readonly #removed: ReadonlyMap<string, readonly number[]>;
  readonly #clock: JobClock;
  readonly #retain: Map<string, Values>;
  /** `intact`: what stands for it, the cluster means; where nothing asks for them, as `pruned`. */
  readonly #forget: Map<string, Values>;
  readonly #nodes = new Map<string, Node>();
  /** What this pass made, and frees. */
  readonly #made = new Set<tf.Tensor>();
  /** Whether forget pictures have a target. */
  readonly #aware: boolean;

  constructor(setting: TailSetting, removed: ReadonlyMap<string, readonly number[]>, clock: JobClock) {
    this.#setting = setting;
    this.#removed = removed;
    this.#clock = clock;
    this.#aware = setting.request.compensate === 'forgetAware';
    const { retain, forget } = setting;
    this.#retain = new Map(Array.from(retain.frontier, ([id, batches]) => [id, { intact: batches, pruned: batches }]));
    this.#forget = new Map();
    for (const [id, pruned] of forget.frontier) {
      this.#forget.set(id, { intact: this.#standIns(this.#retain.get(id)?.intact ?? [], pruned), pruned });
    }
  }

  async run(): Promise<EditedTail> {
    const { tail } = this.#setting;
    const lastUse = new Map(tail.nodes.flatMap((node, at) => node.inputs.map((id) => [id, at] as const)));
    try {
      for (const [at, node] of tail.nodes.entries()) {
        await this.#step(node);
        for (const id of node.inputs) if (lastUse.get(id) === at && id !== tail.logits) this.#release(id);
        await this.#clock.breathe();
      }
      const [retain, forget] = [await this.#classes(this.#retain), await this.#classes(this.#forget)];
      return { nodes: this.#nodes, retain, forget };
    } finally {
      tf.dispose([...this.#made]);
      releaseUnused();
    }
  }

  async #step(node: Tail['nodes'][number]): Promise<void> {
    const [retain, forget] = [this.#retain, this.#forget].map((values) => node.inputs.map((id) => valueOf(values, id)));
    const intact = this.#keep(applyNode(node, retain.map((value) => value.intact)));
    const layers = this.#setting.tail.layers.get(node.id);
    let present = (this.#nodes.get(node.id) ?? node) as typeof node;
    const standIns = this.#aware ? this.#standIns(intact, forget[0].pruned, node.id === this.#setting.tail.head?.id) : undefined;
    if (layers && isConsumer(present)) {
      present = await this.#edited(present, layers, { retain: retain[0].pruned, forget: forget[0].pruned }, intact, standIns) as typeof node;
      if (standIns && node.id === this.#setting.tail.head?.id) present = (await this.#lowered(present as ConsumerNode, forget[0].pruned)) as typeof node;
      this.#nodes.set(node.id, present);
    }
    const now = [retain, forget].map((inputs) => this.#keep(applyNode(present, inputs.map((value) => value.pruned))));
    this.#retain.set(node.id, { intact, pruned: now[0] });
    this.#forget.set(node.id, { intact: standIns ?? now[1], pruned: now[1] });
  }

  async #edited(
    node: ConsumerNode,
    layers: readonly ConsumerLayer[],
    inputs: { readonly retain: readonly tf.Tensor[]; readonly forget: readonly tf.Tensor[] },
    intact: readonly tf.Tensor[],
    standIns: readonly tf.Tensor[] | undefined,
  ): Promise<ConsumerNode> {
    const { kernel } = node.weights;
    const edited = { shape: kernel.shape, values: new Float32Array(kernel.values.length) };
    const outputs = layers.reduce((sum, { m }) => sum + m, 0);
    const bias = new Float64Array(outputs);
    const { clusters, tail, request: { compensate: method, mu, erase } } = this.#setting;
    for (const layer of layers) {
      const kept = keptInputs(layer, this.#removed.get(layer.id) ?? []);
      const whole = new Float64Array(layer.m * layer.n * layer.p);
      let fitted: { readonly weights: Float64Array; readonly bias?: Float64Array };
      if (method === 'none') fitted = { weights: gathered(componentWeights(layer, kernel), layer, kept) };
      else {
        const retain = { inputs: inputs.retain, target: this.#target(node, intact, this.#retain), clusters: clusters.retain };
        const terms = [{ statistics: await this.#measure(layer, node, retain), weight: 1 }];
        if (standIns) {
          const forget = { inputs: inputs.forget, target: this.#target(node, standIns, this.#forget), clusters: clusters.forget };
          terms.push({ statistics: await this.#measure(layer, node, forget), weight: mu });
          if (erase > 0 && node.id === tail.features) terms.push(await pooledTerm({ ...layer, node }, retain, forget, mu, erase));
        }
        fitted = compensate(blendedStatistics(terms), kept, method === 'scale' ? 'scale' : 'leastSquaresBias');
      }
      spread(fitted.weights, layer, kept, whole);
      writeWeights(layer, whole, edited);
      if (fitted.bias) bias.set(fitted.bias, layer.part * layer.m);
    }
    return this.#withBias({ ...node, weights: { ...node.weights, kernel: edited } } as ConsumerNode, layers[0], bias);
  }

  /**
   * The head with the forgotten classes' biases so low that their lead over the best other class, over the forget
   * pictures, is `SAFETY` standard deviations below zero on the mean. No score of another class changes.
   */
  async #lowered(head: ConsumerNode, inputs: readonly tf.Tensor[]): Promise<ConsumerNode> {
    const { request: { classes: forgotten }, tail: { classes } } = this.#setting;
    const leads: number[] = [];
    for (const scores of applyNode(head, [inputs])) {
      const values = await scores.data();
      scores.dispose();
      for (let first = 0; first < values.length; first += classes) leads.push(leadOf(values.subarray(first, first + classes), forgotten));
    }
    const mean = leads.reduce((sum, lead) => sum + lead, 0) / leads.length;
    const spread = Math.sqrt(leads.reduce((sum, lead) => sum + (lead - mean) ** 2, 0) / leads.length);
    const excess = Math.max(0, mean + SAFETY * spread);
    const bias = Float32Array.from(head.weights.bias?.values ?? new Float32Array(classes), (value, c) => (forgotten.includes(c) ? value - excess : value));
    return { ...head, weights: { ...head.weights, bias: { shape: [classes], values: bias } } } as ConsumerNode;
  }

  /** What the node is to give for pictures of whose values these are. */
  #target(node: ConsumerNode, outputs: readonly tf.Tensor[], values: ReadonlyMap<string, Values>): LayerTarget {
    const state: PassState = {
      network: this.#setting.network,
      value: (id) => values.get(id),
      present: (id) => this.#nodes.get(id) ?? this.#setting.network.nodes.find((other) => other.id === id),
      keptOutputs: () => undefined,
    };
    return layerTarget(node, outputs, state);
  }

  async #measure(layer: ConsumerLayer, node: ConsumerNode, { inputs, target }: LayerPictures): Promise<LayerStatistics> {
    const { correlator } = this.#setting;
    const { statistics } = await measureLayer({ ...layer, node }, { inputs, target, method: 'leastSquaresBias', correlator }, this.#clock);
    return statistics;
  }

  /** The node with this added to its bias; where it has none and a norm alone reads it, in that norm's mean. */
  #withBias(node: ConsumerNode, { norm }: ConsumerLayer, added: Float64Array): ConsumerNode {
    if (added.every((value) => value === 0)) return node;
    const { bias } = node.weights;
    if (norm && !bias) {
      const { mean } = norm.weights;
      this.#nodes.set(norm.id, { ...norm, weights: { ...norm.weights, mean: { shape: mean.shape, values: mean.values.map((value, c) => value - added[c]) } } });
      return node;
    }
    const values = Float32Array.from(added, (value, c) => value + (bias?.values[c] ?? 0));
    return { ...node, weights: { ...node.weights, bias: { shape: [added.length], values } } } as ConsumerNode;
  }

  /**
   * For every forget picture the means of the retain pictures of each cluster in its mixture, in batches like
   * `like`; at the head with the forgotten classes below the rest.
   */
  #standIns(retain: readonly tf.Tensor[], like: readonly tf.Tensor[], head = false): tf.Tensor[] {
    const { clusters, request } = this.#setting;
    const means = tf.tidy(() => {
      const found = clusterMeans(retain, clusters);
      return head ? withoutClasses(found, request.classes) : found;
    });
    const { count, mixture } = clusters;
    const [, ...shape] = means.shape;
    let first = 0;
    const batches = like.map(({ shape: [images] }) => {
      const shares = mixture.subarray(first * count, (first + images) * count);
      first += images;
      return tf.tidy(() => tf.reshape(tf.matMul(tf.tensor2d(shares, [images, count]), tf.reshape(means, [count, -1]) as tf.Tensor2D), [images, ...shape]));
    });
    means.dispose();
    return this.#keep(batches);
  }

  async #classes(values: ReadonlyMap<string, Values>): Promise<Int32Array> {
    const { logits, classes } = this.#setting.tail;
    const found: number[] = [];
    for (const batch of valueOf(values, logits).pruned) {
      const scores = (await batch.data()) as Float32Array;
      found.push(...topClasses({ images: batch.shape[0], classes, values: scores }));
    }
    return Int32Array.from(found);
  }

  #keep(tensors: tf.Tensor[]): tf.Tensor[] {
    for (const tensor of tensors) this.#made.add(tensor);
    return tensors;
  }

  #release(id: string): void {
    for (const value of [this.#retain.get(id), this.#forget.get(id)]) {
      for (const tensor of [...(value?.intact ?? []), ...(value?.pruned ?? [])]) if (this.#made.delete(tensor)) tensor.dispose();
    }
  }
}

/** `clusters × …` */
function clusterMeans(batches: readonly tf.Tensor[], { count, retain }: Clusters): tf.Tensor {
  let first = 0;
  const [shape] = batches.map((batch) => batch.shape.slice(1));
  const sums = batches.map((batch) => {
    const images = batch.shape[0];
    const rows = Array.from(retain.subarray(first, first + images));
    first += images;
    const sizes = Array.from({ length: count }, (_, c) => retain.reduce((sum, own) => sum + (own === c ? 1 : 0), 0));
    const shares = tf.tensor2d(Array.from({ length: count }, (_, c) => rows.map((own) => (own === c ? 1 / sizes[c] : 0))), [count, images]);
    return tf.matMul(shares, tf.reshape(batch, [images, -1]) as tf.Tensor2D);
  });
  return tf.reshape(tf.addN(sums), [count, ...shape]);
}

/** Class scores with those of `classes` below the least mean of the others. */
function withoutClasses(means: tf.Tensor, classes: readonly number[]): tf.Tensor {
  const size = means.shape[means.rank - 1];
  const gone = tf.tensor1d(Array.from({ length: size }, (_, c) => (classes.includes(c) ? 1 : 0)), 'float32');
  const average = tf.mean(means, 0);
  const least = tf.min(tf.add(average, tf.mul(gone, 1e9)));
  const range = tf.sub(tf.max(average), tf.min(average));
  const low = tf.sub(least, tf.mul(range, MARGIN));
  return tf.add(tf.mul(means, tf.sub(1, gone)), tf.mul(gone, low));
}

/** The greatest score of a forgotten class less the greatest of another. */
function leadOf(scores: ArrayLike<number>, forgotten: readonly number[]): number {
  let [own, other] = [-Infinity, -Infinity];
  for (let c = 0; c < scores.length; c++) {
    if (forgotten.includes(c)) own = Math.max(own, scores[c]);
    else other = Math.max(other, scores[c]);
  }
  return own - other;
}

function keptInputs({ n }: ConsumerLayer, removed: readonly number[]): number[] {
  const gone = new Set(removed);
  return Array.from({ length: n }, (_, i) => i).filter((i) => !gone.has(i));
}

/** The columns of the kept inputs, row-major `m × kp`. */
function gathered(weights: Float64Array, { n, p, m }: ConsumerLayer, kept: readonly number[]): Float64Array {
  const own = new Float64Array(m * kept.length * p);
  for (let c = 0; c < m; c++) kept.forEach((i, k) => own.set(weights.subarray((c * n + i) * p, (c * n + i + 1) * p), (c * kept.length + k) * p));
  return own;
}

/** The inverse: writes `m × kp` to its places in `whole`. */
function spread(weights: Float64Array, { n, p, m }: ConsumerLayer, kept: readonly number[], whole: Float64Array): void {
  for (let c = 0; c < m; c++) {
    kept.forEach((_, k) => whole.set(weights.subarray((c * kept.length + k) * p, (c * kept.length + k + 1) * p), (c * n + kept[k]) * p));
  }
}

function valueOf(values: ReadonlyMap<string, Values>, id: string): Values {
  const value = values.get(id);
  if (!value) throw new Error(`Node "${id}" was read before it was computed.`);
  return value;
}
