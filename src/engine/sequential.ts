import * as tf from '@tensorflow/tfjs-core';
import { compensate } from '../fidelity/compensation.ts';
import type { LayerStatistics } from '../fidelity/layerStatistics.ts';
import { coupling, keptFeatures } from '../network/coupling.ts';
import { isConsumer, kernelAxes, type ConsumerNode, type Network, type Node, type NodeOf, type Weight } from '../network/network.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { inferShapes } from '../network/shapes.ts';
import { prune } from '../network/surgery.ts';
import { consumerLayers, type ConsumerLayer } from '../pruning/consumerLayers.ts';
import { componentWeights, kernelSize, writeWeights } from '../pruning/layerWeights.ts';
import type { Compensation } from '../pruning/pruneRequest.ts';
import { assertDeviceHealthy, batchWithinLimits, releaseUnused } from './backend.ts';
import { BATCH, largestValueBytes, readBatch } from './calibrate.ts';
import { layerGeometry } from './geometry.ts';
import { addInto, crossProduct, gramAccumulator } from './gramAccumulator.ts';
import { assertInputShape, type ImageSource } from './imageSource.ts';
import { JobClock, type Job } from './job.ts';
import type { Correlator } from './kernels/correlator.ts';
import { layerInput, layerOutput } from './layerInput.ts';
import { normAffine, operatorOf } from './operators.ts';

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

/** A value of both networks, one tensor a batch. Where nothing has changed yet, `pruned` is `intact`. */
interface Values {
  readonly intact: readonly tf.Tensor[];
  readonly pruned: readonly tf.Tensor[];
}

class SequentialPass {
  readonly #network: Network;
  readonly #keep: PrunePlan['keep'];
  readonly #method: Compensation;
  readonly #correlator: Correlator | undefined;
  /** Surgery without compensation: every node's weights at their final size. */
  readonly #sliced: ReadonlyMap<string, Node>;
  /** Node id → its layers: several for a grouped convolution, none where its weights stay. */
  readonly #layers = new Map<string, ConsumerLayer[]>();
  readonly #keptOutputs: (id: string) => readonly number[] | undefined;
  readonly #values = new Map<string, Values>();

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
    return { keep: this.#keep, weights };
  }

  /** Computes a node's value in both networks; first refits it if it is a consumer with changed input. */
  async #step(node: Exclude<Node, NodeOf<'input'>>, clock: JobClock): Promise<PrunePlan['weights'][string] | undefined> {
    const inputs = node.inputs.map((id) => this.#valueOf(id));
    const intact = apply(node, inputs.map((value) => value.intact));
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
        const kernel = await this.#refit(layers, present, inputs[0].pruned, intact, clock);
        present = { ...present, weights: { ...present.weights, kernel } } as typeof present;
        refitted = { ...node.weights, kernel: spreadOutputs(node, kernel, keptOutputs) };
      }
      this.#values.set(node.id, { intact, pruned: apply(present, inputs.map((value) => value.pruned)) });
      return refitted;
    } finally {
      if (!this.#values.has(node.id)) tf.dispose([...intact]);
    }
  }

  /** The kernel with which `present`, the cut node, rebuilds its targets best. */
  async #refit(
    layers: readonly ConsumerLayer[],
    present: ConsumerNode,
    inputs: readonly tf.Tensor[],
    outputs: readonly tf.Tensor[],
    clock: JobClock,
  ): Promise<Weight> {
    const { kernel } = present.weights;
    const fitted: Weight = { shape: kernel.shape, values: new Float32Array(kernel.values.length) };
    for (const layer of layers) {
      const statistics = await this.#statistics({ ...layer, node: present }, inputs, outputs, clock);
      const all = Array.from({ length: statistics.n }, (_, i) => i);
      writeWeights(layer, compensate(statistics, all, this.#method).weights, fitted);
    }
    return fitted;
  }

  /** What the refit of one layer rests on: Gram of its present inputs, cross products with its targets. */
  async #statistics(
    layer: ConsumerLayer,
    inputs: readonly tf.Tensor[],
    outputs: readonly tf.Tensor[],
    clock: JobClock,
  ): Promise<LayerStatistics> {
    const { kernel, bias } = layer.node.weights;
    const geometry = layerGeometry(layer, inputs[0].shape.slice(1));
    const { n, m } = kernelSize(layer, kernel);
    const accumulator = gramAccumulator(geometry, this.#correlator);
    const cross = new Float64Array(m * n * layer.p);
    const energy = new Float64Array(m);
    let count = 0;
    const kept = this.#keptOutputs(layer.node.id);
    const error = this.#streamError(layer.node.id);
    try {
      for (const [batch, whole] of inputs.entries()) {
        const x = layerInput(layer, geometry, whole);
        const target = tf.tidy(() => {
          let y = kept ? tf.gather(outputs[batch], [...kept], outputs[batch].rank - 1) : outputs[batch];
          if (bias) y = tf.sub(y, tf.tensor1d(bias.values));
          return layerOutput(layer, error ? tf.add(y, error(batch)) : y);
        });
        const squares = tf.tidy(() => tf.sum(tf.square(target), target.shape.map((_, axis) => axis).slice(0, -1)));
        try {
          await accumulator.add(x);
          addInto(cross, await crossProduct(geometry, x, target, this.#correlator));
          addInto(energy, Float64Array.from(await squares.data()));
        } finally {
          tf.dispose([x, target, squares]);
        }
        count += x.shape[0];
        assertDeviceHealthy();
        await clock.breathe();
      }
      const gram = await accumulator.take();
      for (const sums of [gram, cross, energy]) for (let k = 0; k < sums.length; k++) sums[k] /= count;
      return { n, p: layer.p, m, gram, cross, energy, weights: componentWeights(layer, kernel) };
    } finally {
      accumulator.dispose();
    }
  }

  /**
   * The present error of the residual stream that this layer writes into, in units of the layer's
   * own output: for `add(norm(layer), others…)` with all others already computed,
   * `(Σ others − Σ others') / scale of the norm`. Undefined where there is none.
   */
  #streamError(id: string): ((batch: number) => tf.Tensor) | undefined {
    let [reader, ...more] = this.#readers(id);
    let written = id;
    let scale: Float64Array | undefined;
    if (reader?.op === 'batchNorm' && more.length === 0) {
      scale = normAffine(this.#sliced.get(reader.id) as NodeOf<'batchNorm'>).scale;
      written = reader.id;
      [reader, ...more] = this.#readers(reader.id);
    }
    if (reader?.op !== 'add' || more.length > 0) return undefined;
    const others = reader.inputs.filter((input) => input !== written);
    const values = others.map((other) => this.#values.get(other));
    if (values.length === 0 || values.some((value) => !value || value.intact === value.pruned)) return undefined;
    const kept = this.#keptOutputs(reader.id);
    // where the norm all but switches a channel off, it cannot carry a correction
    const perUnit = scale && Float32Array.from(scale, (s) => (Math.abs(s) > 1e-3 ? 1 / s : 0));
    return (batch) =>
      tf.tidy(() => {
        const errors = values.flatMap((value) => {
          if (!value) return [];
          const intact = value.intact[batch];
          return [tf.sub(kept ? tf.gather(intact, [...kept], intact.rank - 1) : intact, value.pruned[batch])];
        });
        const sum = errors.reduce((total, error) => tf.add(total, error));
        return perUnit ? tf.mul(sum, tf.tensor1d(perUnit)) : sum;
      });
  }

  #readers(id: string): Node[] {
    return this.#network.nodes.filter(({ inputs }) => inputs.includes(id));
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

function apply(node: Exclude<Node, NodeOf<'input'>>, inputs: readonly (readonly tf.Tensor[])[]): tf.Tensor[] {
  const uploaded: tf.Tensor[] = [];
  const operator = operatorOf(node, (weight) => {
    const tensor = tf.tensor(weight.values, [...weight.shape], 'float32');
    uploaded.push(tensor);
    return tensor;
  });
  const values = inputs[0].map((_, batch) => tf.tidy(() => operator(inputs.map((input) => input[batch]))));
  tf.dispose(uploaded);
  return values;
}

async function readAll(images: ImageSource, batch: number, clock: JobClock): Promise<tf.Tensor[]> {
  const batches: tf.Tensor[] = [];
  try {
    for (let done = 0; done < images.count; done += batch) {
      batches.push(await readBatch(images, done, Math.min(batch, images.count - done)));
      await clock.breathe();
    }
  } catch (error) {
    tf.dispose(batches);
    throw error;
  }
  return batches;
}

/** A kernel for the kept outputs with zeros where outputs will be cut, as `PrunePlan` wants it. */
function spreadOutputs(node: ConsumerNode, kernel: Weight, kept: readonly number[] | undefined): Weight {
  if (!kept) return kernel;
  const axis = kernelAxes(node).out;
  const shape = kernel.shape.with(axis, node.weights.kernel.shape[axis]);
  const inner = kernel.shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const whole: Weight = { shape, values: new Float32Array(shape.reduce((product, size) => product * size, 1)) };
  kernel.values.forEach((value, at) => {
    const [outer, c] = [Math.floor(at / inner / kept.length), Math.floor(at / inner) % kept.length];
    whole.values[(outer * shape[axis] + kept[c]) * inner + (at % inner)] = value;
  });
  return whole;
}
