import simdUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import plainUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import { transfer } from 'comlink';
import type { CalibrationSource, MadeSet } from '../datasets/calibrationSource.ts';
import { decodeInBrowser, decodePng } from '../datasets/decodePicture.ts';
import type { ImageSet, Split } from '../datasets/imageSet.ts';
import { OwnPictures, SPLIT_SEED } from '../datasets/ownPictures.ts';
import type { Preprocessing } from '../datasets/preprocessing.ts';
import { backendMemory, startBackend } from '../engine/backend.ts';
import { calibrate } from '../engine/calibrate.ts';
import { networkCriterion } from '../engine/criteria/table.ts';
import { topClasses } from '../engine/evaluate.ts';
import { mostExciting } from '../engine/exciting.ts';
import { invert } from '../engine/inversion/invert.ts';
import { languageModel, type LanguageModel } from '../engine/language/languageModel.ts';
import { JobClock, silent } from '../engine/job.ts';
import { Correlator } from '../engine/kernels/correlator.ts';
import { measureLatency } from '../engine/latency.ts';
import { layerTimes } from '../engine/layerTimes.ts';
import { renormalise } from '../engine/renorm.ts';
import { pruneSequentially } from '../engine/sequential.ts';
import { PauseSwitch } from '../engine/training/pauseSwitch.ts';
import type { Tokenizer } from '../formats/tokenizer.ts';
import { coupling } from '../network/coupling.ts';
import type { Network } from '../network/network.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { networkCosts } from '../network/costs.ts';
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
import { Evaluations, head } from './evaluation.ts';
import { fineTuneNetwork } from './fineTuning.ts';
import { Keeping } from './keeping.ts';
import { answerCloze, excitingPassages, writeOn } from './language.ts';
import { readModelSource } from './modelSource.ts';
import { modelSummary } from './modelSummary.ts';
import { networkShapes } from './networkShapes.ts';
import { namedFile } from './pathedFile.ts';
import { OpenPictures } from './pictures.ts';
import type {
  BackendChoice, BackendReport, CalibrationRequest, CalibrationSummary, ChannelScores, ClozeResult, CriterionRequest, DatasetSummary, EngineApi, Evaluation,
  EvaluationRequest, ExcitingPicture, ExcitingText, FineTuneReport, FineTuneRequest, FineTuneResult, ForgetRequest, ForgetResult, Generation, GenerationRequest, JobId, KeptList, Latency, LoadedModel, MadeSummary, MeasureForgettingRequest, ModelSource, OnProgress, OwnSource, PathedFile,
  Picture, Preview, RenormRequest, SensitivityRequest, SequentialRequest, SortedFiles, StatisticsMessage, TheoryRequest, TransformRequest, TransformResult,
} from './protocol.ts';
import { sortFiles } from './sortFiles.ts';
import { openData, openOwnText, reread, summaryOf } from './texts.ts';
import { forgetClasses, measureForgetting, type ForgetSubject } from './unlearning.ts';

/** Images looked through for those that excite a channel most. */
const EXCITING_POOL = 1000;

/** The engine worker: one network, one data set, one backend. Jobs may be cancelled by their id. */
export class Engine implements EngineApi {
  #correlator: Correlator | undefined;
  #network: Network | undefined;
  readonly #pictures = new OpenPictures();
  readonly #keeping: Keeping;
  readonly #evaluations = new Evaluations(this.#pictures);
  /** The open model's own, where it reads text. */
  #tokenizer: Tokenizer | undefined;
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

  async loadModel(job: JobId, source: ModelSource, onProgress: OnProgress, onMemory: (bytes: number) => void = () => {}): Promise<LoadedModel> {
    const { network, card, notKept, tokenizer, beside } = await this.#jobs.run(job, onProgress, (options) => readModelSource(source, this.#keeping, options, ({ total }) => onMemory(total)));
    const summary = modelSummary(network);
    const data = await reread(this.#pictures.data, network, tokenizer);
    [this.#network, this.#tokenizer] = [network, tokenizer];
    this.#pictures.useModel(source);
    this.#open(data);
    return { ...summary, ...(card === undefined ? {} : { card }), ...(Object.keys(beside).length === 0 ? {} : { beside }), ...(notKept === undefined ? {} : { notKept }) };
  }

  async loadDataset(url: string): Promise<DatasetSummary> {
    const data = await openData(url, () => this.#language());
    this.#open(data);
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
    this.#open(data);
    const { skipped, leftOut, prepared, unlabelled } = data;
    return { ...summaryOf(data), ...(unlabelled === undefined ? {} : { unlabelled }), own: { splitSeed: SPLIT_SEED, skipped, leftOut, prepared } };
  }

  async loadText(job: JobId, { source }: { readonly source: OwnSource }, onProgress: OnProgress): Promise<DatasetSummary> {
    const model = this.#language();
    const id = source.kind === 'kept' ? source.id : 'own';
    const { text, summary } = await this.#jobs.run(job, onProgress, async (options) =>
      openOwnText(source.kind === 'files' ? source.files.map(namedFile) : await this.#keptFiles(source), { id, name: source.name }, model, options),
    );
    this.#open(text);
    return summary;
  }

  async generate(job: JobId, request: GenerationRequest, onText: (text: string) => void): Promise<Generation> {
    const model = this.#language();
    return this.#jobs.run(job, undefined, (options) => writeOn(model, request, onText, options));
  }

  async cloze(job: JobId, request: { readonly plan?: PrunePlan; readonly items: number }, onProgress: OnProgress): Promise<ClozeResult> {
    const [model, text] = [this.#language(), this.#pictures.openedText()];
    return this.#jobs.run(job, onProgress, (options) => answerCloze(model, text, request, options));
  }

  async setPreprocessing(preprocessing: Preprocessing): Promise<void> {
    this.#pictures.setPreprocessing(preprocessing);
    this.#evaluations.forget();
  }

  preview(count: number): Promise<Preview> {
    return this.#pictures.preview(count);
  }

  async invert(job: JobId, settings: MadeSet, onProgress: OnProgress): Promise<MadeSummary> {
    const network = this.#loaded();
    this.#pictures.refuseText('This makes');
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
    return this.#jobs.run(job, onProgress, (options) => this.#evaluations.evaluate(network, plan && prune(network, plan), images, options));
  }

  async transform(job: JobId, { transform, share, testImages, ...request }: TransformRequest, onProgress: OnProgress): Promise<TransformResult> {
    const network = this.#loaded();
    return this.#jobs.run(job, onProgress, async (options) => {
      const { NETWORK_TRANSFORMS } = await import('../engine/transforms/table.ts');
      const images = await this.#pictures.calibration(network, request);
      const smaller = await NETWORK_TRANSFORMS[transform]({ network, images, correlator: this.#correlator, share, seed: request.seed }, options);
      const { macs, parameters, bytes } = networkCosts(smaller);
      return { cost: { macs, params: parameters, bytes }, evaluation: await this.#evaluations.evaluate(network, smaller, testImages, options) };
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
      // a text foretells its own next tokens
      const labels = access.labels && !this.#pictures.text ? await this.#pictures.calibrationLabels(network, request) : undefined;
      const inputBox = await this.#pictures.inputBox(network, request);
      const input = { network, coupled: coupling(network), images, seed: request.seed, ...(inputBox ? { inputBox } : {}) };
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
      const inputBox = await pictures.inputBox(network, request);
      return runTheory(request.experiment, { ...known, ...(inputBox ? { inputBox } : {}), ...(calibrationLabels ? { calibrationLabels } : {}) }, options);
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
    this.#pictures.refuseText('This shows');
    const pool = Math.min(EXCITING_POOL, this.#pictures.opened().count('test'));
    const found = await this.#jobs.run(job, undefined, (options) =>
      mostExciting(this.#loaded(), node, channel, this.#pictures.test(0, pool), count, options),
    );
    const pictures = await this.pictures('test', found.map(({ index }) => index));
    return pictures.map((picture, k) => ({ ...picture, activation: found[k].activation }));
  }

  async excitingText(job: JobId, request: { readonly node: string; readonly channel: number; readonly count: number }): Promise<readonly ExcitingText[]> {
    const [model, text] = [this.#language(), this.#pictures.openedText()];
    return this.#jobs.run(job, undefined, (options) => excitingPassages(model, text, request, options));
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

  /** What is open, as forgetting sees it; `seed` draws the pictures. Classes of pictures that were made up are the network's own word. */
  async #forgetSubject({ seed, source }: { readonly seed: number; readonly source?: CalibrationSource }): Promise<ForgetSubject> {
    const network = this.#loaded();
    this.#pictures.refuseText('Classes are of');
    const real = await this.#pictures.pool(network, { seed });
    const { labels: _, ...madeUp } = source ? await this.#pictures.pool(network, { seed, source }) : real;
    return {
      network,
      pool: source ? madeUp : real,
      ...(real.labels ? { known: real } : {}),
      test: await this.#pictures.testPool(network),
      correlator: this.#correlator,
      intact: async (images, options) => topClasses(head(await this.#evaluations.intact(network, images, options), images)),
    };
  }

  /** From now on these data calibrate and measure. */
  #open(data: ImageSet | undefined): void {
    this.#pictures.use(data);
    this.#evaluations.forget();
  }

  #loaded(): Network {
    if (!this.#network) throw new Error('No model is loaded.');
    return this.#network;
  }

  /** The open model, as one that reads text. @throws NotALanguageModelError, NoTokenizerError */
  #language(): LanguageModel {
    return languageModel(this.#loaded(), this.#tokenizer);
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

/** Hands the plan's kernels over without a copy. */
function transferPlan(plan: PrunePlan): PrunePlan {
  return transfer(plan, Object.values(plan.weights).map(({ kernel }) => kernel.values.buffer as ArrayBuffer));
}
