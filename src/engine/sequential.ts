import * as tf from '@tensorflow/tfjs-core';
import { coupling, keptFeatures } from '../network/coupling.ts';
import { isConsumer, kernelAxes, type ConsumerNode, type Network, type Node, type NodeOf, type Weight } from '../network/network.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { inferShapes } from '../network/shapes.ts';
import { prune } from '../network/surgery.ts';
import { consumerLayers, type ConsumerLayer } from '../pruning/consumerLayers.ts';
import type { Compensation } from '../pruning/pruneRequest.ts';
import { batchWithinLimits, releaseUnused } from './backend.ts';
import { BATCH, largestValueBytes } from './batches.ts';
import { assertInputShape, type ImageSource } from './imageSource.ts';
import { JobClock, type Job } from './job.ts';
import type { Correlator } from './kernels/correlator.ts';
import { layerTarget, type PassState, type Values } from './layerTarget.ts';
import { applyNode, readAll } from './nodewise.ts';
import { refit } from './refit.ts';

/**
 * Sequential compensation: the intact and the pruned network run side by side over the images,
 * node by node. Each consumer is refitted from what it now receives (`x̂`, from the layers already
 * pruned before it) to what it gave in the intact network (`Y`), so errors do not pile up. A layer
 * that writes into a residual stream also takes on the stream's present error.
 *
 * Every consumer whose input has changed is refitted, also where none of its inputs was cut.
 * Memory: the live values of both networks for all images (about 200 MB for 512 CIFAR images of a
 * ResNet-20), freed at each value's last use.
 *
 * @throws CancelledError, DeviceLostError, InputShapeError, and what surgery throws
 */
export async function pruneSequentially(
  network: Network,
  keep: PrunePlan['keep'],
  method: Compensation,
  images: ImageSource,
  correlator: Correlator | undefined,
  job: Job = {},
): Promise<PrunePlan> {
  if (method === 'none') return { keep, weights: {} };
  return new SequentialPass(network, keep, method, correlator).run(images, job);
}

type NormStatistics = NonNullable<PrunePlan['norms']>[string];

class SequentialPass {
  readonly #network: Network;
  readonly #keep: PrunePlan['keep'];
  readonly #method: Compensation;
  readonly #correlator: Correlator | undefined;
  /** Every node at its final size: cut by surgery, with what the pass has fitted so far. */
  readonly #sliced: Map<string, Node>;
  /** Node id → its layers: several for a grouped convolution, none where its weights stay. */
  readonly #layers = new Map<string, ConsumerLayer[]>();
  readonly #keptOutputs: (id: string) => readonly number[] | undefined;
  readonly #values = new Map<string, Values>();
  /** Means into which biases went. */
  readonly #norms: Record<string, NormStatistics> = {};
  readonly #state: PassState;

  constructor(network: Network, keep: PrunePlan['keep'], method: Compensation, correlator: Correlator | undefined) {
    this.#network = network;
    this.#keep = keep;
    this.#method = method;
    this.#correlator = correlator;
    const coupled = coupling(network);
    this.#sliced = new Map(prune(network, { keep, weights: {} }).nodes.map((node) => [node.id, node]));
    for (const layer of consumerLayers(network, coupled)) {
      if (layer.statistics !== 'gram') continue;
      this.#layers.set(layer.node.id, [...(this.#layers.get(layer.node.id) ?? []), layer]);
    }
    this.#keptOutputs = (id) => {
      const features = coupled.features.get(id);
      return features && keptFeatures(features, keep);
    };
    this.#state = {
      network,
      value: (id) => this.#values.get(id),
      present: (id) => this.#sliced.get(id),
      keptOutputs: this.#keptOutputs,
    };
  }

  async run(images: ImageSource, job: Job): Promise<PrunePlan> {
    const shapes = inferShapes(this.#network);
    const input = this.#network.nodes.find((node) => node.op === 'input');
    assertInputShape(images, input ? shapes.get(input.id) ?? [] : []);
    const clock = new JobClock(job, this.#network.nodes.length);
    const lastUse = new Map(this.#network.nodes.flatMap((node, at) => node.inputs.map((id) => [id, at] as const)));
    const weights: Record<string, PrunePlan['weights'][string]> = {};
    try {
      for (const [at, node] of this.#network.nodes.entries()) {
        if (node.op === 'input') {
          const batches = await readAll(images, batchWithinLimits(BATCH, largestValueBytes(this.#network)), clock);
          this.#values.set(node.id, { intact: batches, pruned: batches });
        } else {
          const refitted = await this.#step(node, clock);
          if (refitted) weights[node.id] = refitted;
        }
        for (const id of node.inputs) if (lastUse.get(id) === at) this.#release(id);
        await clock.tick(at + 1);
      }
      releaseUnused();
    } finally {
      for (const id of Array.from(this.#values.keys())) this.#release(id);
    }
    return { keep: this.#keep, weights, ...(Object.keys(this.#norms).length > 0 ? { norms: this.#norms } : {}) };
  }

  /** Computes a node's value in both networks; first refits it if it is a consumer with changed input. */
  async #step(node: Exclude<Node, NodeOf<'input'>>, clock: JobClock): Promise<PrunePlan['weights'][string] | undefined> {
    const inputs = node.inputs.map((id) => this.#valueOf(id));
    const intact = applyNode(node, inputs.map((value) => value.intact));
    const layers = this.#layers.get(node.id);
    const changed = inputs.some((value) => value.intact !== value.pruned);
    const keptOutputs = this.#keptOutputs(node.id);
    let present = this.#sliced.get(node.id) as typeof node;
    try {
      if (!changed && !keptOutputs) {
        this.#values.set(node.id, { intact, pruned: intact });
        return undefined;
      }
      let refitted: PrunePlan['weights'][string] | undefined;
      if (layers && changed && isConsumer(present) && isConsumer(node)) {
        const cut: ConsumerNode = present;
        const { kernel, bias } = await refit(
          {
            layers,
            present: cut,
            inputs: inputs[0].pruned,
            target: layerTarget(node, intact, this.#state),
            method: this.#method,
            correlator: this.#correlator,
            outputsWith: (other) => applyNode({ ...cut, weights: { kernel: other } } as ConsumerNode, [inputs[0].pruned]),
          },
          clock,
        );
        const fitted = this.#withBias({ ...cut, weights: { ...cut.weights, kernel } } as ConsumerNode, bias);
        present = fitted as typeof present;
        refitted = this.#replacement(node, fitted, keptOutputs);
      }
      this.#values.set(node.id, { intact, pruned: applyNode(present, inputs.map((value) => value.pruned)) });
      return refitted;
    } finally {
      if (!this.#values.has(node.id)) tf.dispose([...intact]);
    }
  }

  /**
   * The node with the fitted bias added to its own. Where it has none and a norm alone reads it, the
   * bias goes into that norm's mean, and costs nothing.
   */
  #withBias(node: ConsumerNode, added: Float64Array | undefined): ConsumerNode {
    if (!added) return node;
    const whole = this.#layers.get(node.id)?.[0].norm;
    const norm = whole && this.#sliced.get(whole.id);
    if (whole && norm?.op === 'batchNorm' && !node.weights.bias) {
      const { mean, variance } = norm.weights;
      const moved = { shape: mean.shape, values: mean.values.map((value, c) => value - added[c]) };
      this.#sliced.set(norm.id, { ...norm, weights: { ...norm.weights, mean: moved } });
      const kept = this.#keptOutputs(norm.id);
      const [channels] = whole.weights.mean.shape;
      this.#norms[norm.id] = { mean: spread(moved, 0, channels, kept), variance: spread(variance, 0, channels, kept) };
      return node;
    }
    const own = node.weights.bias?.values ?? new Float32Array(added.length);
    const bias = { shape: [added.length], values: own.map((value, c) => value + added[c]) };
    return { ...node, weights: { ...node.weights, bias } } as ConsumerNode;
  }

  /** The fitted node's weights as a plan wants them: whole along the outputs, with zeros where they will be cut. */
  #replacement(node: ConsumerNode, { weights: { kernel, bias } }: ConsumerNode, kept: readonly number[] | undefined): PrunePlan['weights'][string] {
    const axis = kernelAxes(node).out;
    const outputs = node.weights.kernel.shape[axis];
    return { kernel: spread(kernel, axis, outputs, kept), ...(bias ? { bias: spread(bias, 0, outputs, kept) } : {}) };
  }

  #valueOf(id: string): Values {
    const value = this.#values.get(id);
    if (!value) throw new Error(`Node "${id}" was read before it was computed.`);
    return value;
  }

  #release(id: string): void {
    const value = this.#values.get(id);
    if (!value) return;
    tf.dispose([...value.intact]);
    if (value.pruned !== value.intact) tf.dispose([...value.pruned]);
    this.#values.delete(id);
  }
}

/** A weight at its size before the cut along `axis`: zeros where channels are not kept. */
function spread(weight: Weight, axis: number, size: number, kept: readonly number[] | undefined): Weight {
  if (!kept) return weight;
  const shape = weight.shape.with(axis, size);
  const inner = weight.shape.slice(axis + 1).reduce((product, length) => product * length, 1);
  const whole: Weight = { shape, values: new Float32Array(shape.reduce((product, length) => product * length, 1)) };
  weight.values.forEach((value, at) => {
    const [outer, c] = [Math.floor(at / inner / kept.length), Math.floor(at / inner) % kept.length];
    whole.values[(outer * size + kept[c]) * inner + (at % inner)] = value;
  });
  return whole;
}
