/** In-memory stand-ins for the two workers, for the lab's tests: they record calls and answer at once, or when told to. */
import type { CalibrationSource } from '../datasets/calibrationSource.ts';
import { encodeSource } from '../datasets/sourceText.ts';
import { costModel } from '../network/costModel.ts';
import { networkCosts } from '../network/costs.ts';
import { coupling } from '../network/coupling.ts';
import type { Network, NodeOf, Weight } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';
import type { TheoryExperiment, TheoryResult } from '../theory/results.ts';
import type { KeptItem } from '../storage/keptItems.ts';
import { measuresOf, type ForgettingMeasures } from '../unlearning/forgettingReport.ts';
import type { DatasetSummary, EngineApi, Evaluation, FidelityApi, FidelityUpdate, ForgetRequest, ForgetResult, GroupRanking, JobId, LoadedModel, TextMeasures } from '../workers/protocol.ts';
import type { EngineClient, FidelityClient } from './clients.ts';
import { CancelledError } from './errors.ts';

const WIDTHS = [8, 12] as const;
const CLASSES = 10;

/** Input, two 3 × 3 convolutions of 8 and 12 channels, and a dense layer. */
export function smallNetwork(name = 'small'): Network {
  const conv = (id: string, input: string, inputs: number, outputs: number): NodeOf<'conv2d'> => ({
    id,
    op: 'conv2d',
    inputs: [input],
    attributes: { strides: [1, 1], padding: 'same', dilations: [1, 1], groups: 1 },
    weights: { kernel: weight([3, 3, inputs, outputs]) },
  });
  return {
    name,
    outputs: ['logits'],
    nodes: [
      { id: 'input', op: 'input', inputs: [], attributes: { shape: [8, 8, 3] }, weights: {} },
      conv('first', 'input', 3, WIDTHS[0]),
      conv('second', 'first', WIDTHS[0], WIDTHS[1]),
      { id: 'pool', op: 'globalAveragePool2d', inputs: ['second'], attributes: { keepDims: false }, weights: {} },
      { id: 'logits', op: 'dense', inputs: ['pool'], attributes: {}, weights: { kernel: weight([WIDTHS[1], CLASSES]) } },
    ],
  };
}

export function loadedModel(network: Network): LoadedModel {
  const coupled = coupling(network);
  const shapes = inferShapes(network);
  const { macs, parameters, bytes } = networkCosts(network);
  return {
    network,
    inputShape: [8, 8, 3],
    groups: coupled.groups,
    costModel: costModel(network, coupled),
    cost: { macs, params: parameters, bytes },
    nodes: network.nodes.map(({ id, op }) => ({ id, op, shape: shapes.get(id) ?? [], macs: 0, params: 0 })),
  };
}

/** Token ids in windows of 8, an embedding of 8 features, a dense layer of 12 neurons, and logits. */
export function textModel(name: string): LoadedModel {
  const dense = (id: string, input: string, inputs: number, outputs: number): NodeOf<'dense'> => ({ id, op: 'dense', inputs: [input], attributes: {}, weights: { kernel: weight([inputs, outputs]) } });
  const network: Network = {
    name,
    outputs: ['logits'],
    nodes: [
      { id: 'input', op: 'input', inputs: [], attributes: { shape: [8], vocabulary: 64 }, weights: {} },
      { id: 'first', op: 'embedding', inputs: ['input'], attributes: {}, weights: { table: weight([64, WIDTHS[0]]) } },
      dense('second', 'first', WIDTHS[0], WIDTHS[1]),
      dense('logits', 'second', WIDTHS[1], 64),
    ],
  };
  return { ...loadedModel(network), inputShape: [8] };
}

function novels({ testImages }: FakeWorkers): DatasetSummary {
  return { id: 'novels', name: 'Novels', classes: [], shape: [8], train: 500, test: testImages, text: { stride: 4, cloze: 20 } };
}

/** The more is cut, the greater is perplexity. */
function textMeasures(windows: number, kept: number): TextMeasures {
  return { tokens: 4 * windows, perplexity: 20 / kept, intactPerplexity: 20, divergence: 1 - kept };
}

export function fidelityUpdate(images: number, total: number): FidelityUpdate {
  const groups = ['first', 'second'].map((name, i) => {
    const n = WIDTHS[i];
    const curve = Array.from({ length: n }, (_, k) => (k + 1) / n);
    return { name, singleton: Array.from({ length: n }, (_, channel) => (n - channel) / n), curves: { scale: curve, leastSquares: curve.map(Math.sqrt) } };
  });
  return { images, total, change: 0.001, groups };
}

/** Accuracy tells how much of the network the plan kept, so that tests can tell evaluations apart. */
export function evaluation(images: number, kept = 1): Evaluation {
  const predictions = Int32Array.from({ length: images }, (_, i) => i % CLASSES);
  return {
    images,
    accuracy: kept,
    agreement: kept,
    logitError: 1 - kept,
    perClass: Array.from({ length: CLASSES }, () => ({ correct: images / CLASSES, total: images / CLASSES })),
    predictions,
    labels: predictions,
    seconds: 0.01,
  };
}

type Held = 'loadModel' | 'loadPictures' | 'keep' | 'calibrate' | 'evaluate' | 'pruneSequentially' | 'loadText' | 'transform' | 'generate' | 'cloze' | 'renorm' | 'layerTimes' | 'criterion' | 'theory' | 'invert' | 'sensitivity' | 'unlearn' | 'measureForgetting' | 'fineTune' | 'rank' | 'bands';

/** What the fake engines of one test share. */
export class FakeWorkers {
  /** Names of the calls in order, such as `evaluate plan 1000`. */
  readonly calls: string[] = [];
  readonly engines: FakeEngine[] = [];
  readonly fidelities: FakeFidelity[] = [];
  /** Calls of these names wait until `release`. */
  readonly held = new Set<Held>();
  /** The next call of this name fails with this error. */
  readonly failures = new Map<string, Error>();
  loadError: Error | undefined;
  testImages = 1000;
  /** A person's own pictures, where they are read; their size is then always the network's. */
  own: Partial<DatasetSummary> = {};
  /** The shape of the shipped pictures. */
  shipped: readonly number[] = [8, 8, 3];
  /** What the browser keeps, by id; shared by all engines of a test. */
  readonly kept = new Map<string, KeptItem & { settings?: unknown }>();
  #waiting: (() => void)[] = [];

  readonly createEngineClient = (): EngineClient => {
    const engine = new FakeEngine(this);
    this.engines.push(engine);
    return engine;
  };

  readonly createFidelityClient = (): FidelityClient => {
    const fidelity = new FakeFidelity(this);
    this.fidelities.push(fidelity);
    return fidelity;
  };

  release(): void {
    this.held.clear();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  fail(name: string): void {
    const error = this.failures.get(name);
    if (!error) return;
    this.failures.delete(name);
    throw error;
  }

  hold(name: Held): Promise<void> {
    return this.held.has(name) ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve();
  }
}

class FakeClient {
  terminated = false;
  #callback: (error: Error) => void = () => {};

  terminate(): void {
    this.terminated = true;
  }

  onDeath(callback: (error: Error) => void): void {
    this.#callback = callback;
  }

  die(message: string): void {
    this.#callback(new Error(message));
  }
}

export class FakeEngine extends FakeClient implements EngineClient {
  readonly api: EngineApi;
  readonly ports: MessagePort[] = [];
  #labelled = true;
  #text = false;

  constructor(workers: FakeWorkers) {
    super();
    const cancelled = new Set<JobId>();
    const cancellers = new Map<JobId, () => void>();
    const job = async <T>(id: JobId, name: Held, call: string, result: () => T): Promise<T> => {
      workers.calls.push(call);
      const cancel = new Promise<never>((_, reject) => cancellers.set(id, () => reject(new CancelledError())));
      await Promise.race([workers.hold(name), cancel]);
      if (cancelled.has(id)) throw new CancelledError();
      workers.fail(name);
      return result();
    };
    this.api = {
      start: async (choice) => {
        workers.calls.push(`start ${choice}`);
        return { name: 'wasm', software: false, reason: 'a test', checks: [] };
      },
      loadModel: async (id, source) => {
        const name = source.kind === 'url' ? (source.url.split('/').at(-2) ?? '') : source.kind === 'kept' ? source.name : 'files';
        await job(id, 'loadModel', `loadModel ${name}`, () => {});
        if (workers.loadError) throw workers.loadError;
        if (source.kind === 'kept' && !workers.kept.has(source.id)) throw new Error(`${source.name} is not kept`);
        this.#labelled = true;
        return name.startsWith('text') ? textModel(name) : loadedModel(smallNetwork(name));
      },
      loadDataset: async (url) => {
        this.#labelled = true;
        this.#text = url.endsWith('/novels/');
        workers.fail('loadDataset');
        if (this.#text) {
          workers.calls.push('loadDataset novels');
          return novels(workers);
        }
        return { id: 'toy', name: 'Toy', classes: Array.from({ length: CLASSES }, (_, i) => `class ${i}`), shape: workers.shipped, train: 5000, test: workers.testImages };
      },
      loadPictures: (id, { source, fit }, onProgress) =>
        job(id, 'loadPictures', `loadPictures ${source.name} ${fit}`, () => {
          onProgress({ done: 2, total: 4, rate: 1, secondsLeft: 2 });
          const classes = Array.from({ length: CLASSES }, (_, i) => `class ${i}`);
          this.#text = false;
          const summary: DatasetSummary = { id: 'own', name: source.name, classes, shape: [8, 8, 3], train: 40, test: 40, own: { splitSeed: 1, skipped: [], leftOut: 0, prepared: false }, ...workers.own };
          this.#labelled = summary.unlabelled === undefined;
          return summary;
        }),
      loadText: (id, { source }, onProgress) =>
        job(id, 'loadText', `loadText ${source.name}`, () => {
          onProgress({ done: 1, total: 2, rate: 1, secondsLeft: 1 });
          this.#text = true;
          return { ...novels(workers), id: 'own', name: source.name, text: { stride: 4, cloze: 0 }, own: { splitSeed: 0, skipped: [], leftOut: 0, prepared: true } };
        }),
      generate: async (id, { plan, prompt, seed }, onText) => {
        const words = ` ${plan ? 'pruned' : 'intact'} ${seed}`;
        onText(words.slice(0, 3));
        const result = await job(id, 'generate', `generate ${plan ? 'plan' : 'intact'} ${prompt}`, () => ({ text: words, tokens: 2, seconds: 0.1 }));
        // a worker's last words may come after its result
        setTimeout(() => onText('late'), 0);
        return result;
      },
      cloze: (id, { plan, items }, onProgress) => {
        onProgress({ done: 1, total: items, rate: 1, secondsLeft: 1 });
        return job(id, 'cloze', `cloze ${plan ? 'plan' : 'intact'} ${items}`, () => ({ items, accuracy: plan ? 0.4 : 0.6, chance: 0.25, seconds: 1 }));
      },
      excitingText: (id, { node, channel }) => job(id, 'evaluate', `excitingText ${node} ${channel}`, () => [{ before: 'a', token: 'b', after: 'c', activation: 1 }]),
      setPreprocessing: async ({ scale, order }) => {
        if (scale !== 1 || order !== 'RGB') workers.calls.push(`preprocess ${scale} ${order}`);
      },
      preview: async () => ({ pictures: [], least: 0, greatest: 255, mean: 100 }),
      gallery: async ({ images, seed, source }) => {
        workers.calls.push(`gallery ${images} ${seed} ${encodeSource(source)}`);
        workers.fail('gallery');
        return [];
      },
      invert: (id, { count, steps, seed }, onProgress) => {
        onProgress({ done: 1, total: steps, rate: 1, secondsLeft: steps - 1 });
        return job(id, 'invert', `invert ${count} ${steps} ${seed}`, () => ({ seconds: 1, inClass: 0.5 }));
      },
      sensitivity: (id, { forgetClass, testImages, seed }, onPoint, onProgress) => {
        onProgress({ done: 1, total: 2, rate: 1, secondsLeft: 1 });
        const point = { family: 'source' as const, label: 'real pictures', images: 64, pruned: 0.8, forgotten: { forget: 0, retain: 0.9 } };
        onPoint(point);
        const intact = { accuracy: 0.9, forget: 0.9, retain: 0.9 };
        return job(id, 'sensitivity', `sensitivity ${forgetClass} ${testImages} ${seed}`, () => ({ target: 0.625, forgetClass, testImages, judgedBy: 'labels' as const, intact, points: [point, { ...point, label: 'dead leaves', pruned: 0.7 }] }));
      },
      sortFiles: async (files) => {
        const places = (model: boolean) => files.flatMap(({ path }, at) => (/\.(onnx|json|bin)$/.test(path) === model ? [at] : []));
        return { model: places(true), pictures: places(false) };
      },
      keep: (id, { kind, name, files }) =>
        job(id, 'keep', `keep ${kind} ${name}`, () => {
          const item: KeptItem = { id: (0xa0 + workers.kept.size).toString(16), kind, name, bytes: files.length, added: workers.kept.size };
          workers.kept.set(item.id, item);
          return item;
        }),
      kept: async () => ({ durable: true, items: [...workers.kept.values()] }),
      forget: async (id) => {
        workers.calls.push(`forget ${id}`);
        workers.kept.delete(id);
      },
      keptSettings: async (id) => workers.kept.get(id)?.settings,
      setKeptSettings: async (id, settings) => {
        const item = workers.kept.get(id);
        if (item) item.settings = settings;
      },
      calibrate: async (id, { images, seed, source }, port, onProgress) => {
        this.ports.push(port);
        onProgress({ done: images / 2, total: images, rate: 100, secondsLeft: 1 });
        port.postMessage({ kind: 'batch', images: images / 2, done: images / 2, total: images, layers: [] });
        try {
          return await job(id, 'calibrate', `calibrate ${images} ${seed}${from(source)}`, () => ({ images, seconds: 1 }));
        } finally {
          port.postMessage({ kind: 'end' });
        }
      },
      pruneSequentially: (id, { keep, renorm, source }) => job(id, 'pruneSequentially', `pruneSequentially${renorm ? ' renorm' : ''}${from(source)}`, () => ({ keep, weights: {}, ...(renorm ? { norms: {} } : {}) })),
      renorm: (id, { plan, source }) => job(id, 'renorm', `renorm${from(source)}`, () => ({ ...plan, norms: {} })),
      criterion: (id, { select, images, seed, source }, onProgress) => {
        onProgress({ done: 1, total: 2, rate: 10, secondsLeft: 1 });
        return job(id, 'criterion', `criterion ${select} ${images} ${seed}${from(source)}`, () => ({ first: rising(WIDTHS[0]), second: rising(WIDTHS[1]) }));
      },
      unlearn: async (id, request, onTrial, onProgress) => {
        for (const trial of [{ share: 0, forget: 0.9, retain: 1 }, { share: 0.05, forget: 0, retain: 0.97 }]) onTrial(trial);
        onProgress({ done: 50, total: 100, rate: 10, secondsLeft: 5 });
        return job(id, 'unlearn', `unlearn ${request.method} ${request.settings.classes.join('+')} ${request.pictures}${from(request.source)}`, () => forgetResult(request, Math.min(1000, workers.testImages)));
      },
      measureForgetting: (id, { classes, images }) => job(id, 'measureForgetting', `measureForgetting ${images}`, () => forgettingMeasures(classes, images)),
      fineTune: async (id, { network, training, pictures, without }, onReport, onProgress) => {
        const seen = { epoch: 1, loss: 0.7, accuracy: 0.8 };
        onReport({ kind: 'step', step: { ...seen, step: 1, steps: 2, rate: training.rate } });
        onReport({ kind: 'epoch', network: { ...network, name: 'epoch 1' }, epoch: { ...seen, seconds: 1 } });
        onProgress({ done: 1, total: 2, rate: 1, secondsLeft: 1 });
        return job(id, 'fineTune', `fineTune ${network.name} ${training.epochs} ${pictures} without ${without.join('+')}`, () => ({
          network: { ...network, name: 'tuned' }, pictures, steps: 2, seconds: 2, measures: forgettingMeasures(without, Math.min(1000, workers.testImages)),
        }));
      },
      pauseFineTune: async (_, paused) => {
        workers.calls.push(paused ? 'pause' : 'resume');
      },
      theory: (id, { experiment, source }) => job(id, 'theory', `theory ${experiment}${from(source)}`, () => theoryResult(experiment)),
      evaluate: (id, { plan, images }) => job(id, 'evaluate', `evaluate ${plan ? 'plan' : 'intact'} ${images}`, () => this.#measured(images, plan ? share(plan.keep) : 1)),
      transform: (id, { transform, share: { value }, testImages }) =>
        job(id, 'transform', `transform ${transform} ${value} ${testImages}`, () => ({ cost: { macs: 1000 * value, params: 100 * value, bytes: 400 * value }, evaluation: this.#measured(testImages, value) })),
      latency: async () => ({ milliseconds: 2, batch: 1, runs: 5 }),
      layerTimes: (id, { plan }, onProgress) => {
        onProgress({ done: 2, total: 4, rate: 10, secondsLeft: 1 });
        return job(id, 'layerTimes', `layerTimes ${plan ? 'plan' : 'intact'}`, () =>
          [['first'], ['second', 'pool'], ['logits']].map((layers) => ({ layers, milliseconds: plan ? 1 : 2 })));
      },
      exciting: (id) => job(id, 'evaluate', 'exciting', () => []),
      pictures: async () => [],
      cancel: async (id) => {
        cancelled.add(id);
        cancellers.get(id)?.();
      },
      memory: async () => ({ tensors: 0, bytes: 0 }),
    };
  }

  /** As the open data are measured. */
  #measured(images: number, kept: number): Evaluation {
    const { accuracy, perClass, ...measured } = evaluation(images, kept);
    if (this.#text) return { ...measured, perClass: [], labels: new Int32Array(0), text: textMeasures(images, kept) };
    return this.#labelled ? { ...measured, accuracy, perClass } : { ...measured, perClass: [], labels: new Int32Array(0) };
  }
}

export class FakeFidelity extends FakeClient implements FidelityClient {
  readonly api: FidelityApi;

  constructor(workers: FakeWorkers) {
    super();
    this.api = {
      begin: async () => {
        workers.calls.push('begin');
        return { first: norms(WIDTHS[0]), second: norms(WIDTHS[1]) };
      },
      rank: async ({ select, compensate, scores }, onProgress) => {
        workers.calls.push(`rank ${select} ${compensate}${scores ? ' scored' : ''}`);
        onProgress({ done: 1, total: 2, rate: 1, secondsLeft: 1 });
        await workers.hold('rank');
        workers.fail('rank');
        return ['first', 'second'].map((name, i) => ranking(name, scores?.[name] ?? (select === 'singleton' ? rising(WIDTHS[i]).reverse() : rising(WIDTHS[i]))));
      },
      stopRanking: async () => {
        workers.calls.push('stopRanking');
      },
      accumulate: (port, onUpdate) =>
        new Promise((resolve) => {
          let total = 0;
          port.onmessage = ({ data }: MessageEvent<{ kind: 'batch'; images: number; total: number } | { kind: 'end' }>) => {
            if (data.kind === 'end') return resolve(fidelityUpdate(total, total));
            total = data.total;
            onUpdate(fidelityUpdate(data.images, data.total));
          };
        }),
      detail: async (name) => ({ name, band: { median: [], low: [], high: [], best: [], permutations: 0 }, greedy: [], backward: [] }),
      bands: async (permutations, seed, onBand) => {
        workers.calls.push(`bands ${permutations} ${seed}`);
        for (const [i, name] of ['first', 'second'].entries()) {
          const rise = rising(WIDTHS[i]).map((k) => k / WIDTHS[i]);
          onBand({ name, permutations, median: rise, low: rise.map((value) => value * value), high: rise.map(Math.sqrt), best: rise.map(Math.cbrt) });
          await workers.hold('bands');
          workers.fail('bands');
        }
      },
      compensate: async (keep) => {
        workers.calls.push('compensate');
        return { keep, weights: {} };
      },
    };
  }
}

/** " from deadLeaves", or nothing for the open pictures. */
function from(source: CalibrationSource | undefined): string {
  const text = encodeSource(source);
  return text && ` from ${text}`;
}

function share(keep: Readonly<Record<string, readonly number[]>>): number {
  return Object.values(keep).reduce((sum, kept) => sum + kept.length, 0) / (WIDTHS[0] + WIDTHS[1]);
}

/** Every rule but singleton keeps the last channels; the first group loses twice as much as the second. */
function ranking(name: string, scores: readonly number[]): GroupRanking {
  const n = scores.length;
  const curve = Array.from(scores, (_, k) => (k + 1) / n);
  return { name, scores, curve, error: curve.map((share) => (name === 'first' ? 2 : 1) * (1 - share)) };
}

function rising(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1);
}

function theoryResult(experiment: TheoryExperiment): TheoryResult {
  if (experiment !== 'localGlobal') throw new Error(`The stand-in measures nothing of ${experiment}.`);
  const points = ['first', 'second'].flatMap((group, i) =>
    [0.25, 0.5].map((share) => ({ group, kept: share * WIDTHS[i], channels: WIDTHS[i], compensate: 'scale' as const, local: 1 - share, relativeLocal: 1 - share, global: (i + 1) * (1 - share), relativeGlobal: 0.1 })),
  );
  return { experiment, images: 16, points, slopes: ['first', 'second'].map((group, i) => ({ group, fitted: i + 1, worst: i + 1 })) };
}

/** The forgotten classes' pictures all go to the class after theirs; one in ten of the others is wrong. */
export function forgettingMeasures(classes: readonly number[], images: number): ForgettingMeasures {
  const truth = Int32Array.from({ length: images }, (_, k) => k % CLASSES);
  const before = truth.map((c, k) => (k % 10 === Math.floor(k / 10) % 10 ? (c + 1) % CLASSES : c));
  const after = before.map((c) => (classes.includes(c) ? (c + 1) % CLASSES : c));
  return measuresOf(before, after, truth, CLASSES, new Set(classes));
}

function forgetResult({ method, settings, pictures }: ForgetRequest, images: number): ForgetResult {
  return {
    network: smallNetwork('forgot'),
    report: {
      method,
      settings,
      pictures: { forget: pictures, retain: pictures, by: 'labels' },
      measures: forgettingMeasures(settings.classes, images),
      trials: [{ share: 0, forget: 0.9, retain: 1 }, { share: 0.05, forget: 0, retain: 0.97 }],
      removed: [{ layer: 'logits', of: WIDTHS[1], node: 'pool', channels: [{ channel: 2, feature: 2, forget: 0.4, retain: 0.1 }] }],
      headAlone: false,
      recoverability: { before: 0.9, after: 0.4 },
      gradientSteps: 0,
      milliseconds: 1234,
    },
  };
}

function norms(n: number) {
  return { l1: rising(n), l2: rising(n) };
}

function weight(shape: readonly number[]): Weight {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return { shape, values: Float32Array.from({ length: size }, (_, i) => Math.sin(i + 1)) };
}
