import * as tf from '@tensorflow/tfjs-core';
import { seededRandom, type Random } from '../../fidelity/random.ts';
import { inferShapes } from '../../network/shapes.ts';
import { consumerLayers, type ConsumerLayer } from '../../pruning/consumerLayers.ts';
import type { GroupScoreMap } from '../../pruning/criteria/criterion.ts';
import { prunableGroups } from '../../pruning/keepSets.ts';
import { componentWeights } from '../../pruning/layerWeights.ts';
import { layerGeometry, type PatchGeometry } from '../geometry.ts';
import { JobClock } from '../job.ts';
import { layerInput } from '../layerInput.ts';
import { layerResponse, type LayerResponse } from './layerResponse.ts';
import type { NetworkCriterion } from './networkCriterion.ts';
import { eachBatch } from '../batches.ts';

/** Sampled responses of a layer: fewer where it has more inputs. */
const MOST_SAMPLES = 4096;
const FEWEST_SAMPLES = 256;
const MOST_STEPS = 2 ** 28;

/**
 * Nonlinear reconstruction (Jiang et al., IJCAI 2018): channels are removed one by one, each time the one
 * whose loss changes least what the layers that read the group give behind their activations,
 * `E (φ(z − Σ_removed A) − φ(z))²` over sampled pictures, positions and outputs, each layer relative to
 * its `E φ(z)²`. The paper refits the weights by gradient descent between removals; here what is kept
 * stays as it is, and compensation comes later. A channel's score is how many went before it.
 *
 * z includes what norms and residual sums add before the activation; where none follows, φ is linear.
 * 256 to 4,096 samples a layer, seeded; all responses where there are no more.
 *
 * @throws CancelledError, DeviceLostError, InputShapeError
 */
export const nonlinear: NetworkCriterion = async ({ network, coupled, images, seed }, job = {}) => {
  const shapes = inferShapes(network);
  const samplers = consumerLayers(network, coupled).map((layer, at) => {
    const shape = shapes.get(layer.node.inputs[0]) ?? [];
    return new ResponseSampler(layer, layerGeometry(layer, shape), layerResponse(network, layer.node), images.count, seededRandom(seed + at));
  });
  const groups = prunableGroups(coupled.groups);
  const clock = new JobClock(job, images.count + groups.length);
  const wanted = [...new Set(samplers.flatMap(({ layer, response }) => [layer.node.inputs[0], response.before]))];
  await eachBatch(network, images, wanted, async (values) => {
    for (const sampler of samplers) {
      await sampler.add(values[sampler.layer.node.inputs[0]], values[sampler.response.before]);
      await clock.breathe();
    }
  }, clock);
  const scores = new Map<string, Float64Array>();
  for (const [at, { name, channels }] of groups.entries()) {
    const readers = samplers.flatMap((sampler) => sampler.readerOf(name) ?? []);
    scores.set(name, await removalOrder(readers, channels, () => clock.breathe()));
    await clock.tick(images.count + at + 1);
  }
  return scores satisfies GroupScoreMap;
};

/** Responses of one layer that reads the group, each with what every channel adds to it. */
interface Reader {
  readonly samples: number;
  /** Before the activation. */
  readonly values: Float64Array;
  readonly outputs: Int32Array;
  readonly activation: LayerResponse['activation'];
  /** Row-major `channels × samples`. */
  readonly contributions: Float32Array;
}

/** Collects a layer's responses at random positions and outputs, with each input's contribution. */
class ResponseSampler {
  readonly layer: ConsumerLayer;
  readonly response: LayerResponse;
  readonly #geometry: PatchGeometry;
  readonly #weights: Float64Array;
  readonly #random: Random;
  readonly #perImage: number;
  readonly #all: boolean;
  readonly #values: number[] = [];
  readonly #outputs: number[] = [];
  /** One row for each sample: a value for each channel of the geometry (n, or n · p of heads). */
  readonly #contributions: Float32Array[] = [];

  constructor(layer: ConsumerLayer, geometry: PatchGeometry, response: LayerResponse, images: number, random: Random) {
    this.layer = layer;
    this.response = response;
    this.#geometry = geometry;
    this.#random = random;
    this.#weights = componentWeights(layer, layer.node.weights.kernel);
    const samples = Math.max(FEWEST_SAMPLES, Math.min(MOST_SAMPLES, Math.floor(MOST_STEPS / layer.n ** 2)));
    const { output } = geometry;
    this.#all = output[0] * output[1] * layer.m * images <= samples;
    this.#perImage = this.#all ? output[0] * output[1] * layer.m : Math.ceil(samples / images);
  }

  /** Samples a batch: the value of the node's input, and that before its activation. Both stay the caller's. */
  async add(x: tf.Tensor, before: tf.Tensor): Promise<void> {
    const prepared = layerInput(this.layer, this.#geometry, x);
    const pixels = (await prepared.data()) as Float32Array;
    prepared.dispose();
    const targets = (await before.data()) as Float32Array;
    const { output } = this.#geometry;
    const { m, part, parts } = this.layer;
    for (let image = 0; image < x.shape[0]; image++) for (let k = 0; k < this.#perImage; k++) {
      const which = this.#all ? k : Math.floor(this.#random() * output[0] * output[1] * m);
      const [row, column, c] = [Math.floor(which / (output[1] * m)), Math.floor(which / m) % output[1], which % m];
      const made = part * m + c;
      this.#values.push(targets[((image * output[0] + row) * output[1] + column) * m * parts + made]);
      this.#outputs.push(made);
      this.#contributions.push(this.#contributionsAt(pixels, image, row, column, c, this.response.scale[made]));
    }
  }

  /** What is known of the group's channels; undefined where the layer does not read it. */
  readerOf(group: string): Reader | undefined {
    const { inputs } = this.layer;
    const index = inputs.groups.findIndex(({ name }) => name === group);
    if (index < 0 || !inputs.group.includes(index)) return undefined;
    const samples = this.#values.length;
    const contributions = new Float32Array(inputs.groups[index].channels * samples);
    // of a head, all features of a position are its own
    const width = this.#geometry.input[2] / inputs.group.length;
    inputs.group.forEach((of, i) => {
      if (of !== index) return;
      const row = inputs.component[i] * samples;
      for (let s = 0; s < samples; s++) for (let q = 0; q < width; q++) contributions[row + s] += this.#contributions[s][i * width + q];
    });
    const { activation } = this.response;
    return { samples, values: Float64Array.from(this.#values), outputs: Int32Array.from(this.#outputs), activation, contributions };
  }

  #contributionsAt(pixels: Float32Array, image: number, row: number, column: number, c: number, scale: number): Float32Array {
    const { input: [height, width, n], kernel: [kh, kw], strides, dilations, before } = this.#geometry;
    const p = kh * kw;
    const result = new Float32Array(n);
    for (let a = 0; a < kh; a++) for (let b = 0; b < kw; b++) {
      const y = row * strides[0] - before[0] + a * dilations[0];
      const x = column * strides[1] - before[1] + b * dilations[1];
      if (y < 0 || x < 0 || y >= height || x >= width) continue;
      const from = ((image * height + y) * width + x) * n;
      for (let i = 0; i < n; i++) result[i] += scale * this.#weights[(c * n + i) * p + a * kw + b] * pixels[from + i];
    }
    return result;
  }
}

/** Per channel, how many were removed before it. O(channels² · samples / 2). */
async function removalOrder(readers: readonly Reader[], channels: number, breathe: () => Promise<void>): Promise<Float64Array> {
  const present = readers.map(({ values }) => values.slice());
  const targets = readers.map(({ values, outputs, activation }) => values.map((z, s) => activation(z, outputs[s])));
  const energies = targets.map((target) => target.reduce((sum, y) => sum + y * y, 0));
  const alive = new Set(Array.from({ length: channels }, (_, c) => c));
  const order = new Float64Array(channels);
  for (let step = 0; step < channels; step++) {
    let [least, error] = [-1, Infinity];
    for (const channel of alive) {
      let own = 0;
      for (const [k, reader] of readers.entries()) {
        if (energies[k] > 0) own += errorWithout(reader, channel, present[k], targets[k]) / energies[k];
      }
      if (own < error || least < 0) [least, error] = [channel, own];
    }
    alive.delete(least);
    order[least] = step;
    for (const [k, { samples, contributions }] of readers.entries()) {
      for (let s = 0; s < samples; s++) present[k][s] -= contributions[least * samples + s];
    }
    await breathe();
  }
  return order;
}

function errorWithout({ samples, outputs, activation, contributions }: Reader, channel: number, present: Float64Array, target: Float64Array): number {
  let sum = 0;
  const row = channel * samples;
  for (let s = 0; s < samples; s++) sum += (activation(present[s] - contributions[row + s], outputs[s]) - target[s]) ** 2;
  return sum;
}
