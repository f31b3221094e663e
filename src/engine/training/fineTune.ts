import * as tf from '@tensorflow/tfjs-core';
import { permutation, seededRandom, type Random } from '../../fidelity/random.ts';
import type { Network, NodeOf } from '../../network/network.ts';
import { inferShapes } from '../../network/shapes.ts';
import { assertDeviceHealthy, batchWithinLimits, releaseUnused } from '../backend.ts';
import { largestValueBytes } from '../batches.ts';
import { logitsNode } from '../criteria/logitsNode.ts';
import { assertInputShape, type ImageSource } from '../imageSource.ts';
import { CompiledNetwork } from '../interpreter.ts';
import { JobClock, type Job } from '../job.ts';
import type { Correlator } from '../kernels/correlator.ts';
import { augmented } from './augmentation.ts';
import { followStatistics } from './batchStatistics.ts';
import { crossEntropy, distillation, type BatchLoss } from './loss.ts';
import { clipped, descend } from './momentum.ts';
import type { PauseSwitch } from './pauseSwitch.ts';
import { copiedWeights, trainableWeights, type WeightArrays } from './trainableWeights.ts';
import { DivergedError, LabelRangeError, TrainingDataError } from './trainingErrors.ts';
import { TrainingPass, type PassResult } from './trainingPass.ts';
import { checkTrainingRequest, scheduleFactor, type TrainingRequest } from './trainingRequest.ts';

/**
 * What the network is to learn of the pictures: the class of each (cross-entropy), or, without labels, what
 * another network (most often the intact one) says of them (distillation; T of 1 takes its probabilities as
 * they are, more softens them).
 */
export type TrainingTarget =
  | { readonly kind: 'labels'; readonly labels: ArrayLike<number> }
  | { readonly kind: 'teacher'; readonly network: Network; readonly temperature: number };

export interface TrainingInput {
  readonly network: Network;
  readonly images: ImageSource;
  readonly target: TrainingTarget;
  readonly correlator: Correlator | undefined;
  /** Bytes that the values of one part of a batch, and their gradients, may take (`PASS_BYTES`). */
  readonly bytes?: number;
}

/** Half a gigabyte: wasm has four, and a phone's browser gives a page about one. */
export const PASS_BYTES = 512 * 2 ** 20;

/** One step: loss and share of right pictures (with a teacher: where both agree) are the batch's, before the step. */
export interface TrainingStep {
  /** From 1 on. */
  readonly step: number;
  readonly steps: number;
  /** From 1 on. */
  readonly epoch: number;
  readonly rate: number;
  readonly loss: number;
  readonly accuracy: number;
}

/** An epoch: loss and accuracy are means over its steps, so over a network that changes meanwhile. */
export interface TrainingEpoch {
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
  /** Seconds since the start. */
  readonly seconds: number;
}

export interface TrainingJob extends Job {
  readonly pause?: PauseSwitch;
  readonly onStep?: (step: TrainingStep) => void;
  /** Gets the network after each epoch: what is left where training is cancelled or diverges later. */
  readonly onCheckpoint?: (network: Network, epoch: TrainingEpoch) => void;
  /** Asked after each step; training ends where it says so. */
  readonly until?: (network: Network, step: TrainingStep) => Promise<boolean>;
}

export interface Trained {
  readonly network: Network;
  readonly steps: number;
  readonly epochs: readonly TrainingEpoch[];
  /** Whether `until` ended it. */
  readonly stopped: boolean;
  readonly seconds: number;
}

/**
 * Trains all weights of a network (`trainableWeights`) on pictures and returns a new one; the one given stays
 * as it is. A final softmax or sigmoid is left out: the loss is that of the logits.
 *
 * Gradients are summed over parts of a batch where its values would not fit into memory at once. The same
 * seed gives the same weights on wasm; on WebGPU sums are not in a fixed order.
 *
 * @throws TrainingSettingError, TrainingDataError, LabelRangeError, DivergedError (it holds the last
 *   checkpoint), GradientsUnavailableError, CancelledError, DeviceLostError, InputShapeError
 */
export async function fineTune(input: TrainingInput, request: TrainingRequest, job: TrainingJob = {}): Promise<Trained> {
  const { images } = input;
  checkTrainingRequest(request, images.shape);
  checkInput(input);
  const perEpoch = Math.ceil(images.count / request.batch);
  const steps = request.epochs * perEpoch;
  const random = seededRandom(request.seed);
  const clock = new JobClock(job, request.epochs * images.count);
  const trainer = new Trainer(input, request);
  const epochs: TrainingEpoch[] = [];
  let checkpoint = input.network;
  let stopped = false;
  let step = 0;
  try {
    while (epochs.length < request.epochs && !stopped) {
      const epoch = epochs.length + 1;
      const order = permutation(images.count, random);
      let [loss, correct, seen] = [0, 0, 0];
      while (seen < images.count && !stopped) {
        await job.pause?.passed(job.signal);
        clock.throwIfCancelled();
        const left = scheduleFactor(request.schedule, step, steps);
        const chosen = order.subarray(seen, seen + request.batch);
        const made = await trainer.step(chosen, { rate: request.rate * left, l1: request.l1 * (1 - step / steps) }, random);
        step++;
        if (made.broken) throw new DivergedError(made.broken, step, request.rate, epochs.length, checkpoint);
        loss += made.loss;
        correct += made.correct;
        seen += chosen.length;
        assertDeviceHealthy();
        const report = { step, steps, epoch, rate: request.rate * left, loss: made.loss / chosen.length, accuracy: made.correct / chosen.length };
        job.onStep?.(report);
        await clock.tick((epoch - 1) * images.count + seen);
        stopped = (await job.until?.(trainer.network, report)) ?? false;
      }
      const ended = { epoch, loss: loss / seen, accuracy: correct / seen, seconds: clock.seconds };
      epochs.push(ended);
      checkpoint = copiedWeights(trainer.network);
      job.onCheckpoint?.(checkpoint, ended);
    }
    releaseUnused();
  } finally {
    trainer.dispose();
  }
  return { network: checkpoint, steps: step, epochs, stopped, seconds: clock.seconds };
}

interface StepOutcome {
  /** Sums over the batch. */
  readonly loss: number;
  readonly correct: number;
  /** What is no longer a finite number. */
  readonly broken?: string;
}

/** The weights while they change. */
class Trainer {
  /** Its weights change in place. */
  readonly network: Network;
  readonly #input: TrainingInput;
  readonly #request: TrainingRequest;
  readonly #logits: string;
  readonly #classes: number;
  readonly #part: number;
  readonly #velocities: WeightArrays;
  readonly #teacher: CompiledNetwork | undefined;
  readonly #teacherLogits: string;

  constructor(input: TrainingInput, request: TrainingRequest) {
    this.#input = input;
    this.#request = request;
    this.network = copiedWeights(input.network);
    this.#logits = logitsNode(this.network);
    const shapes = inferShapes(this.network);
    this.#classes = shapes.get(this.#logits)?.[0] ?? 0;
    const values = [...shapes.values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
    const affordable = Math.max(1, Math.floor((input.bytes ?? PASS_BYTES) / (8 * values)));
    this.#part = batchWithinLimits(Math.min(request.batch, affordable), largestValueBytes(this.network));
    this.#velocities = new Map(this.network.nodes.map((node) => [
      node.id,
      Object.fromEntries(Object.entries(trainableWeights(node)).map(([name, weight]) => [name, new Float32Array(weight.values.length)])),
    ]));
    const { target } = input;
    this.#teacherLogits = target.kind === 'teacher' ? logitsNode(target.network) : '';
    this.#teacher = target.kind === 'teacher' ? new CompiledNetwork(target.network, [this.#teacherLogits]) : undefined;
  }

  /** One step on the chosen pictures. The weights stay as they are where the loss is no number. */
  async step(chosen: Int32Array, { rate, l1 }: { readonly rate: number; readonly l1: number }, random: Random): Promise<StepOutcome> {
    const { direction, momentum, weightDecay, keepZeros, norms, clip } = this.#request;
    const pass = new TrainingPass(this.network, this.#logits, norms, this.#input.correlator);
    const gradients = new Map<string, Record<string, Float32Array>>();
    const statistics: PassResult['statistics'][] = [];
    let [loss, correct] = [0, 0];
    try {
      for (let first = 0; first < chosen.length; first += this.#part) {
        const part = chosen.subarray(first, first + this.#part);
        const made = await this.#pass(pass, part, random);
        loss += made.loss;
        correct += made.correct;
        if (!Number.isFinite(loss)) return { loss, correct, broken: 'the loss' };
        addGradients(gradients, made.result.gradients);
        statistics.push(made.result.statistics);
      }
    } finally {
      pass.dispose();
    }
    const factor = clipped(gradients.values(), (direction === 'ascend' ? -1 : 1) / chosen.length, clip);
    for (const node of this.network.nodes) {
      const own = gradients.get(node.id);
      const velocities = this.#velocities.get(node.id);
      if (!own || !velocities) continue;
      for (const [name, { values }] of Object.entries(trainableWeights(node))) {
        const penalised = name === 'kernel';
        const step = { rate, momentum, weightDecay: penalised ? weightDecay : 0, l1: penalised ? l1 : 0, keepZeros: keepZeros && penalised };
        if (!descend(values, velocities[name], own[name], factor, step)) return { loss, correct, broken: `weight "${name}" of layer "${node.id}"` };
      }
    }
    for (const batch of statistics) for (const [id, own] of batch) followStatistics(normOf(this.network, id), own);
    return { loss, correct };
  }

  dispose(): void {
    this.#teacher?.dispose();
  }

  async #pass(pass: TrainingPass, part: Int32Array, random: Random): Promise<BatchLoss & { readonly result: PassResult }> {
    const x = await this.#pictures(part, random);
    try {
      const teacher = await this.#teacherSays(x);
      let made: BatchLoss = { loss: 0, correct: 0, gradient: new Float32Array() };
      const result = await pass.run(x, (logits) => {
        made = this.#loss(logits, part, teacher);
        return made.gradient;
      });
      return { ...made, result };
    } finally {
      x.dispose();
    }
  }

  #loss(logits: Float32Array, part: Int32Array, teacher: Float32Array | undefined): BatchLoss {
    const { target } = this.#input;
    if (target.kind === 'labels') return crossEntropy(logits, this.#classes, Array.from(part, (k) => target.labels[k]));
    return distillation(logits, this.#classes, teacher ?? logits, target.temperature);
  }

  async #teacherSays(x: tf.Tensor): Promise<Float32Array | undefined> {
    if (!this.#teacher) return undefined;
    const { [this.#teacherLogits]: logits } = this.#teacher.run(x, [this.#teacherLogits]);
    try {
      return (await logits.data()) as Float32Array;
    } finally {
      logits.dispose();
    }
  }

  async #pictures(part: Int32Array, random: Random): Promise<tf.Tensor> {
    const { images } = this.#input;
    const values = new Float32Array(part.length * sizeOf(images.shape));
    for (const [at, k] of part.entries()) {
      values.set(augmented(await images.read(k, 1), images.shape, this.#request, random), at * sizeOf(images.shape));
    }
    return tf.tensor(values, [part.length, ...images.shape], 'float32');
  }
}

function normOf(network: Network, id: string): NodeOf<'batchNorm'> {
  const norm = network.nodes.find((node) => node.id === id);
  if (norm?.op !== 'batchNorm') throw new Error(`"${id}" is not a batch norm.`);
  return norm;
}

function addGradients(sums: Map<string, Record<string, Float32Array>>, part: WeightArrays): void {
  for (const [id, own] of part) {
    const sum = sums.get(id);
    if (!sum) sums.set(id, { ...own });
    else for (const [name, values] of Object.entries(own)) sum[name] = sum[name].map((value, k) => value + values[k]);
  }
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function checkInput({ network, images, target }: TrainingInput): void {
  const shapes = inferShapes(network);
  const input = network.nodes.find((node) => node.op === 'input');
  assertInputShape(images, input ? shapes.get(input.id) ?? [] : []);
  const shape = shapes.get(logitsNode(network)) ?? [];
  if (images.count === 0) throw new TrainingDataError('There are no pictures to train on.');
  if (shape.length !== 1) throw new TrainingDataError(`The output of "${network.name}" has shape [${shape.join(', ')}]; training needs a score for each class.`);
  if (target.kind === 'teacher') {
    const { network: teacher, temperature } = target;
    if (!(temperature > 0 && temperature < Infinity)) throw new TrainingDataError(`The temperature is ${temperature}; expected a number above 0, such as 1.`);
    const says = inferShapes(teacher).get(logitsNode(teacher)) ?? [];
    if (says.join() !== shape.join()) {
      throw new TrainingDataError(`The teacher "${teacher.name}" gives [${says.join(', ')}] for each picture, "${network.name}" [${shape.join(', ')}]. Take a teacher of the same classes.`);
    }
    return;
  }
  const { labels } = target;
  if (labels.length !== images.count) throw new TrainingDataError(`There are ${labels.length} labels for ${images.count} pictures; one for each is needed.`);
  for (let k = 0; k < labels.length; k++) {
    if (!Number.isInteger(labels[k]) || labels[k] < 0 || labels[k] >= shape[0]) throw new LabelRangeError(labels[k], k, shape[0]);
  }
}
