import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomWeights, residualNetwork } from '../../network/fixtures/networks.ts';
import type { Network, Node, Weight } from '../../network/network.ts';
import { prune } from '../../network/surgery.ts';
import { coupling } from '../../network/coupling.ts';
import { computeLogits, shareEqual, topClasses } from '../evaluate.ts';
import { arraySource, relativeError } from '../fixtures/arrays.ts';
import { shippedImages, shippedNetwork, testImages } from '../fixtures/shipped.ts';
import { startWasm } from '../fixtures/wasmBackend.ts';
import type { ImageSource } from '../imageSource.ts';
import type { Correlator } from '../kernels/correlator.ts';
import { fineTune, type TrainingEpoch, type TrainingInput, type TrainingStep } from './fineTune.ts';
import { ORACLE, weightOf, type Trajectory } from './fixtures/oracle.ts';
import { PauseSwitch } from './pauseSwitch.ts';
import { DivergedError } from './trainingErrors.ts';
import { DEFAULT_TRAINING, type TrainingRequest } from './trainingRequest.ts';

let correlator: Correlator;
beforeAll(async () => {
  ({ correlator } = await startWasm());
});

const PLAIN: TrainingRequest = { ...DEFAULT_TRAINING, flip: false, shift: 0, schedule: 'constant', weightDecay: 0, clip: 0 };

function networkOf({ initial }: Trajectory): Network {
  const weights = (id: string) => Object.fromEntries(Object.entries(initial).flatMap(([name, value]) => (name.startsWith(`${id}.`) ? [[name.slice(id.length + 1), weightOf(value)]] : [])));
  const conv = (id: string, from: string, strides: number, padding: string) =>
    ({ id, op: 'conv2d', inputs: [from], attributes: { strides: [strides, strides], padding, dilations: [1, 1], groups: 1 }, weights: weights(id) });
  const norm = (id: string, from: string) => ({ id, op: 'batchNorm', inputs: [from], attributes: { epsilon: 1e-3 }, weights: weights(id) });
  const nodes = [
    { id: 'input', op: 'input', inputs: [], attributes: { shape: [6, 6, 3] }, weights: {} },
    conv('conv1', 'input', 1, 'same'),
    norm('norm1', 'conv1'),
    { id: 'cut', op: 'activation', inputs: ['norm1'], attributes: { function: 'relu6' }, weights: {} },
    conv('conv2', 'cut', 2, 'valid'),
    norm('norm2', 'conv2'),
    { id: 'mean', op: 'globalAveragePool2d', inputs: ['norm2'], attributes: { keepDims: false }, weights: {} },
    { id: 'logits', op: 'dense', inputs: ['mean'], attributes: {}, weights: weights('logits') },
  ];
  return { name: 'oracle', nodes: nodes as unknown as readonly Node[], outputs: ['logits'] };
}

/** A network that gives fixed logits for each of the oracle's pictures: one dense layer. */
function teacherOf({ teacher, images }: Trajectory): Network {
  const [count, classes] = teacher.shape;
  const size = images.values.length / count;
  // pictures are linearly independent: solve for weights that map each to its logits
  const rows = Array.from({ length: count }, (_, k) => images.values.slice(k * size, (k + 1) * size));
  const gram = rows.map((a) => rows.map((b) => a.reduce((sum, v, q) => sum + v * b[q], 0)));
  const right = Array.from({ length: count }, (_, k) => teacher.values.slice(k * classes, (k + 1) * classes));
  for (let i = 0; i < count; i++) for (let j = 0; j < count; j++) {
    if (i === j) continue;
    const factor = gram[j][i] / gram[i][i];
    for (let q = i; q < count; q++) gram[j][q] -= factor * gram[i][q];
    for (let c = 0; c < classes; c++) right[j][c] -= factor * right[i][c];
  }
  const kernel = new Float32Array(size * classes);
  for (let q = 0; q < size; q++) for (let c = 0; c < classes; c++) {
    kernel[q * classes + c] = rows.reduce((sum, row, k) => sum + (row[q] * right[k][c]) / gram[k][k], 0);
  }
  const nodes: Node[] = [
    { id: 'input', op: 'input', inputs: [], attributes: { shape: [6, 6, 3] }, weights: {} },
    { id: 'flat', op: 'flatten', inputs: ['input'], attributes: {}, weights: {} },
    { id: 'logits', op: 'dense', inputs: ['flat'], attributes: {}, weights: { kernel: { shape: [size, classes], values: kernel } } },
  ];
  return { name: 'teacher', nodes, outputs: ['logits'] };
}

describe('fineTune', () => {
  it.each(ORACLE.trajectories.map((own) => [`${own.norms} norms, ${own.target}, ${own.direction}`, own] as const))('takes PyTorch’s steps: %s', async (_, own) => {
    const network = networkOf(own);
    const untouched = structuredClone(network);
    const target: TrainingInput['target'] = own.target === 'labels' ? { kind: 'labels', labels: own.labels } : { kind: 'teacher', network: teacherOf(own), temperature: own.temperature };
    const images = arraySource(Float32Array.from(own.images.values), [6, 6, 3]);
    const request = { ...PLAIN, epochs: own.steps, batch: 10, rate: own.rate, momentum: own.momentum, weightDecay: own.decay, norms: own.norms, direction: own.direction };
    const losses: number[] = [];
    const before = tf.memory().numTensors;
    const { network: trained, steps } = await fineTune({ network, images, target, correlator }, request, { onStep: ({ loss }) => losses.push(loss) });
    expect(tf.memory().numTensors).toBe(before);
    expect(steps).toBe(own.steps);
    expect(relativeError(losses, own.losses)).toBeLessThan(1e-4);
    for (const node of trained.nodes) for (const [name, { values }] of Object.entries<Weight>(node.weights)) {
      const key = `${node.id}.${name}`;
      // the change, not the weight, which hardly differs
      const change = (now: ArrayLike<number>) => Array.from(now, (value, k) => value - own.initial[key].values[k]);
      expect(relativeError(change(values), change(own.final[key].values)), key).toBeLessThan(2e-3);
    }
    expect(network).toEqual(untouched);
  });

  it('learns a rule that pictures follow, and the same again from the same seed', async () => {
    const { images, labels } = ruled(96);
    const input: TrainingInput = { network: residualNetwork(), images, target: { kind: 'labels', labels }, correlator };
    const train = (seed: number, epochs: number, job = {}) => fineTune(input, { ...DEFAULT_TRAINING, schedule: 'constant', epochs, batch: 24, rate: 0.1, clip: 5, seed }, job);
    const [steps, checkpoints]: [TrainingStep[], TrainingEpoch[]] = [[], []];
    const first = await train(1, 12, { onStep: (step: TrainingStep) => steps.push(step), onCheckpoint: (_: Network, epoch: TrainingEpoch) => checkpoints.push(epoch) });
    const right = async (network: Network) => shareEqual(topClasses(await computeLogits(network, images)), labels);
    expect(await right(input.network)).toBeLessThan(0.6);
    expect(await right(first.network)).toBeGreaterThan(0.9);
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 48 }, (_, k) => k + 1));
    expect(steps[47]).toMatchObject({ epoch: 12, steps: 48, rate: 0.1 });
    expect(checkpoints).toEqual(first.epochs);
    expect(first.epochs[11].loss).toBeLessThan(first.epochs[0].loss / 2);
    const once = (await train(1, 1)).network;
    expect((await train(1, 1)).network).toEqual(once);
    expect((await train(2, 1)).network).not.toEqual(once);
  });

  it('comes to the same where a batch goes through in parts, for its values would not fit', async () => {
    const { images, labels } = ruled(14);
    const train = (bytes?: number) => fineTune({ network: residualNetwork(), images, target: { kind: 'labels', labels }, correlator, ...(bytes ? { bytes } : {}) }, { ...PLAIN, epochs: 2, batch: 7, rate: 0.1 });
    const [whole, parts] = [await train(), await train(100_000)];
    expect(relativeError(parts.epochs.map(({ loss }) => loss), whole.epochs.map(({ loss }) => loss))).toBeLessThan(1e-5);
    expect(parts.network).not.toEqual(whole.network); // sums in another order, so it was cut
  });

  it('keeps weights of 0 where it is asked to', async () => {
    const { images, labels } = ruled(12);
    const dense = residualNetwork();
    const network = withZeros(dense);
    const input: TrainingInput = { network, images, target: { kind: 'labels', labels }, correlator };
    const { network: trained } = await fineTune(input, { ...PLAIN, epochs: 2, batch: 12, rate: 0.05, keepZeros: true, l1: 1e-3 });
    let kept = 0;
    trained.nodes.forEach((node, at) => {
      const [now, before] = [node, network.nodes[at]].map(({ weights }) => (weights as Readonly<Record<string, Weight>>).kernel?.values ?? new Float32Array());
      before.forEach((value, k) => {
        if (value !== 0) return;
        kept++;
        expect(now[k]).toBe(0);
      });
    });
    expect(kept).toBeGreaterThan(100);
    const free = await fineTune(input, { ...PLAIN, epochs: 2, batch: 12, rate: 0.05 });
    expect(zeros(free.network)).toBeLessThan(kept / 2);
  });

  it('gets a pruned ResNet-20 back to work in 24 steps on 64 pictures', async () => {
    const [network, packed] = [await shippedNetwork('resnet20-cifar10'), await shippedImages()];
    const keep = Object.fromEntries(coupling(network).groups.flatMap(({ name, channels, frozen, parts }) =>
      frozen === undefined && !parts ? [[name, Array.from({ length: Math.ceil(0.75 * channels) }, (_, k) => k)]] : []));
    const pruned = prune(network, { keep, weights: {} });
    const chosen = Array.from({ length: 64 }, (_, k) => k);
    const images = packed.source('train', chosen);
    const labels = (await packed.labels('train')).subarray(0, 64);
    const [test, expected] = [await testImages(0, 200), (await packed.labels('test')).subarray(0, 200)];
    const accuracy = async (other: Network) => shareEqual(topClasses(await computeLogits(other, test)), expected);
    const before = await accuracy(pruned);
    const request = { ...DEFAULT_TRAINING, flip: false, shift: 0, epochs: 3, batch: 8, norms: 'batch' } as const;
    const { network: after, steps } = await fineTune({ network: pruned, images, target: { kind: 'labels', labels }, correlator }, request);
    expect(steps).toBe(24);
    const regained = await accuracy(after);
    expect(before).toBeLessThan(0.2);
    expect(regained).toBeGreaterThan(before + 0.15);
  });

  it('stops within a batch where it is cancelled, also while it pauses, and has handed on its checkpoints', async () => {
    const { images, labels } = ruled(30);
    const input: TrainingInput = { network: residualNetwork(), images, target: { kind: 'labels', labels }, correlator };
    const before = tf.memory().numTensors;
    const [cancel, pause] = [new AbortController(), new PauseSwitch()];
    const checkpoints: Network[] = [];
    let steps = 0;
    const failure = fineTune(input, { ...PLAIN, batch: 10 }, {
      signal: cancel.signal,
      pause,
      onStep: () => {
        steps++;
        if (steps === 4) pause.pause();
      },
      onCheckpoint: (network) => checkpoints.push(network),
    });
    const settled = failure.then(() => 'done', (error: Error) => error.name);
    while (!pause.paused) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(steps).toBe(4);
    cancel.abort();
    expect(await settled).toBe('CancelledError');
    expect(steps).toBe(4);
    expect(checkpoints).toHaveLength(1);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('goes on after a pause, and ends early where it is told to', async () => {
    const { images, labels } = ruled(20);
    const pause = new PauseSwitch();
    const resumed: number[] = [];
    const { steps, stopped, epochs } = await fineTune({ network: residualNetwork(), images, target: { kind: 'labels', labels }, correlator }, { ...PLAIN, batch: 10 }, {
      pause,
      onStep: ({ step }) => {
        if (step !== 2) return;
        pause.pause();
        setTimeout(() => {
          resumed.push(step);
          pause.resume();
        }, 20);
      },
      until: async (_, { step }) => step === 3,
    });
    expect({ steps, stopped, resumed }).toEqual({ steps: 3, stopped: true, resumed: [2] });
    expect(epochs).toHaveLength(2);
  });

  it('says that it diverged and keeps the last good checkpoint', async () => {
    const { images, labels } = ruled(20);
    const network = residualNetwork();
    const before = tf.memory().numTensors;
    const input: TrainingInput = { network, images, target: { kind: 'labels', labels }, correlator };
    const request = { ...PLAIN, batch: 20, rate: 200, epochs: 40 };
    const failure = await fineTune(input, request).catch((error: unknown) => error);
    if (!(failure instanceof DivergedError)) throw new Error('it did not diverge');
    expect(failure.message).toMatch(/not a finite number at step \d+\. Try a learning rate of 20 .*The network after epoch \d+ is kept/);
    expect(failure.epochs).toBeGreaterThan(0);
    const first = await fineTune(input, { ...request, epochs: failure.epochs });
    expect(failure.checkpoint).toEqual(first.network);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses what does not fit', async () => {
    const { images, labels } = ruled(8);
    const network = residualNetwork();
    const attempt = (changes: Partial<TrainingInput>, request: Partial<TrainingRequest> = {}) =>
      fineTune({ network, images, target: { kind: 'labels', labels }, correlator, ...changes }, { ...PLAIN, ...request });
    await expect(attempt({ target: { kind: 'labels', labels: [...labels.slice(0, 7), 4] } })).rejects.toMatchObject({ name: 'LabelRangeError', message: expect.stringContaining('Label 4 of picture 7') as string });
    await expect(attempt({ target: { kind: 'labels', labels: labels.slice(1) } })).rejects.toMatchObject({ name: 'TrainingDataError' });
    await expect(attempt({ target: { kind: 'teacher', network, temperature: 0 } })).rejects.toMatchObject({ name: 'TrainingDataError' });
    await expect(attempt({ images: arraySource(new Float32Array(0), [8, 8, 3]), target: { kind: 'labels', labels: [] } })).rejects.toMatchObject({ name: 'TrainingDataError' });
    await expect(attempt({ images: arraySource(new Float32Array(192), [6, 8, 4]) })).rejects.toMatchObject({ name: 'InputShapeError' });
    for (const wrong of [{ rate: 0 }, { rate: -1 }, { rate: Number.NaN }, { epochs: 0.5 }, { batch: 0 }, { momentum: 1 }, { weightDecay: -1 }, { l1: -1 }, { shift: 1.5 }, { clip: -1 }]) {
      await expect(attempt({}, wrong), JSON.stringify(wrong)).rejects.toMatchObject({ name: 'TrainingSettingError' });
    }
  });
});

/** Pictures of noise whose brightest channel, or none, says their class. */
function ruled(count: number): { images: ImageSource; labels: number[] } {
  const labels = Array.from({ length: count }, (_, k) => k % 4);
  const values = randomWeights(31)([count * 192], 0.5, 0.5).values.map((value, at) => value + (at % 3 === labels[Math.floor(at / 192)] ? 1 : 0));
  return { images: arraySource(values, [8, 8, 3]), labels };
}

/** Every third kernel weight set to 0. */
function withZeros(network: Network): Network {
  return {
    ...network,
    nodes: network.nodes.map((node) => {
      const { kernel } = node.weights as Readonly<Record<string, Weight>>;
      if (!kernel) return node;
      return { ...node, weights: { ...node.weights, kernel: { ...kernel, values: kernel.values.map((value, k) => (k % 3 === 0 ? 0 : value)) } } } as Node;
    }),
  };
}

function zeros(network: Network): number {
  return network.nodes.reduce((sum, { weights }) => sum + ((weights as Readonly<Record<string, Weight>>).kernel?.values.filter((value) => value === 0).length ?? 0), 0);
}
