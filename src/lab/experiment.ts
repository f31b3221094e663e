import type { CouplingGroup } from '../network/couplingGroup.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { DEFAULT_REQUEST, type Pins, type PruneRequest, type Order, type BudgetTarget } from '../pruning/pruneRequest.ts';
import type { LayerTime } from '../pruning/layerChanges.ts';
import type { CostShare, Transform } from '../pruning/transforms.ts';
import type { WidthRules } from '../pruning/widthRules.ts';
import type { CalibrationSource, MadeSet } from '../datasets/calibrationSource.ts';
import { AS_THEY_ARE, type Preprocessing } from '../datasets/preprocessing.ts';
import type { KeptItem } from '../storage/keptItems.ts';
import type {
  BackendReport,
  CalibrationRequest,
  CalibrationSummary,
  ChannelScores,
  Cost,
  DatasetSummary,
  Evaluation,
  FidelityUpdate,
  GroupFidelity,
  GroupBand,
  GroupDetail,
  GroupRanking,
  JobId,
  KeptList,
  LoadedModel,
  PathedFile,
  Progress,
  SensitivityRequest,
} from '../workers/protocol.ts';
import type { Sensitivity, SensitivityPoint } from '../sensitivity/results.ts';
import type { TheoryExperiment, TheoryResult } from '../theory/results.ts';
import { DEFAULT_MODEL, type ShippedDataId } from './catalogue.ts';
import type { StageLabels } from './groupLabel.ts';
import { EMPTY_HISTORY, type History } from './history.ts';
import type { Precomputed } from './precomputed.ts';

export type Keep = PrunePlan['keep'];

/** Where a model comes from, as the page names it. */
export type ModelDescriptor =
  | { readonly kind: 'shipped'; readonly id: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'files'; readonly name: string; readonly files: readonly PathedFile[] }
  /** Under this id in what the browser keeps for the page. */
  | { readonly kind: 'kept'; readonly id: string; readonly name: string };

/** Which pictures are scored and measured with. */
export type DataDescriptor =
  | { readonly kind: 'shipped' }
  | { readonly kind: 'files'; readonly name: string; readonly files: readonly PathedFile[] }
  | { readonly kind: 'kept'; readonly id: string; readonly name: string };

export interface DataState {
  /** What the page shows now. */
  readonly descriptor: DataDescriptor;
  /** Of shipped data: which of them were read. */
  readonly shipped?: ShippedDataId;
  /** What is being read; the old pictures stay until it is there. */
  readonly opening?: DataDescriptor;
}

/** Files that the browser could not keep: at hand until the page is closed. */
export interface SessionItem extends KeptItem {
  readonly files: readonly PathedFile[];
}

export interface KeptState {
  /** Absent until it is first asked for. */
  readonly list?: KeptList;
  readonly session: readonly SessionItem[];
}

export interface ModelCard {
  readonly name?: string;
  readonly task?: string;
  /** Names of the network's outputs. */
  readonly classes?: readonly string[];
  readonly preprocessing?: Preprocessing;
  readonly licence?: { readonly weights?: string; readonly data?: string };
  /** As measured by the script that trained it. */
  readonly accuracy?: { readonly testImages: number; readonly accuracy: number };
  /** Of a network that reads text: on all of the held-out text, likewise. */
  readonly perplexity?: { readonly perplexity: number };
}

export interface ModelState {
  /** What the page shows now. */
  readonly descriptor: ModelDescriptor;
  /** What is being opened; the old model stays until it is there. */
  readonly opening?: ModelDescriptor;
  readonly loaded?: LoadedModel;
  /** Tells this file's weights from others of the same name. */
  readonly version?: string;
  readonly card?: ModelCard;
  /** Sets of pictures that were made from this network in the page; newest first. */
  readonly made?: readonly MadeSet[];
}

export interface CalibrationState {
  readonly status: 'idle' | 'running' | 'done' | 'cancelled';
  /** How many pictures are asked for. */
  readonly images: number;
  /** What they are drawn from; absent: the open pictures themselves. */
  readonly source?: CalibrationSource;
  /** The seed that drew the pictures of `update`. */
  readonly seed?: number;
  /** What those were drawn from. */
  readonly drawnFrom?: CalibrationSource;
  readonly update?: FidelityUpdate;
  readonly summary?: CalibrationSummary;
}

/** A plan that was measured on test images. */
export interface Measured {
  readonly evaluation: Evaluation;
  readonly cost: Cost;
  /** Median milliseconds at batch 1; absent until it is measured. */
  readonly latency?: number;
}

/** Measured time of every step, of the intact network and of one plan. */
export interface LayerTimes {
  /** What was timed, and on which backend; of no use for any other. */
  readonly loaded: LoadedModel;
  readonly backend?: BackendReport;
  readonly intact: readonly LayerTime[];
  /** `planKey` of the plan that was timed. */
  readonly planKey?: string;
  readonly pruned?: readonly LayerTime[];
}

export interface PlanResult extends Measured {
  readonly kind: Order;
  /** Names keep sets, compensation and calibration; the result is stale where it is not the current one. */
  readonly key: string;
  readonly plan: PrunePlan;
  readonly settings: PlanSettings;
}

/** What one measured plan was asked for: enough to ask for it again. */
export interface PlanSettings {
  readonly request: PruneRequest;
  readonly pins: Pins;
  readonly images: number;
  /** Absent: scored and refitted on the open pictures. */
  readonly source?: CalibrationSource;
}

/** All of a request but how much is kept. */
export type Method = Pick<PruneRequest, 'select' | 'compensate' | 'order' | 'allocate' | 'renorm'>;

/** A measured point of the sparsity–accuracy frontier. */
export interface FrontierPoint extends Method {
  readonly target: BudgetTarget;
  readonly macs: number;
  readonly params: number;
  /** Absent where the pictures are unlabelled. */
  readonly accuracy?: number;
  readonly agreement?: number;
  /** Of a network that reads text, as `TextMeasures` has them. */
  readonly perplexity?: number;
  readonly divergence?: number;
  readonly images: number;
  readonly latency?: number;
  readonly seed: number;
  readonly calibrationImages: number;
  /** What those were drawn from; absent: the open pictures. */
  readonly source?: CalibrationSource;
  /** Absent: measured without any. */
  readonly rules?: WidthRules;
}

/** A network that was made smaller otherwise than by its channels, measured. */
export interface TransformPoint extends Omit<FrontierPoint, keyof Method | 'target' | 'rules' | 'latency'> {
  readonly transform: Transform;
  readonly share: CostShare;
}

/** What a sweep measures: every method, and every transform, at every share of the MACs. */
export interface SweepPlan {
  readonly methods: readonly Method[];
  readonly transforms?: readonly Transform[];
  /** In (0, 1]. */
  readonly targets: readonly number[];
}

/** What of the frontier is looked at. */
export interface FrontierView {
  /** Key of the series that stands out. */
  readonly chosen?: string;
  /** Keys of the series that are left out. */
  readonly hidden: readonly string[];
  /** Whether the list of methods is beside the chart; absent: where there are many. */
  readonly listed?: boolean;
}

export type FrontierAxis = 'macs' | 'params' | 'latency';
export const FRONTIER_AXES = ['macs', 'params', 'latency'] as const;

export type JobKind = 'model' | 'data' | 'keepModel' | 'keepData' | 'calibration' | 'intact' | 'plan' | 'refine' | 'look' | 'sweep' | 'layers' | 'rank' | 'invert' | 'sensitivity' | 'forget' | 'forgetTest' | 'fineTune' | 'generate' | 'cloze' | TheoryJob;

/** Each experiment is a kind of its own: several wait for their turn, and each can be stopped. */
export type TheoryJob = `theory:${TheoryExperiment}`;

export interface Job {
  readonly id: JobId;
  readonly kind: JobKind;
  /** What is being done, in words. */
  readonly label: string;
  readonly progress?: Progress;
}

export type NoticeLevel = 'info' | 'warning' | 'error';

export interface Notice {
  readonly id: number;
  readonly level: NoticeLevel;
  readonly text: string;
  /** What the person can do about it. */
  readonly advice?: string;
  readonly action?: { readonly label: string; readonly name: NoticeAction };
}

export type NoticeAction = 'restartEngine' | 'calibrate';

export type EngineStatus = 'off' | 'starting' | 'ready' | 'restarting' | 'failed';

/** Everything that the page shows. */
export interface Experiment {
  readonly model: ModelState;
  readonly data: DataState;
  readonly dataset?: DatasetSummary;
  /** What pictures go through before the network gets them. */
  readonly preprocessing: Preprocessing;
  readonly kept: KeptState;
  readonly engine: EngineStatus;
  readonly backend?: BackendReport;
  readonly calibration: CalibrationState;
  readonly request: PruneRequest;
  readonly pins: Pins;
  /** What the groups on screen are called; made when those come. */
  readonly groupLabels?: readonly StageLabels[];
  readonly selectedGroup?: string;
  readonly axis: FrontierAxis;
  /** Recomputed at once whenever the request, the pins or the scores change. */
  readonly keep?: Keep;
  readonly cost?: Cost;
  readonly planKey?: string;
  readonly intact?: Measured;
  readonly result?: PlanResult;
  readonly layerTimes?: LayerTimes;
  readonly details: Readonly<Record<string, GroupDetail>>;
  /** Random subsets of every group, once they were asked for; `shownBands` says whether they are of these statistics. */
  readonly bands?: BandsState;
  /** The fidelity at which HiFi sets are marked. */
  readonly eta: number;
  /** What the theory experiments measured on this network with these pictures. */
  readonly theory: TheoryResults;
  /** What the last run of a theory experiment failed with. */
  /** What calibrating on other pictures costs, once it was asked for. */
  readonly sensitivity?: SensitivityState;
  readonly theoryFailures: Readonly<Partial<Record<TheoryExperiment, string>>>;
  /** Groups as the workers rank them, by `rankingKey`. */
  readonly rankings: Readonly<Record<string, readonly GroupRanking[]>>;
  /** Scores of rules that run the network, by `scoresKey`. */
  readonly ruleScores: Readonly<Record<string, ChannelScores>>;
  readonly jobs: readonly Job[];
  readonly history: History;
  readonly sweepPoints: readonly FrontierPoint[];
  readonly transformPoints: readonly TransformPoint[];
  /** A sweep that runs, or that was broken off and can go on. */
  readonly pendingSweep?: SweepPlan;
  readonly frontierView: FrontierView;
  readonly precomputed?: Precomputed;
  readonly notices: readonly Notice[];
  /** A model on another origin that a link asks for; fetched only if the person agrees. */
  readonly urlToConfirm?: string;
}

export interface SensitivityState {
  /** What was asked for. */
  readonly of: SensitivityRequest;
  /** What was measured by now. */
  readonly points: readonly SensitivityPoint[];
  /** Once all of it is. */
  readonly result?: Sensitivity;
  readonly failure?: string;
}

export interface BandsState {
  /** The calibration whose statistics they are of. */
  readonly of: CalibrationSummary;
  readonly status: 'running' | 'done';
  readonly groups: Readonly<Record<string, GroupBand>>;
}

export type TheoryResults = { readonly [E in TheoryExperiment]?: Extract<TheoryResult, { readonly experiment: E }> };

export const DEFAULT_IMAGES = 512;
export const PREVIEW_IMAGES = 1000;
/** Windows of text that score a network: 16,384 tokens of the usual 256 each. */
export const DEFAULT_WINDOWS = 64;
/** Windows of text that measure; always the same, for perplexity on another stretch of text is another number. */
const TEST_WINDOWS = 32;

export const INITIAL_EXPERIMENT: Experiment = {
  model: { descriptor: { kind: 'shipped', id: DEFAULT_MODEL } },
  data: { descriptor: { kind: 'shipped' } },
  preprocessing: AS_THEY_ARE,
  kept: { session: [] },
  engine: 'off',
  calibration: { status: 'idle', images: DEFAULT_IMAGES },
  request: DEFAULT_REQUEST,
  pins: {},
  axis: 'macs',
  details: {},
  eta: 0.8,
  theory: {},
  theoryFailures: {},
  rankings: {},
  ruleScores: {},
  jobs: [],
  history: EMPTY_HISTORY,
  sweepPoints: [],
  transformPoints: [],
  frontierView: { hidden: [] },
  notices: [],
};

/** The calibration pictures that the person wants, as workers are asked for them. */
export function drawOf({ calibration: { images, source }, request: { seed } }: Pick<Experiment, 'calibration' | 'request'>): CalibrationRequest {
  return { images, seed, source };
}

/** How many test pictures, or windows of text, a plan is measured on before anything else. */
export function firstTested({ dataset }: Pick<Experiment, 'dataset'>): number {
  const most = dataset?.text ? TEST_WINDOWS : PREVIEW_IMAGES;
  return Math.min(most, dataset?.test ?? most);
}

/** How many it is measured on when nothing else wants the engine. */
export function allTested(experiment: Pick<Experiment, 'dataset'>): number {
  return experiment.dataset?.text ? firstTested(experiment) : (experiment.dataset?.test ?? 0);
}

/** What a plan that is asked for now is asked for with. */
export function settingsOf({ request, pins, calibration: { images, source } }: Pick<Experiment, 'request' | 'pins' | 'calibration'>): PlanSettings {
  return { request, pins, images, source };
}

/** What the model's card asks for, else pixels as they are. */
export function defaultPreprocessing({ card }: ModelState): Preprocessing {
  return card?.preprocessing ?? AS_THEY_ARE;
}

/** Which plan the numbers on the page belong to. */
export type Shown = 'none' | 'stale' | Order;

export function shownPlan({ result, planKey }: Pick<Experiment, 'result' | 'planKey'>): Shown {
  if (!result) return 'none';
  return result.key === planKey ? result.kind : 'stale';
}

/** The scores on screen and whether they were measured here. What was measured beforehand is of real pictures alone. */
export function shownFidelity({ calibration, precomputed }: Pick<Experiment, 'calibration' | 'precomputed'>): { readonly groups?: readonly GroupFidelity[]; readonly live: boolean } {
  if (calibration.update) return { groups: calibration.update.groups, live: true };
  return precomputed && !calibration.source ? { groups: precomputed.groups, live: false } : { live: false };
}

/** True of a model whose groups must all stay whole. */
export function nothingToPrune({ model: { loaded } }: Pick<Experiment, 'model'>): boolean {
  return loaded !== undefined && loaded.groups.every(({ frozen }) => frozen !== undefined);
}

const NO_GROUPS: readonly CouplingGroup[] = [];

/** The coupling groups on screen: the loaded model's, else the precomputed ones. */
export function shownGroups({ model, precomputed }: Pick<Experiment, 'model' | 'precomputed'>): readonly CouplingGroup[] {
  return model.loaded?.groups ?? precomputed?.groupsStructure ?? NO_GROUPS;
}
