import simdUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import plainUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import { transfer } from 'comlink';
import type { CalibrationSource, MadeSet } from '../datasets/calibrationSource.ts';
import { decodeInBrowser, decodePng } from '../datasets/decodePicture.ts';
import type { Split } from '../datasets/imageSet.ts';
import { OwnPictures, SPLIT_SEED } from '../datasets/ownPictures.ts';
import type { Preprocessing } from '../datasets/preprocessing.ts';
import { backendMemory, startBackend } from '../engine/backend.ts';
import { calibrate } from '../engine/calibrate.ts';
import { networkCriterion } from '../engine/criteria/table.ts';
import { computeLogits, logitError, perClass, shareEqual, topClasses, type Logits } from '../engine/evaluate.ts';
import { mostExciting } from '../engine/exciting.ts';
import { invert } from '../engine/inversion/invert.ts';
import { JobClock, silent, type Job } from '../engine/job.ts';
import { Correlator } from '../engine/kernels/correlator.ts';
import { measureLatency } from '../engine/latency.ts';
import { layerTimes } from '../engine/layerTimes.ts';
import { renormalise } from '../engine/renorm.ts';
import { pruneSequentially } from '../engine/sequential.ts';
import { PauseSwitch } from '../engine/training/pauseSwitch.ts';
import { costModel } from '../network/costModel.ts';
import { networkCosts } from '../network/costs.ts';
import { coupling } from '../network/coupling.ts';
import type { Network } from '../network/network.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { prune } from '../network/surgery.ts';
import { consumerLayers } from '../pruning/consumerLayers.ts';
import type { LayerTime } from '../pruning/layerChanges.ts';
import { SELECTION_RULES } from '../pruning/selections.ts';
import type { LayerSums } from '../pruning/statisticsStore.ts';
import type { Sensitivity, SensitivityPoint } from '../sensitivity/results.ts';
import { sensitivity } from '../sensitivity/sensitivity.ts';
import type { TheoryResult } from '../theory/results.ts';
import { stability } from '../theory/stability.ts';
import { runTheory } from '../theory/table.ts';
import type { NamedFile } from '../storage/namedFile.ts';
import type { KeptItem } from '../storage/keptItems.ts';
import type { ForgettingMeasures } from '../unlearning/forgettingReport.ts';
import type { UnlearnTrial } from '../unlearning/unlearn.ts';
import { EngineJobs } from './engineJobs.ts';
import { fineTuneNetwork } from './fineTuning.ts';
import { Keeping } from './keeping.ts';
import { readModelSource } from './modelSource.ts';
import { networkShapes } from './networkShapes.ts';
import { namedFile } from './pathedFile.ts';
import { OpenPictures, openFolder, summaryOf } from './pictures.ts';
import type {
  BackendChoice, BackendReport, CalibrationRequest, CalibrationSummary, ChannelScores, CriterionRequest, DatasetSummary, EngineApi, Evaluation,
  EvaluationRequest, ExcitingPicture, FineTuneReport, FineTuneRequest, FineTuneResult, ForgetRequest, ForgetResult, JobId, KeptList, Latency, LoadedModel, MadeSummary, MeasureForgettingRequest, ModelSource, OnProgress, OwnSource, PathedFile,
  Picture, Preview, RenormRequest, SensitivityRequest, SequentialRequest, SortedFiles, StatisticsMessage, TheoryRequest,
} from './protocol.ts';
import { sortFiles } from './sortFiles.ts';
import { forgetClasses, measureForgetting, type ForgetSubject } from './unlearning.ts';

/** Images looked through for those that excite a channel most. */
const EXCITING_POOL = 1000;

/** The engine worker: one network, one data set, one backend. Jobs may be cancelled by their id. */
export class Engine implements EngineApi {
  #correlator: Correlator | undefined;
  #network: Network | undefined;
  readonly #pictures = new OpenPictures();
  readonly #keeping: Keeping;
  /** Outputs of the intact network on the first test images, grown as they are needed. */
  #intact: Logits | undefined;
  readonly #jobs = new EngineJobs();
  /** Of the jobs that train. */
  readonly #pauses = new Map<JobId, PauseSwitch>();

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
    const { inputShape, shapes } = networkShapes(network);
    const coupled = coupling(network);
    const { macs, parameters, bytes, nodes } = networkCosts(network);
    this.#network = network;
    this.#pictures.useModel(source);
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
    const data = await openFolder(url);
    this.#pictures.use(data);
    this.#intact = undefined;
    return summaryOf(data);
  }

  async loadPictures(
    job: JobId,
    { source, fit, classNames }: { readonly source: OwnSource; readonly fit: Preprocessing['fit']; readonly classNames?: readonly string[] },
    onProgress: OnProgress,
  ): Promise<DatasetSummary> {
    const { inputShape, outputs } = networkShapes(this.#loaded());
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
    this.#pictures.use(data);
    this.#intact = undefined;
    const { skipped, leftOut, prepared, unlabelled } = data;
    return { ...summaryOf(data), ...(unlabelled === undefined ? {} : { unlabelled }), own: { splitSeed: SPLIT_SEED, skipped, leftOut, prepared } };
  }

  async setPreprocessing(preprocessing: Preprocessing): Promise<void> {
    this.#pictures.setPreprocessing(preprocessing);
    this.#intact = undefined;
  }

  preview(count: number): Promise<Preview> {
    return this.#pictures.preview(count);
  }

  async invert(job: JobId, settings: MadeSet, onProgress: OnProgress): Promise<MadeSummary> {
    const network = this.#loaded();
    const began = performance.now();
    const request = { ...settings, preprocessing: this.#pictures.preprocessing };
    const { inClass, note, ...made } = await this.#jobs.run(job, onProgress, (options) => invert(network, request, options));
    if (network === this.#network) this.#pictures.addMade(network, settings, made);
    return { seconds: (performance.now() - began) / 1000, ...(inClass === undefined ? {} : { inClass }), ...(note === undefined ? {} : { note }) };
  }

  gallery(request: CalibrationRequest): Promise<readonly Picture[]> {
    return this.#pictures.gallery(this.#loaded(), request);
  }

  sortFiles(files: readonly PathedFile[]): Promise<SortedFiles> {
    return sortFiles(files.map(namedFile));
  }

  async keep(job: JobId, { kind, name, files }: Parameters<EngineApi['keep']>[1], onProgress: OnProgress): Promise<KeptItem> {
    return this.#jobs.run(job, onProgress, async (options) => {
      const clock = new JobClock(options, 0);
      const report = (done: number, total: number) => options.onProgress?.(progressOf(done, total, clock.seconds));
      return this.#jobs.urgent(async () => {
        const items = await this.#keeping.items();
        return items.add(kind, name, files.map(namedFile), { ...(options.signal ? { signal: options.signal } : {}), onBytes: report });
      });
    });
  }

  kept(): Promise<KeptList> {
    return this.#jobs.urgent(() => this.#keeping.list());
  }

  forget(id: string): Promise<void> {
    return this.#jobs.urgent(() => this.#keeping.forget(id));
  }

  async keptSettings(id: string): Promise<unknown> {
    return this.#jobs.urgent(async () => (await this.#keeping.items()).settings(id));
  }

  async setKeptSettings(id: string, settings: unknown): Promise<void> {
    await this.#jobs.urgent(async () => (await this.#keeping.items()).setSettings(id, settings));
  }

  async calibrate(job: JobId, request: CalibrationRequest, port: MessagePort, onProgress: OnProgress): Promise<CalibrationSummary> {
    const network = this.#loaded();
    const began = performance.now();
    const post = (message: StatisticsMessage, buffers: Transferable[] = []) => port.postMessage(message, buffers);
    try {
      await this.#jobs.run(job, onProgress, async (options) =>
        calibrate(
          network,
          consumerLayers(network, coupling(network)),
          await this.#pictures.calibration(network, request),
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
    const plan = await this.#jobs.run(job, onProgress, async (options) => {
      const images = await this.#pictures.calibration(network, request);
      const compensated = await pruneSequentially(network, request.keep, request.compensate, images, this.#correlator, options);
      return request.renorm ? renormalise(network, compensated, images, silent(options)) : compensated;
    });
    return transferPlan(plan);
  }

  async renorm(job: JobId, { plan, ...request }: RenormRequest, onProgress: OnProgress): Promise<PrunePlan> {
    const network = this.#loaded();
    return this.#jobs.run(job, onProgress, async (options) => renormalise(network, plan, await this.#pictures.calibration(network, request), options));
  }

  async evaluate(job: JobId, { plan, images }: EvaluationRequest, onProgress: OnProgress): Promise<Evaluation> {
    const network = this.#loaded();
    const began = performance.now();
    return this.#jobs.run(job, onProgress, async (options) => {
      const intact = await this.#intactLogits(network, images, plan ? silent(options) : options);
      const logits = plan ? await computeLogits(prune(network, plan), this.#pictures.test(0, images), options) : head(intact, images);
      const known = await this.#pictures.labels(network, 'test');
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
      const images = access.data ? await this.#pictures.calibration(network, request) : { count: 0, shape: networkShapes(network).inputShape, read: async () => new Float32Array(0) };
      const labels = access.labels ? await this.#pictures.calibrationLabels(network, request) : undefined;
      const input = { network, coupled: coupling(network), images, seed: request.seed, inputBox: await this.#pictures.inputBox(network, request) };
      const scores = await rule({ ...input, ...(labels ? { labels } : {}) }, options);
      return Object.fromEntries([...scores].map(([name, own]) => [name, [...own]]));
    });
  }

  async theory(job: JobId, request: TheoryRequest, onProgress: OnProgress): Promise<TheoryResult> {
    const network = this.#loaded();
    const pictures = this.#pictures;
    return this.#jobs.run(job, onProgress, async (options) => {
      const draw = await pictures.draw(network, request.source);
      const calibration = draw(request.images, request.seed);
      const test = pictures.test(0, Math.min(request.testImages, pictures.opened().count('test')));
      const testLabels = await pictures.labels(network, 'test');
      const known = { network, calibration, draw, test, correlator: this.#correlator, seed: request.seed, ...(testLabels ? { testLabels } : {}) };
      if (request.experiment === 'stability') return stability(known, options, request.counts);
      if (request.experiment !== 'scoringCost') return runTheory(request.experiment, known, options);
      // what some rules must see is read where their cost is asked for, and nowhere else
      const calibrationLabels = await calibration.labels();
      return runTheory(request.experiment, { ...known, inputBox: await pictures.inputBox(network, request), ...(calibrationLabels ? { calibrationLabels } : {}) }, options);
    });
  }

  async sensitivity(job: JobId, request: SensitivityRequest, onPoint: (point: SensitivityPoint) => void, onProgress: OnProgress): Promise<Sensitivity> {
    const network = this.#loaded();
    return this.#jobs.run(job, onProgress, async (options) => sensitivity({ network, correlator: this.#correlator, ...(await this.#pictures.sensitivity(network, request)) }, options, request.grid, onPoint));
  }

  async unlearn(job: JobId, request: ForgetRequest, onTrial: (trial: UnlearnTrial) => void, onProgress: OnProgress): Promise<ForgetResult> {
    return this.#jobs.run(job, onProgress, async (options) => forgetClasses(await this.#forgetSubject({ seed: request.settings.seed, source: request.source }), request, onTrial, options));
  }

  async measureForgetting(job: JobId, { network, classes, images }: MeasureForgettingRequest, onProgress: OnProgress): Promise<ForgettingMeasures> {
    return this.#jobs.run(job, onProgress, async (options) => measureForgetting(await this.#forgetSubject({ seed: 0 }), network, classes, images, options));
  }

  async fineTune(job: JobId, request: FineTuneRequest, onReport: (report: FineTuneReport) => void, onProgress: OnProgress): Promise<FineTuneResult> {
    const pause = new PauseSwitch();
    this.#pauses.set(job, pause);
    return this.#jobs
      .run(job, onProgress, async (options) => fineTuneNetwork(await this.#forgetSubject({ seed: request.training.seed, source: request.source }), request, onReport, pause, options))
      .finally(() => this.#pauses.delete(job));
  }

  async pauseFineTune(job: JobId, paused: boolean): Promise<void> {
    const pause = this.#pauses.get(job);
    if (paused) pause?.pause();
    else pause?.resume();
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
    const pool = Math.min(EXCITING_POOL, this.#pictures.opened().count('test'));
    const found = await this.#jobs.run(job, undefined, (options) =>
      mostExciting(this.#loaded(), node, channel, this.#pictures.test(0, pool), count, options),
    );
    const pictures = await this.pictures('test', found.map(({ index }) => index));
    return pictures.map((picture, k) => ({ ...picture, activation: found[k].activation }));
  }

  pictures(split: Split, indices: readonly number[]): Promise<readonly Picture[]> {
    return this.#pictures.shown(split, indices);
  }

  async cancel(job: JobId): Promise<void> {
    this.#jobs.cancel(job);
  }

  async memory(): Promise<{ readonly tensors: number; readonly bytes: number }> {
    return backendMemory();
  }

  /** Intact logits of at least `images` test images; computes only those that are missing. */
  async #intactLogits(network: Network, images: number, options: Job): Promise<Logits> {
    const [known, data] = [this.#intact, this.#pictures.data];
    const first = known?.images ?? 0;
    if (known && first >= images) return known;
    const more = await computeLogits(network, this.#pictures.test(first, images - first), options);
    const values = new Float32Array(images * more.classes);
    if (known) values.set(known.values);
    values.set(more.values, first * more.classes);
    const intact = { images, classes: more.classes, values };
    // not over those of a model or data set that was loaded meanwhile, nor of a longer run beside this one
    const current = network === this.#network && data === this.#pictures.data;
    if (current && images > (this.#intact?.images ?? 0)) this.#intact = intact;
    return intact;
  }

  /** What is open, as forgetting sees it; `seed` draws the pictures. Classes of pictures that were made up are the network's own word. */
  async #forgetSubject({ seed, source }: { readonly seed: number; readonly source?: CalibrationSource }): Promise<ForgetSubject> {
    const network = this.#loaded();
    const real = await this.#pictures.pool(network, { seed });
    const { labels: _, ...madeUp } = source ? await this.#pictures.pool(network, { seed, source }) : real;
    return {
      network,
      pool: source ? madeUp : real,
      ...(real.labels ? { known: real } : {}),
      test: await this.#pictures.testPool(network),
      correlator: this.#correlator,
      intact: async (images, options) => topClasses(head(await this.#intactLogits(network, images, options), images)),
    };
  }

  #loaded(): Network {
    if (!this.#network) throw new Error('No model is loaded.');
    return this.#network;
  }

  /** The files of a kept item. */
  async #keptFiles({ id, name }: { readonly id: string; readonly name: string }): Promise<readonly NamedFile[]> {
    return (await this.#keeping.items()).files(id, name);
  }
}

function buffersOf(layers: readonly LayerSums[]): ArrayBuffer[] {
  return layers.flatMap((sums) => ('gram' in sums ? [sums.gram] : Object.values(sums.contributions) as Float64Array[])).map(({ buffer }) => buffer as ArrayBuffer);
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
