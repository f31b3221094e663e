import { AS_THEY_ARE } from '../../datasets/preprocessing.ts';
import { colourNoise } from '../../datasets/synthetic/colourNoise.ts';
import { expectedPixels } from '../../datasets/synthetic/expectedPixels.ts';
import { madeShape, type MadeShape } from '../../datasets/synthetic/pictureShape.ts';
import { seededRandom, type Random } from '../../fidelity/random.ts';
import type { Network, Shape } from '../../network/network.ts';
import { inferShapes } from '../../network/shapes.ts';
import { assertDeviceHealthy, batchWithinLimits, releaseUnused } from '../backend.ts';
import { largestValueBytes } from '../batches.ts';
import { logitsNode } from '../criteria/logitsNode.ts';
import { JobClock, type Job } from '../job.ts';
import { InversionPass } from './inversionPass.ts';
import {
  checkInversion, INVERSION, NothingToInvertError, type InversionLoss, type InversionRequest, type Inverted,
} from './inversionRequest.ts';
import { PixelAdam } from './pixelAdam.ts';
import { pixelLoss } from './pixelLoss.ts';
import { PixelScale } from './pixelScale.ts';
import { drawMove, pixelsOf } from './pictureMove.ts';

/** Float32 bytes that a batch's values and gradients may take. */
const MOST_BYTES = 768 * 2 ** 20;

/**
 * Pictures made from the network alone, after Yin et al., Dreaming to Distill (CVPR 2020): pixels optimised by
 * Adam until the batch norms receive the statistics that they have stored and each picture is in its
 * target class, smooth and under random shifts and mirroring. Ours: starts from 1/f noise in natural
 * colours, statistics in stored deviations, a rate that falls by a cosine. `zoo/invert.py` is the same
 * in PyTorch.
 *
 * Without norms that store statistics the classes and the smoothness alone guide the pictures, and `note`
 * says so. Picture k depends on the whole request, for batches are optimised as one.
 *
 * Cost: a forward pass and one back for each picture and step. Stops within a step when cancelled.
 *
 * @throws InversionRequestError, NothingToInvertError, SyntheticShapeError, GradientsUnavailableError,
 * CancelledError, DeviceLostError
 */
export async function invert(network: Network, request: InversionRequest, job: Job = {}): Promise<Inverted> {
  const shapes = inferShapes(network);
  const input = network.nodes.find((node) => node.op === 'input');
  const shape = madeShape((input && shapes.get(input.id)) ?? []);
  const known = classesOf(shapes.get(logitsNode(network)) ?? []);
  checkInversion(request, known);
  const { count, seed, steps = INVERSION.steps, preprocessing = AS_THEY_ARE } = request;
  const classes = request.classes ?? Array.from({ length: known }, (_, k) => k);
  const labels = classes.length > 0 ? Int32Array.from({ length: count }, (_, k) => classes[k % classes.length]) : undefined;
  const sizes = batchSizes(count, batchWithinLimits(Math.min(request.batch ?? INVERSION.batch, affordable(shapes)), largestValueBytes(network)));
  const scale = new PixelScale(expectedPixels(network, preprocessing), preprocessing, shape[2]);
  const clock = new JobClock(job, sizes.length * steps);
  const pass = new InversionPass(network);
  try {
    if (pass.norms === 0 && !labels) throw new NothingToInvertError(network.name);
    const size = shape[0] * shape[1] * shape[2];
    const pixels = new Uint8Array(count * size);
    const curve = Array.from({ length: steps }, () => ({ loss: 0, statistics: 0, entropy: 0 }));
    let hits = 0;
    for (let first = 0, b = 0; b < sizes.length; first += sizes[b], b++) {
      const own = labels?.subarray(first, first + sizes[b]);
      const batch = new PictureBatch(shape, sizes[b], scale, seededRandom(seed + b), steps);
      for (let step = 0; step < steps; step++) {
        const losses = await batch.descend(pass, own);
        for (const part of ['loss', 'statistics', 'entropy'] as const) curve[step][part] += losses[part] / sizes.length;
        assertDeviceHealthy();
        await clock.tick(b * steps + step + 1);
      }
      const made = batch.pixels();
      pixels.set(made, first * size);
      if (own) hits += await pass.hits(scale.fed(Float32Array.from(made), true), [sizes[b], ...shape], own);
    }
    releaseUnused();
    return {
      pixels, shape, curve, norms: pass.norms,
      ...(labels ? { labels, inClass: hits / count } : {}),
      ...noteOf(pass.norms, labels !== undefined),
    };
  } finally {
    pass.dispose();
  }
}

/** Pictures that are optimised together. */
class PictureBatch {
  readonly #shape: MadeShape;
  readonly #count: number;
  readonly #scale: PixelScale;
  readonly #random: Random;
  readonly #adam: PixelAdam;
  /** In deviations from the mean that the network expects. */
  readonly #x: Float32Array;

  constructor(shape: MadeShape, count: number, scale: PixelScale, random: Random, steps: number) {
    this.#shape = shape;
    this.#count = count;
    this.#scale = scale;
    this.#random = random;
    const noise = colourNoise({ count, shape, seed: Math.floor(random() * 2 ** 32) });
    const size = shape[0] * shape[1] * shape[2];
    this.#x = new Float32Array(count * size);
    for (let k = 0; k < count; k++) this.#x.set(noise.pixels(k), k * size);
    scale.standardise(this.#x);
    this.#adam = new PixelAdam(this.#x.length, INVERSION.rate, steps);
  }

  /** One step; the losses are those before it. */
  async descend(pass: InversionPass, labels: Int32Array | undefined): Promise<InversionLoss> {
    const [height, width, channels] = this.#shape;
    const from = pixelsOf(drawMove(this.#random, this.#shape), this.#shape);
    const x = this.#x;
    const size = height * width;
    const moved = new Float32Array(x.length);
    for (let image = 0; image < this.#count; image++) for (let at = 0; at < size; at++) for (let c = 0; c < channels; c++) {
      moved[(image * size + at) * channels + c] = x[(image * size + from[at]) * channels + c];
    }
    const { gradient: seen, statistics, entropy } = await pass.run(this.#scale.fed(moved, false), [this.#count, ...this.#shape], labels);
    const back = this.#scale.back(seen);
    const gradient = new Float32Array(x.length);
    for (let image = 0; image < this.#count; image++) for (let at = 0; at < size; at++) for (let c = 0; c < channels; c++) {
      gradient[(image * size + from[at]) * channels + c] = back[(image * size + at) * channels + c];
    }
    const priors = pixelLoss(x, this.#count, this.#shape, INVERSION, gradient);
    this.#adam.step(x, gradient, this.#scale.lowest, this.#scale.highest);
    return { loss: INVERSION.statistics * statistics + INVERSION.classes * entropy + priors, statistics, entropy };
  }

  /** Rounded, 0–255. */
  pixels(): Uint8Array {
    return this.#scale.pixels(this.#x);
  }
}

/** How many classes a network tells apart: none where its first output is no vector, or a single number. */
function classesOf(shape: Shape): number {
  return shape.length === 1 && shape[0] > 1 ? shape[0] : 0;
}

/** As few batches as hold them all, of nearly equal size: a small rest would have statistics of its own. */
function batchSizes(count: number, most: number): number[] {
  const batches = Math.ceil(count / most);
  return Array.from({ length: batches }, (_, b) => Math.floor(((b + 1) * count) / batches) - Math.floor((b * count) / batches));
}

function affordable(shapes: ReadonlyMap<string, Shape>): number {
  const values = [...shapes.values()].reduce((sum, shape) => sum + shape.reduce((product, size) => product * size, 1), 0);
  return Math.max(1, Math.floor(MOST_BYTES / (8 * values)));
}

function noteOf(norms: number, classes: boolean): { readonly note?: string } {
  if (norms === 0) {
    return { note: 'This network has no batch norms that store statistics (or they were folded away). Only its class scores guided these pictures; expect less of them.' };
  }
  return classes ? {} : { note: 'This network gives no class scores. Only its norm layers’ statistics guided these pictures.' };
}
