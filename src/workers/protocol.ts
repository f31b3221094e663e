/**
 * What crosses between the page and its workers: types alone. Calls go through Comlink; statistics
 * go over a `MessagePort` straight from the engine worker to the fidelity worker. Typed arrays are
 * transferred, never cloned. Errors cross as `{ name, message }` and are rebuilt by the clients.
 */
import type { CalibrationBatch } from '../engine/calibrate.ts';
import type { CalibrationSource, MadeSet } from '../datasets/calibrationSource.ts';
import type { SkippedPicture } from '../datasets/ownPictures.ts';
import type { Fit, Preprocessing } from '../datasets/preprocessing.ts';
import type { TrainingEpoch, TrainingStep } from '../engine/training/fineTune.ts';
import type { TrainingRequest } from '../engine/training/trainingRequest.ts';
import type { CostModel } from '../network/totalCost.ts';
import type { CouplingGroup } from '../network/couplingGroup.ts';
import type { Network, Shape } from '../network/network.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import type { LayerTime } from '../pruning/layerChanges.ts';
import type { KeptItem, KeptKind } from '../storage/keptItems.ts';
import type { Compensation, Selection } from '../pruning/pruneRequest.ts';
import type { CostShare, Transform } from '../pruning/transforms.ts';
import type { SensitivityGrid } from '../sensitivity/grid.ts';
import type { Sensitivity, SensitivityPoint } from '../sensitivity/results.ts';
import type { TheoryExperiment, TheoryResult } from '../theory/results.ts';
import type { ForgetMethod } from '../unlearning/forgetMethod.ts';
import type { BeforeAfter, ForgettingMeasures, ForgettingReport } from '../unlearning/forgettingReport.ts';
import type { UnlearnTrial } from '../unlearning/unlearn.ts';
import type { UnlearnRequest } from '../unlearning/unlearnRequest.ts';

export type BackendName = 'webgpu' | 'wasm';

/** `auto`: WebGPU on a real adapter if it passes the self-check, else wasm. */
export type BackendChoice = 'auto' | BackendName;

export interface BackendReport {
  readonly name: BackendName;
  /** The adapter's own description where there is one, e.g. "Apple M2". */
  readonly adapter?: string;
  /** True for a software adapter, about 100 times slower than wasm. */
  readonly software: boolean;
  /** Why this backend and not another, in a sentence. */
  readonly reason: string;
  /** The start-up self-check: a few small ops against known answers. */
  readonly checks: readonly { readonly backend: BackendName; readonly name: string; readonly error: number; readonly ok: boolean }[];
}

export interface Progress {
  readonly done: number;
  readonly total: number;
  /** Items a second since the job began. */
  readonly rate: number;
  readonly secondsLeft: number;
}

export type OnProgress = (progress: Progress) => void;

/** Chosen by the caller, unique; names the job to cancel. */
export type JobId = number;

/** A file with its path in the folder, zip or list that a person chose. */
export interface PathedFile {
  readonly path: string;
  readonly file: File;
}

export type ModelSource =
  /** A model's file, or a folder that holds `model.json`, on this origin or one that the person typed. */
  | { readonly kind: 'url'; readonly url: string }
  /** All files of a model, of whatever format, or one zip of them. */
  | { readonly kind: 'files'; readonly files: readonly PathedFile[] }
  /** What this browser kept under that id. */
  | { readonly kind: 'kept'; readonly id: string; readonly name: string };

/** A person's own pictures: files, folders, zips, arrays. */
export type OwnSource =
  | { readonly kind: 'files'; readonly name: string; readonly files: readonly PathedFile[] }
  | { readonly kind: 'kept'; readonly id: string; readonly name: string };

export interface LoadedModel {
  readonly network: Network;
  readonly inputShape: Shape;
  readonly groups: readonly CouplingGroup[];
  readonly costModel: CostModel;
  readonly cost: Cost;
  readonly nodes: readonly NodeSummary[];
  /** Content of the `card.json` that came with the files. */
  readonly card?: unknown;
  /** Files that lay beside it and go with it where it is written back, such as a tokenizer's. */
  readonly beside?: Readonly<Record<string, Uint8Array>>;
  /** Why no copy of what was fetched could be kept. */
  readonly notKept?: string;
}

/** Multiply–accumulates for one image, trainable parameters, bytes of float32 weights. */
export interface Cost {
  readonly macs: number;
  readonly params: number;
  readonly bytes: number;
}

export interface NodeSummary extends Pick<Cost, 'macs' | 'params'> {
  readonly id: string;
  readonly op: string;
  readonly shape: Shape;
}

export interface DatasetSummary {
  readonly id: string;
  readonly name: string;
  readonly classes: readonly string[];
  /** `[height, width, channels]`, values 0–255; of a text `[tokens]`, the length of a window. */
  readonly shape: Shape;
  /** Pictures, or windows of text. */
  readonly train: number;
  readonly test: number;
  /** Of a text: how it is measured, and how many multiple-choice items come with it. */
  readonly text?: { readonly stride: number; readonly cloze: number };
  /** Why the pictures count as unlabelled; absent where they are labelled. */
  readonly unlabelled?: string;
  /** Of a person's own pictures: how they were split, and which files are not among them. */
  readonly own?: {
    readonly splitSeed: number;
    readonly skipped: readonly SkippedPicture[];
    /** Pictures that would not have fitted into memory. */
    readonly leftOut: number;
    /** Values of float arrays are fed as they are, without preprocessing. */
    readonly prepared: boolean;
  };
}

/** The first pictures that measure, as the network gets them, and what values it gets. */
export interface Preview {
  readonly pictures: readonly Picture[];
  readonly least: number;
  readonly greatest: number;
  readonly mean: number;
}

/** What this browser keeps for the person. */
export interface KeptList {
  /** False where it keeps nothing beyond the page's life, for the reason in `problem`. */
  readonly durable: boolean;
  readonly problem?: string;
  readonly items: readonly KeptItem[];
  /** Bytes that may still be written, where that is known. */
  readonly free?: number;
}

/** Which of some files are a model's and which are pictures, or text where there are no pictures; by their places in the list. */
export interface SortedFiles {
  readonly model: readonly number[];
  readonly pictures: readonly number[];
}

export interface CalibrationRequest {
  /** Pictures of the source, drawn with `seed`; fewer where it has no more. Labels are read only for a rule that is said to. */
  readonly images: number;
  readonly seed: number;
  /** Absent: the training split's own pictures. */
  readonly source?: CalibrationSource;
}

/** Pictures that were made from the network, which the worker keeps. */
export interface MadeSummary {
  readonly seconds: number;
  /** Share of them that the network puts in the class that they were made for; absent where it has no classes. */
  readonly inClass?: number;
  /** What usually guides the pictures and was missing. */
  readonly note?: string;
}

export interface CalibrationSummary {
  readonly images: number;
  readonly seconds: number;
}

export interface EvaluationRequest {
  /** Absent: the intact network. */
  readonly plan?: PrunePlan;
  /** The first so many test images; their order is fixed and class-balanced. */
  readonly images: number;
}

/** How well a network foretells a text, by windows with a stride: each token counts once, after at least `window − stride` others. */
export interface TextMeasures {
  /** Tokens that were foretold. */
  readonly tokens: number;
  /** `exp(mean −ln p)` over them. */
  readonly perplexity: number;
  /** The same of the intact network, on the same tokens. */
  readonly intactPerplexity: number;
  /** Mean Kullback–Leibler divergence of the network's next-token distribution from the intact one's, in nats. */
  readonly divergence: number;
}

export interface Evaluation {
  /** Of a text: windows. */
  readonly images: number;
  /** Of a network that reads tokens; `agreement` is then the share of tokens that it foretells as the intact one does. */
  readonly text?: TextMeasures;
  /** Fraction in [0, 1]; absent where the pictures are unlabelled, or by other classes than the network's outputs. */
  readonly accuracy?: number;
  /** Share of images on which the top-1 class is the intact network's. */
  readonly agreement: number;
  /** `E‖z − z'‖² / E‖z‖²` of the logits against the intact network's. */
  readonly logitError: number;
  /** Empty where there are no labels, as are `labels`. */
  readonly perClass: readonly { readonly correct: number; readonly total: number }[];
  /** Top-1 class of each image. */
  readonly predictions: Int32Array;
  readonly labels: Int32Array;
  readonly seconds: number;
}

/** A smaller network that is no plan of this one's channels. */
export interface TransformRequest extends CalibrationRequest {
  readonly transform: Transform;
  /** What may be left. */
  readonly share: CostShare;
  /** The first so many test images, or windows. */
  readonly testImages: number;
}

export interface TransformResult {
  readonly cost: Cost;
  readonly evaluation: Evaluation;
}

export interface SequentialRequest extends CalibrationRequest {
  readonly keep: PrunePlan['keep'];
  readonly compensate: Compensation;
  readonly renorm?: boolean;
}

export interface RenormRequest extends CalibrationRequest {
  readonly plan: PrunePlan;
}

export interface Latency {
  /** Median milliseconds of one run. */
  readonly milliseconds: number;
  readonly batch: number;
  readonly runs: number;
}

/** Group → a score for each channel, greater stays. */
export type ChannelScores = Readonly<Record<string, readonly number[]>>;

export interface CriterionRequest extends CalibrationRequest {
  /** A rule that is scored by running the network. */
  readonly select: Selection;
}

export interface TheoryRequest extends CalibrationRequest {
  readonly experiment: TheoryExperiment;
  /** Test images that accuracy is measured on. */
  readonly testImages: number;
  /** Of `stability`: how many calibration images it draws, ascending; absent: as many as it does by itself. */
  readonly counts?: readonly number[];
}

/** Which class forgets, on which pictures of another world, and how much is tried. */
export interface SensitivityRequest {
  readonly seed: number;
  readonly forgetClass: number;
  readonly testImages: number;
  readonly grid: SensitivityGrid;
  /** Address of a data folder; its pictures are used where they are of the network's size. */
  readonly other: string;
}

/** How a network is to forget. */
export interface ForgetRequest {
  readonly method: ForgetMethod;
  /** Its seed also draws the pictures. */
  readonly settings: UnlearnRequest;
  /** Forget pictures, and as many retain pictures; fewer where there are no more. */
  readonly pictures: number;
  /** Absent: the training split's own pictures. */
  readonly source?: CalibrationSource;
}

export interface ForgetResult {
  readonly network: Network;
  readonly report: ForgettingReport;
}

export interface FineTuneRequest {
  readonly network: Network;
  readonly training: Pick<TrainingRequest, 'epochs' | 'rate' | 'batch' | 'seed'>;
  /** Training pictures, drawn by the training's seed; fewer where there are no more. */
  readonly pictures: number;
  /** Classes whose pictures are left out; also those whose loss is reported as forgotten. */
  readonly without: readonly number[];
  /** Absent: the training split's own pictures. */
  readonly source?: CalibrationSource;
}

/** What training tells while it runs. */
export type FineTuneReport =
  | { readonly kind: 'step'; readonly step: TrainingStep }
  /** A checkpoint: what is left where training is cancelled or diverges later. */
  | { readonly kind: 'epoch'; readonly epoch: TrainingEpoch; readonly network: Network };

export interface FineTuneResult {
  readonly network: Network;
  /** How many pictures it was trained on. */
  readonly pictures: number;
  readonly steps: number;
  readonly seconds: number;
  readonly measures: ForgettingMeasures;
  readonly recoverability?: BeforeAfter;
  readonly membership?: BeforeAfter;
}

export interface MeasureForgettingRequest {
  readonly network: Network;
  readonly classes: readonly number[];
  /** The first so many test images. */
  readonly images: number;
}

export interface Picture {
  readonly index: number;
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8ClampedArray;
  /** Absent where the pictures are unlabelled. */
  readonly label?: number;
}

/** A picture that excites a channel, with the channel's greatest value on it. */
export interface ExcitingPicture extends Picture {
  readonly activation: number;
}

/** A token at which a channel is great, in the text around it; the three parts follow one another as they are. */
export interface ExcitingText {
  readonly before: string;
  readonly token: string;
  readonly after: string;
  readonly activation: number;
}

/** How a text is written on, one token after another. */
export interface GenerationRequest {
  /** Absent: the intact network. */
  readonly plan?: PrunePlan;
  readonly prompt: string;
  /** At most so many tokens are written. */
  readonly tokens: number;
  /** 0: always the likeliest token. */
  readonly temperature: number;
  /** Tokens are drawn from the likeliest so many; absent: from all. */
  readonly topK?: number;
  readonly seed: number;
}

export interface Generation {
  /** What was written, without the prompt. */
  readonly text: string;
  readonly tokens: number;
  readonly seconds: number;
}

/** Multiple-choice items cut from the held-out text: the choice of greatest log-likelihood after the context counts. */
export interface ClozeResult {
  readonly items: number;
  /** Share answered rightly, in [0, 1]. */
  readonly accuracy: number;
  /** By guessing. */
  readonly chance: number;
  readonly seconds: number;
}

export interface EngineApi {
  start(choice: BackendChoice): Promise<BackendReport>;
  /** The model that was there before stays where this fails or is cancelled. Of a large model, `onMemory` is told what it takes before its weights are read. */
  loadModel(job: JobId, source: ModelSource, onProgress: OnProgress, onMemory?: (bytes: number) => void): Promise<LoadedModel>;
  /** Reads a data folder's index; pixels are fetched as they are needed. */
  loadDataset(url: string): Promise<DatasetSummary>;
  /** Reads a person's pictures at the loaded network's size; the pictures that were there before stay where this fails or is cancelled. */
  loadPictures(job: JobId, request: { readonly source: OwnSource; readonly fit: Fit; readonly classNames?: readonly string[] }, onProgress: OnProgress): Promise<DatasetSummary>;
  /** The person's own text in place of the shipped one: plain text files, halved by length into what calibrates and what measures. */
  loadText(job: JobId, request: { readonly source: OwnSource }, onProgress: OnProgress): Promise<DatasetSummary>;
  /** Writes on from a prompt; `onText` gets all that is written so far, after each token. */
  generate(job: JobId, request: GenerationRequest, onText: (text: string) => void): Promise<Generation>;
  /** @throws NoClozeError where the open text has no items */
  cloze(job: JobId, request: { readonly plan?: PrunePlan; readonly items: number }, onProgress: OnProgress): Promise<ClozeResult>;
  /** What pictures go through from now on before the network gets them. Token ids go through nothing. */
  setPreprocessing(preprocessing: Preprocessing): Promise<void>;
  preview(count: number): Promise<Preview>;
  /** Makes pictures from the network alone; sources whose `made` has these settings draw from them until another model is loaded. */
  invert(job: JobId, settings: MadeSet, onProgress: OnProgress): Promise<MadeSummary>;
  /** The calibration pictures that the request draws. */
  gallery(request: CalibrationRequest): Promise<readonly Picture[]>;
  sortFiles(files: readonly PathedFile[]): Promise<SortedFiles>;
  /** Writes files to where the browser keeps them; progress in bytes. */
  keep(job: JobId, request: { readonly kind: KeptKind; readonly name: string; readonly files: readonly PathedFile[] }, onProgress: OnProgress): Promise<KeptItem>;
  kept(): Promise<KeptList>;
  forget(id: string): Promise<void>;
  /** JSON that belongs to a kept item; undefined where there is none. */
  keptSettings(id: string): Promise<unknown>;
  setKeptSettings(id: string, settings: unknown): Promise<void>;
  /** Streams `StatisticsMessage`s to `port`, then closes it. */
  calibrate(job: JobId, request: CalibrationRequest, port: MessagePort, onProgress: OnProgress): Promise<CalibrationSummary>;
  pruneSequentially(job: JobId, request: SequentialRequest, onProgress: OnProgress): Promise<PrunePlan>;
  /** The plan with the norm layers' statistics as they are measured on the network that it makes; for a one-shot plan. */
  renorm(job: JobId, request: RenormRequest, onProgress: OnProgress): Promise<PrunePlan>;
  evaluate(job: JobId, request: EvaluationRequest, onProgress: OnProgress): Promise<Evaluation>;
  /** Makes a smaller network otherwise than by channels, and measures it; what has not the form that it asks for is refused. */
  transform(job: JobId, request: TransformRequest, onProgress: OnProgress): Promise<TransformResult>;
  latency(job: JobId, request: { readonly plan?: PrunePlan; readonly batch: number }): Promise<Latency>;
  /** Scores by a rule that runs the network; labels are read only for a rule that is said to. */
  criterion(job: JobId, request: CriterionRequest, onProgress: OnProgress): Promise<ChannelScores>;
  /** Makes a copy of the network forget, and measures it on the first 1,000 test images; shares are called back as they are tried. */
  unlearn(job: JobId, request: ForgetRequest, onTrial: (trial: UnlearnTrial) => void, onProgress: OnProgress): Promise<ForgetResult>;
  measureForgetting(job: JobId, request: MeasureForgettingRequest, onProgress: OnProgress): Promise<ForgettingMeasures>;
  /** Trains a copy of the request's network; steps and checkpoints are called back. */
  fineTune(job: JobId, request: FineTuneRequest, onReport: (report: FineTuneReport) => void, onProgress: OnProgress): Promise<FineTuneResult>;
  /** Holds that job between two steps, or lets it go on. */
  pauseFineTune(job: JobId, paused: boolean): Promise<void>;
  /** Prunes and forgets on one kind of calibration pictures after another; points are called back as they are measured. */
  sensitivity(job: JobId, request: SensitivityRequest, onPoint: (point: SensitivityPoint) => void, onProgress: OnProgress): Promise<Sensitivity>;
  theory(job: JobId, request: TheoryRequest, onProgress: OnProgress): Promise<TheoryResult>;
  /** Median milliseconds of every step of one run, in execution order. */
  layerTimes(job: JobId, request: { readonly plan?: PrunePlan; readonly batch: number }, onProgress: OnProgress): Promise<readonly LayerTime[]>;
  exciting(job: JobId, request: { readonly node: string; readonly channel: number; readonly count: number }): Promise<readonly ExcitingPicture[]>;
  /** Of a text, in place of `exciting`: the tokens that excite a channel most in its first windows, at most one of each. */
  excitingText(job: JobId, request: { readonly node: string; readonly channel: number; readonly count: number }): Promise<readonly ExcitingText[]>;
  pictures(split: 'train' | 'test', indices: readonly number[]): Promise<readonly Picture[]>;
  /** Takes effect within one batch; the job rejects with `CancelledError`. */
  cancel(job: JobId): Promise<void>;
  /** Tensors and bytes that the backend holds now. */
  memory(): Promise<{ readonly tensors: number; readonly bytes: number }>;
}

export type StatisticsMessage =
  | ({ readonly kind: 'batch' } & CalibrationBatch)
  | { readonly kind: 'end' };

export interface GroupFidelity {
  readonly name: string;
  /** Per channel: sum over the group's consumers of the layer-level singleton fidelity. */
  readonly singleton: readonly number[];
  /** Mean over consumers of FS of the top-k singletons, k = 1..channels, by each compensation. */
  readonly curves: { readonly scale: readonly number[]; readonly leastSquares: readonly number[] };
}

export interface FidelityUpdate {
  readonly images: number;
  readonly total: number;
  /** Greatest change of any channel's score share since the last update, in [0, 1]. */
  readonly change: number;
  readonly groups: readonly GroupFidelity[];
}

/** Nested random subsets of a group: FS (scale) at k = 1..channels. */
export interface Band {
  readonly median: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly best: readonly number[];
  readonly permutations: number;
}

export interface GroupBand extends Band {
  readonly name: string;
}

/** FS (scale) of the best k channels by each search, k = 1..channels, mean over consumers; empty where no consumer has a Gram. */
export interface GroupDetail {
  readonly name: string;
  readonly band: Band;
  /** Forward greedy selection. */
  readonly greedy: readonly number[];
  /** Backward elimination. */
  readonly backward: readonly number[];
  /** The best set of each size; only of groups of at most 24 channels. */
  readonly exact?: readonly number[];
  /** Whether the search for `exact` ended at every size. If not, it is the best that was met. */
  readonly optimal?: boolean;
}

/** Data-free channel scores of every group that may be cut. */
export type NormScores = Readonly<Record<string, { readonly l1: readonly number[]; readonly l2: readonly number[] }>>;

/** One group as a selection rule has it. */
export interface GroupRanking {
  readonly name: string;
  /** Per channel, greater is kept first. */
  readonly scores: readonly number[];
  /** FS of the best k, k = 1..channels, mean over consumers; empty where no consumer has a Gram. */
  readonly curve: readonly number[];
  /** `E‖Y − Ŷ‖²` of the best k, summed over consumers, k = 1..channels; empty likewise. */
  readonly error: readonly number[];
  /** Of a rule whose sets are not nested: the best set of each size, k = 1..channels. */
  readonly sets?: readonly (readonly number[])[];
}

export interface RankRequest {
  readonly select: Selection;
  readonly compensate: Compensation;
  readonly seed: number;
  /** The scores of a rule that the engine worker computes. */
  readonly scores?: ChannelScores;
}

export interface FidelityApi {
  /** Forgets everything and prepares for this network. */
  begin(network: Network): Promise<NormScores>;
  /** Accumulates what arrives on `port`; calls back after each batch, and resolves at the end. */
  accumulate(port: MessagePort, onUpdate: (update: FidelityUpdate) => void): Promise<FidelityUpdate>;
  /**
   * Every group that may be cut as the rule ranks it, with its curves under the compensation; other
   * calls are answered in between. Progress is in groups. Rejects with `CancelledError` when
   * `stopRanking` ends it, or a later `rank`, `begin` or `accumulate` takes its place.
   */
  rank(request: RankRequest, onProgress: OnProgress): Promise<readonly GroupRanking[]>;
  stopRanking(): Promise<void>;
  /** `onPart` gets all but `exact` where that is searched for yet, which takes seconds. */
  detail(group: string, seed: number, onPart: (detail: GroupDetail) => void): Promise<GroupDetail>;
  /**
   * Streams the band of every group that has a consumer with a Gram, in the order of their first
   * consumer; other calls are answered in between. Rejects with `CancelledError` when a later
   * `bands`, `begin` or `accumulate` takes its place.
   */
  bands(permutations: number, seed: number, onBand: (band: GroupBand) => void): Promise<void>;
  /** The one-shot plan from the statistics in memory. */
  compensate(keep: PrunePlan['keep'], method: Compensation): Promise<PrunePlan>;
}
