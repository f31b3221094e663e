import simdUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import plainUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import { transfer } from 'comlink';
import { decodeInBrowser, decodePng } from '../datasets/decodePicture.ts';
import type { ImageSet, Split } from '../datasets/imageSet.ts';
import { OwnPictures, SPLIT_SEED } from '../datasets/ownPictures.ts';
import { PackedImages } from '../datasets/packedImages.ts';
import { pictureSource } from '../datasets/pictureSource.ts';
import { AS_THEY_ARE, type Preprocessing } from '../datasets/preprocessing.ts';
import { backendMemory, startBackend } from '../engine/backend.ts';
import { calibrate } from '../engine/calibrate.ts';
import type { InputBox } from '../engine/criteria/intervalBounds.ts';
import { networkCriterion } from '../engine/criteria/table.ts';
import { LabelsNeededError } from '../engine/criteria/taylor.ts';
import { computeLogits, logitError, perClass, shareEqual, topClasses, type Logits } from '../engine/evaluate.ts';
import { mostExciting } from '../engine/exciting.ts';
import type { ImageSource } from '../engine/imageSource.ts';
import { JobClock, type Job } from '../engine/job.ts';
import { Correlator } from '../engine/kernels/correlator.ts';
import { measureLatency } from '../engine/latency.ts';
import { layerTimes } from '../engine/layerTimes.ts';
import { renormalise } from '../engine/renorm.ts';
import { pruneSequentially } from '../engine/sequential.ts';
import { costModel } from '../network/costModel.ts';
import { networkCosts } from '../network/costs.ts';
import { coupling } from '../network/coupling.ts';
import type { Network, Shape } from '../network/network.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { inferShapes } from '../network/shapes.ts';
import { prune } from '../network/surgery.ts';
import { consumerLayers } from '../pruning/consumerLayers.ts';
import type { LayerTime } from '../pruning/layerChanges.ts';
import { SELECTION_RULES } from '../pruning/selections.ts';
import type { LayerSums } from '../pruning/statisticsStore.ts';
import { fetchBytes } from '../storage/download.ts';
import type { TheoryResult } from '../theory/results.ts';
import { stability } from '../theory/stability.ts';
import { runTheory } from '../theory/table.ts';
import type { NamedFile } from '../storage/namedFile.ts';
import type { KeptItem } from '../storage/keptItems.ts';
import { EngineJobs } from './engineJobs.ts';
import { observedBox, pixelBox } from './inputBox.ts';
import { Keeping } from './keeping.ts';
import { readModelSource } from './modelSource.ts';
import { namedFile } from './pathedFile.ts';
import type {
  BackendChoice, BackendReport, CalibrationRequest, CalibrationSummary, ChannelScores, CriterionRequest, DatasetSummary, EngineApi, Evaluation,
  EvaluationRequest, ExcitingPicture, JobId, KeptList, Latency, LoadedModel, ModelSource, OnProgress, OwnSource, PathedFile,
  Picture, Preview, RenormRequest, SequentialRequest, SortedFiles, StatisticsMessage, TheoryRequest,
} from './protocol.ts';
import { toRgba } from './showPicture.ts';
import { sortFiles } from './sortFiles.ts';

/** Images looked through for those that excite a channel most. */
const EXCITING_POOL = 1000;

/** The engine worker: one network, one data set, one backend. Jobs may be cancelled by their id. */
export class Engine implements EngineApi {
  #correlator: Correlator | undefined;
  #network: Network | undefined;
  #data: ImageSet | undefined;
  #preprocessing: Preprocessing = AS_THEY_ARE;
  readonly #keeping: Keeping;
  /** Outputs of the intact network on the first test images, grown as they are needed. */
  #intact: Logits | undefined;
  readonly #jobs = new EngineJobs();

  constructor(keeping = new Keeping()) {
    this.#keeping = keeping;
  }

  async start(choice: BackendChoice): Promise<BackendReport> {
    const report = await startBackend(choice, {
      'tfjs-backend-wasm.wasm': plainUrl,
      'tfjs-backend-wasm-simd.wasm': simdUrl,
      // must be named but is never loaded: threads are off
      'tfjs-backend-wasm-threaded-simd.wasm': simdUrl,
    });
    if (report.name === 'wasm') this.#correlator = await Correlator.create();
    return report;
  }

  async loadModel(job: JobId, source: ModelSource, onProgress: OnProgress): Promise<LoadedModel> {
    const { network, card, notKept } = await this.#jobs.run(job, onProgress, (options) => readModelSource(source, this.#keeping, options));
    const { inputShape, shapes } = shapesOf(network);
    const coupled = coupling(network);
    const { macs, parameters, bytes, nodes } = networkCosts(network);
    this.#network = network;
    this.#intact = undefined;
    return {
      network,
      inputShape,
      groups: coupled.groups,
      costModel: costModel(network, coupled),
      cost: { macs, params: parameters, bytes },
      nodes: network.nodes.map(({ id, op }) => ({
        id,
        op,
        shape: shapes.get(id) ?? [],
        macs: nodes.get(id)?.macs ?? 0,
        params: nodes.get(id)?.parameters ?? 0,
      })),
      ...(card === undefined ? {} : { card }),
      ...(notKept === undefined ? {} : { notKept }),
    };
  }

  async loadDataset(url: string): Promise<DatasetSummary> {
    const folder = url.replace(/\/?$/, '/');
    const data = await PackedImages.open((file) => fetchBytes(new URL(file, folder).href));
    this.#data = data;
    this.#intact = undefined;
    return summaryOf(data);
  }

  async loadPictures(
    job: JobId,
    { source, fit, classNames }: { readonly source: OwnSource; readonly fit: Preprocessing['fit']; readonly classNames?: readonly string[] },
    onProgress: OnProgress,
  ): Promise<DatasetSummary> {
    const { inputShape, outputs } = shapesOf(this.#loaded());
    const data = await this.#jobs.run(job, onProgress, async (options) => {
      const files = source.kind === 'files' ? source.files.map(namedFile) : await this.#keptFiles(source);
      let clock: JobClock | undefined;
      return OwnPictures.read(files, {
        id: source.kind === 'kept' ? source.id : 'own',
        name: source.name,
        shape: inputShape,
        outputs: { count: outputs, ...(classNames ? { names: classNames } : {}) },
        fit,
        decode: typeof createImageBitmap === 'function' ? decodeInBrowser : decodePng,
        onPicture: (done, total) => (clock ??= new JobClock(options, total)).tick(done),
      });
    });
    this.#data = data;
    this.#intact = undefined;
    const { skipped, leftOut, prepared, unlabelled } = data;
    return { ...summaryOf(data), ...(unlabelled === undefined ? {} : { unlabelled }), own: { splitSeed: SPLIT_SEED, skipped, leftOut, prepared } };
  }

  async setPreprocessing(preprocessing: Preprocessing): Promise<void> {
    this.#preprocessing = preprocessing;
    this.#intact = undefined;
  }

  async preview(count: number): Promise<Preview> {
    const data = this.#dataset();
    const indices = Array.from({ length: Math.min(count, data.count('test')) }, (_, k) => k);
    const values = await pictureSource(data, 'test', indices, this.#preprocessing).read(0, indices.length);
    let [least, greatest, sum] = [Infinity, -Infinity, 0];
    for (const value of values) [least, greatest, sum] = [Math.min(least, value), Math.max(greatest, value), sum + value];
    return { pictures: await this.pictures('test', indices), least, greatest, mean: sum / values.length };
  }

  sortFiles(files: readonly PathedFile[]): Promise<SortedFiles> {
    return sortFiles(files.map(namedFile));
  }

  async keep(job: JobId, { kind, name, files }: Parameters<EngineApi['keep']>[1], onProgress: OnProgress): Promise<KeptItem> {
    return this.#jobs.run(job, onProgress, async (options) => {
      const clock = new JobClock(options, 0);
      const report = (done: number, total: number) => options.onProgress?.(progressOf(done, total, clock.seconds));
      const items = await this.#keeping.items();
      return items.add(kind, name, files.map(namedFile), { ...(options.signal ? { signal: options.signal } : {}), onBytes: report });
    });
  }

  kept(): Promise<KeptList> {
    return this.#keeping.list();
  }

  forget(id: string): Promise<void> {
    return this.#keeping.forget(id);
  }

  async keptSettings(id: string): Promise<unknown> {
    return (await this.#keeping.items()).settings(id);
  }

  async setKeptSettings(id: string, settings: unknown): Promise<void> {
    await (await this.#keeping.items()).setSettings(id, settings);
  }

  async calibrate(job: JobId, request: CalibrationRequest, port: MessagePort, onProgress: OnProgress): Promise<CalibrationSummary> {
    const network = this.#loaded();
    const began = performance.now();
    const post = (message: StatisticsMessage, buffers: Transferable[] = []) => port.postMessage(message, buffers);
    try {
      await this.#jobs.run(job, onProgress, (options) =>
        calibrate(
          network,
          consumerLayers(network, coupling(network)),
          this.#calibrationImages(request),
          this.#correlator,
          (batch) => post({ kind: 'batch', ...batch }, buffersOf(batch.layers)),
          options,
        ),
      );
    } finally {
      post({ kind: 'end' });
      port.close();
    }
    return { images: request.images, seconds: (performance.now() - began) / 1000 };
  }

  async pruneSequentially(job: JobId, request: SequentialRequest, onProgress: OnProgress): Promise<PrunePlan> {
    const network = this.#loaded();
    const images = this.#calibrationImages(request);
    const plan = await this.#jobs.run(job, onProgress, async (options) => {
      const compensated = await pruneSequentially(network, request.keep, request.compensate, images, this.#correlator, options);
      return request.renorm ? renormalise(network, compensated, images, { signal: options.signal }) : compensated;
    });
    return transferPlan(plan);
  }

  async renorm(job: JobId, { plan, ...request }: RenormRequest, onProgress: OnProgress): Promise<PrunePlan> {
    const network = this.#loaded();
    return this.#jobs.run(job, onProgress, (options) => renormalise(network, plan, this.#calibrationImages(request), options));
  }

  async evaluate(job: JobId, { plan, images }: EvaluationRequest, onProgress: OnProgress): Promise<Evaluation> {
    const network = this.#loaded();
    const began = performance.now();
    const data = this.#dataset();
    return this.#jobs.run(job, onProgress, async (options) => {
      const intact = await this.#intactLogits(network, images, plan ? { signal: options.signal } : options);
      const logits = plan ? await computeLogits(prune(network, plan), this.#testImages(0, images), options) : head(intact, images);
      const known = await usableLabels(data, logits.classes);
      const labels = Int32Array.from({ length: known ? images : 0 }, (_, k) => known?.[k] ?? 0);
      const predictions = topClasses(logits);
      return {
        images,
        ...(known ? { accuracy: shareEqual(predictions, labels) } : {}),
        agreement: shareEqual(predictions, topClasses(head(intact, images))),
        logitError: logitError(intact, logits),
        perClass: known ? perClass(predictions, labels, logits.classes) : [],
        predictions,
        labels,
        seconds: (performance.now() - began) / 1000,
      };
    });
  }

  async latency(job: JobId, { plan, batch }: { readonly plan?: PrunePlan; readonly batch: number }): Promise<Latency> {
    const network = this.#loaded();
    return this.#jobs.run(job, undefined, (options) => measureLatency(plan ? prune(network, plan) : network, batch, options));
  }

  async criterion(job: JobId, request: CriterionRequest, onProgress: OnProgress): Promise<ChannelScores> {
    const network = this.#loaded();
    const rule = networkCriterion(request.select);
    const { access } = SELECTION_RULES[request.select];
    return this.#jobs.run(job, onProgress, async (options) => {
      const images = access.data ? this.#calibrationImages(request) : { count: 0, shape: shapesOf(network).inputShape, read: async () => new Float32Array(0) };
      const labels = access.labels ? await this.#calibrationLabels(request) : undefined;
      const input = { network, coupled: coupling(network), images, seed: request.seed, inputBox: await this.#inputBox(request) };
      const scores = await rule({ ...input, ...(labels ? { labels } : {}) }, options);
      return Object.fromEntries([...scores].map(([name, own]) => [name, [...own]]));
    });
  }

  async theory(job: JobId, request: TheoryRequest, onProgress: OnProgress): Promise<TheoryResult> {
    const network = this.#loaded();
    const data = this.#dataset();
    const input = {
      network,
      calibration: this.#calibrationImages(request),
      draw: (images: number, seed: number) => this.#calibrationImages({ images, seed }),
      test: this.#testImages(0, Math.min(request.testImages, data.count('test'))),
      correlator: this.#correlator,
      seed: request.seed,
    };
    return this.#jobs.run(job, onProgress, async (options) => {
      const testLabels = await usableLabels(data, shapesOf(network).outputs);
      const known = { ...input, ...(testLabels ? { testLabels } : {}) };
      if (request.experiment === 'stability') return stability(known, options, request.counts);
      if (request.experiment !== 'scoringCost') return runTheory(request.experiment, known, options);
      // what some rules must see is read where their cost is asked for, and nowhere else
      const labelled = await usableLabels(data, shapesOf(network).outputs, 'train');
      const calibrationLabels = labelled ? await this.#calibrationLabels(request) : undefined;
      return runTheory(request.experiment, { ...known, inputBox: await this.#inputBox(request), ...(calibrationLabels ? { calibrationLabels } : {}) }, options);
    });
  }

  async layerTimes(
    job: JobId,
    { plan, batch }: { readonly plan?: PrunePlan; readonly batch: number },
    onProgress: OnProgress,
  ): Promise<readonly LayerTime[]> {
    const network = this.#loaded();
    return this.#jobs.run(job, onProgress, (options) => layerTimes(plan ? prune(network, plan) : network, batch, options));
  }

  async exciting(
    job: JobId,
    { node, channel, count }: { readonly node: string; readonly channel: number; readonly count: number },
  ): Promise<readonly ExcitingPicture[]> {
    const pool = Math.min(EXCITING_POOL, this.#dataset().count('test'));
    const found = await this.#jobs.run(job, undefined, (options) =>
      mostExciting(this.#loaded(), node, channel, this.#testImages(0, pool), count, options),
    );
    const pictures = await this.pictures('test', found.map(({ index }) => index));
    return pictures.map((picture, k) => ({ ...picture, activation: found[k].activation }));
  }

  async pictures(split: Split, indices: readonly number[]): Promise<readonly Picture[]> {
    const data = this.#dataset();
    const [pixels, labels] = await Promise.all([data.pixels(split, indices), data.labels(split)]);
    const size = data.shape.reduce((product, axis) => product * axis, 1);
    return indices.map((index, k) => ({
      index,
      ...toRgba(pixels.subarray(k * size, (k + 1) * size), data.shape),
      ...(labels ? { label: labels[index] } : {}),
    }));
  }

  async cancel(job: JobId): Promise<void> {
    this.#jobs.cancel(job);
  }

  async memory(): Promise<{ readonly tensors: number; readonly bytes: number }> {
    return backendMemory();
  }

  /** Intact logits of at least `images` test images; computes only those that are missing. */
  async #intactLogits(network: Network, images: number, options: Job): Promise<Logits> {
    const [known, data] = [this.#intact, this.#data];
    const first = known?.images ?? 0;
    if (known && first >= images) return known;
    const more = await computeLogits(network, this.#testImages(first, images - first), options);
    const values = new Float32Array(images * more.classes);
    if (known) values.set(known.values);
    values.set(more.values, first * more.classes);
    const intact = { images, classes: more.classes, values };
    // not over those of a model or data set that was loaded meanwhile, nor of a longer run beside this one
    const current = network === this.#network && data === this.#data;
    if (current && images > (this.#intact?.images ?? 0)) this.#intact = intact;
    return intact;
  }

  #calibrationImages({ images, seed }: CalibrationRequest): ImageSource {
    const data = this.#dataset();
    return pictureSource(data, 'train', data.calibrationIndices(Math.min(images, data.count('train')), seed), this.#preprocessing);
  }

  /** What values pictures may have when the network gets them. */
  async #inputBox(request: CalibrationRequest): Promise<InputBox> {
    if (this.#data instanceof OwnPictures && this.#data.prepared) return observedBox(this.#calibrationImages(request));
    const { inputShape } = shapesOf(this.#loaded());
    return pixelBox(this.#preprocessing, inputShape[inputShape.length - 1]);
  }

  /** @throws LabelsNeededError where the pictures have none that the network's outputs stand for */
  async #calibrationLabels({ images, seed }: CalibrationRequest): Promise<readonly number[]> {
    const data = this.#dataset();
    const known = await usableLabels(data, shapesOf(this.#loaded()).outputs, 'train');
    if (!known) throw new LabelsNeededError(`This rule needs labelled pictures, of the network's own classes; those of “${data.name}” are not.`);
    return data.calibrationIndices(Math.min(images, data.count('train')), seed).map((index) => known[index]);
  }

  #testImages(first: number, count: number): ImageSource {
    return pictureSource(this.#dataset(), 'test', Array.from({ length: count }, (_, k) => first + k), this.#preprocessing);
  }

  #loaded(): Network {
    if (!this.#network) throw new Error('No model is loaded.');
    return this.#network;
  }

  /** The files of a kept item. */
  async #keptFiles({ id, name }: { readonly id: string; readonly name: string }): Promise<readonly NamedFile[]> {
    return (await this.#keeping.items()).files(id, name);
  }

  #dataset(): ImageSet {
    if (!this.#data) throw new Error('No data set is loaded.');
    return this.#data;
  }
}

function buffersOf(layers: readonly LayerSums[]): ArrayBuffer[] {
  return layers.flatMap((sums) => ('gram' in sums ? [sums.gram] : Object.values(sums.contributions) as Float64Array[])).map(({ buffer }) => buffer as ArrayBuffer);
}

function summaryOf(data: ImageSet): DatasetSummary {
  const { id, name, classes, shape } = data;
  return { id, name, classes, shape, train: data.count('train'), test: data.count('test') };
}

function shapesOf(network: Network): { shapes: ReadonlyMap<string, Shape>; inputShape: Shape; outputs: number } {
  const shapes = inferShapes(network);
  const input = network.nodes.find((node) => node.op === 'input');
  const outputs = (shapes.get(network.outputs[0]) ?? []).reduce((product, size) => product * size, 1);
  return { shapes, inputShape: (input && shapes.get(input.id)) ?? [], outputs };
}

/** The pictures' classes, if they are those that the network's outputs stand for. */
async function usableLabels(data: ImageSet, outputs: number, split: Split = 'test'): Promise<ArrayLike<number> | undefined> {
  return data.classes.length === outputs ? data.labels(split) : undefined;
}

function progressOf(done: number, total: number, seconds: number): Parameters<OnProgress>[0] {
  const rate = done / Math.max(seconds, 1e-9);
  return { done, total, rate, secondsLeft: total > done && rate > 0 ? (total - done) / rate : 0 };
}

function head({ classes, values }: Logits, images: number): Logits {
  return { images, classes, values: values.subarray(0, images * classes) };
}

/** Hands the plan's kernels over without a copy. */
function transferPlan(plan: PrunePlan): PrunePlan {
  return transfer(plan, Object.values(plan.weights).map(({ kernel }) => kernel.values.buffer as ArrayBuffer));
}
