import { measuresOf } from '../engine/calibrate.ts';
import { DeviceLostError } from '../engine/backend.ts';
import { computeLogits, topClasses } from '../engine/evaluate.ts';
import { assertInputShape, type ImageSource } from '../engine/imageSource.ts';
import { CancelledError, silent, type Job } from '../engine/job.ts';
import type { Correlator } from '../engine/kernels/correlator.ts';
import { pruneSequentially } from '../engine/sequential.ts';
import { costModel } from '../network/costModel.ts';
import type { Network } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';
import { prune } from '../network/surgery.ts';
import { keepSets } from '../pruning/keepSets.ts';
import { subjectOf } from '../pruning/subject.ts';
import { Phases } from '../theory/phases.ts';
import { singletonRankings } from '../theory/singletonRankings.ts';
import { unlearn } from '../unlearning/unlearn.ts';
import { DEFAULT_UNLEARN } from '../unlearning/unlearnRequest.ts';
import { conditionsOf, type Condition, type ConditionPictures, type ConditionSetting } from './conditions.ts';
import { USUAL_GRID, type SensitivityGrid } from './grid.ts';
import { forgetSplit } from './forgetSplit.ts';
import type { Sensitivity, SensitivityPoint } from './results.ts';

export interface SensitivityInput extends Pick<ConditionSetting, 'draw' | 'preprocessing' | 'other' | 'prepared' | 'seed'> {
  readonly network: Network;
  readonly correlator: Correlator | undefined;
  /** Pictures that measure. */
  readonly test: ImageSource;
  /** The class of each; absent: the intact network's own word takes their place. */
  readonly testLabels?: ArrayLike<number>;
  readonly forgetClass: number;
}

/** 1.6 times fewer multiply–accumulates. */
const TARGET = 1 / 1.6;
/** In forward passes of an image. */
const COST = { prune: 6, forget: 4 } as const;

/**
 * What pruning and forgetting owe to their calibration pictures: their source, number, class balance and
 * likeness to the test pictures, one thing varied at a time. Of n pictures, the network is pruned to 62.5 % of the
 * MACs by singleton fidelity and sequential least squares; of n / 2 pictures of one class and n / 2 of the others, of
 * the same kind, it forgets that class by `DEFAULT_UNLEARN`. Pictures that nobody labelled are of the class that the
 * intact network gives them. Points are handed
 * on as they come. A condition whose pictures cannot be had, or that cannot be forgotten on, says why.
 *
 * @throws CancelledError, DeviceLostError, NothingToPruneError
 */
export async function sensitivity(input: SensitivityInput, job: Job = {}, grid: SensitivityGrid = USUAL_GRID, onPoint: (point: SensitivityPoint) => void = () => {}): Promise<Sensitivity> {
  const { network, test, testLabels, forgetClass } = input;
  const cancel = silent(job);
  const subject = subjectOf(network);
  const shapes = inferShapes(network);
  const classes = (shapes.get(network.outputs[0]) ?? []).reduce((product, size) => product * size, 1);
  const inputShape = shapes.get(network.nodes.find(({ op }) => op === 'input')?.id ?? '') ?? [];
  const predict = async (images: ImageSource, own: Job = cancel) => topClasses(await computeLogits(network, images, own));
  const conditions = conditionsOf({ ...input, classes, predict: (images) => predict(images) }, grid);
  const unitsOf = ({ images }: Condition) => (COST.prune + COST.forget) * images + 2 * test.count;
  const isNew = ({ key }: Condition, at: number) => conditions.findIndex((other) => other.key === key) === at;
  const phases = new Phases(job, test.count + conditions.filter(isNew).reduce((sum, condition) => sum + unitsOf(condition), 0));
  const before = await predict(test, phases.next(test.count));
  const judge: Judge = { expected: testLabels ?? before, forgetClass };
  const costs = costModel(network, subject.coupled);
  const points: SensitivityPoint[] = [];
  const known = new Map<string, SensitivityPoint>();
  for (const condition of conditions) {
    const { family, label, key } = condition;
    const same = known.get(key);
    if (same) {
      add({ ...same, family, label });
      continue;
    }
    const own = new Phases(phases.next(unitsOf(condition)), unitsOf(condition));
    const pictures = await orWhy(async () => {
      const taken = await condition.take();
      assertInputShape(taken.images, inputShape);
      return taken;
    });
    const point: SensitivityPoint = { family, label, ...('why' in pictures ? { images: 0, why: pictures.why } : await measured(pictures.found, own)) };
    known.set(key, point);
    add(point);
  }
  return { target: TARGET, forgetClass, testImages: test.count, judgedBy: testLabels ? 'labels' : 'intact', intact: scoresOf(before, judge), points };

  function add(point: SensitivityPoint): void {
    points.push(point);
    onPoint(point);
  }

  async function measured(taken: ConditionPictures, own: Phases): Promise<Omit<SensitivityPoint, 'family' | 'label'>> {
    const { images } = taken;
    const measures = await measuresOf(subject, images, input.correlator, own.next(2 * images.count));
    const keep = keepSets({ kind: 'macs', value: TARGET }, singletonRankings(subject, measures), costs);
    const plan = await pruneSequentially(network, keep, 'leastSquares', images, input.correlator, own.next((COST.prune - 2) * images.count));
    const pruned = scoresOf(topClasses(await computeLogits(prune(network, plan), test, own.next(test.count))), judge).accuracy;
    const forgotten = await orWhy(() => forgets(input, taken, judge, predict, own));
    return { images: images.count, pruned, ...('why' in forgotten ? { why: forgotten.why } : { forgotten: forgotten.found }) };
  }
}

/** What test pictures are compared with. */
interface Judge {
  readonly expected: ArrayLike<number>;
  readonly forgetClass: number;
}

async function forgets(
  { network, correlator, test, forgetClass, seed }: SensitivityInput,
  pictures: ConditionPictures,
  judge: Judge,
  predict: (images: ImageSource) => Promise<ArrayLike<number>>,
  job: Phases,
): Promise<{ readonly forget: number; readonly retain: number }> {
  const { count } = pictures.images;
  const given = await forgetSplit(pictures, forgetClass, Math.ceil(count / 2), predict);
  const { network: edited } = await unlearn({ network, ...given, correlator }, { ...DEFAULT_UNLEARN, classes: [forgetClass], seed }, job.next(COST.forget * count));
  const { forget: left, retain: kept } = scoresOf(topClasses(await computeLogits(edited, test, job.next(test.count))), judge);
  return { forget: left, retain: kept };
}

/** Shares of test pictures whose class is the expected one: of all, of the forgotten class, of the others. */
function scoresOf(found: ArrayLike<number>, { expected, forgetClass }: Judge): Sensitivity['intact'] {
  const right = { forget: 0, retain: 0 };
  const all = { forget: 0, retain: 0 };
  for (let k = 0; k < found.length; k++) {
    const kind = expected[k] === forgetClass ? 'forget' : 'retain';
    all[kind]++;
    if (found[k] === expected[k]) right[kind]++;
  }
  return { accuracy: share(right.forget + right.retain, found.length), forget: share(right.forget, all.forget), retain: share(right.retain, all.retain) };
}

function share(hits: number, of: number): number {
  return of === 0 ? 0 : hits / of;
}

/** What came of the work, or what stood in its way; what ends the whole experiment is thrown. */
async function orWhy<T>(work: () => Promise<T>): Promise<{ readonly found: T } | { readonly why: string }> {
  try {
    return { found: await work() };
  } catch (error) {
    if (error instanceof CancelledError || error instanceof DeviceLostError || !(error instanceof Error)) throw error;
    return { why: error.message };
  }
}
