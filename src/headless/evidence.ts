import { measuresOf } from '../engine/calibrate.ts';
import { networkCriterion } from '../engine/criteria/table.ts';
import { partOf, type ImageSource } from '../engine/imageSource.ts';
import type { Job } from '../engine/job.ts';
import { layerTimes } from '../engine/layerTimes.ts';
import { costModel } from '../network/costModel.ts';
import { tokenInput } from '../network/sequenceLength.ts';
import type { Correlator } from '../engine/kernels/correlator.ts';
import type { LayerMeasures } from '../pruning/statisticsStore.ts';
import type { Ranking } from '../pruning/keepSets.ts';
import { slopesOf, UNIFORM, type AllocationRule } from '../pruning/allocation.ts';
import { fitOf } from '../pruning/compensationFit.ts';
import { sharesCost, type PruneRequest } from '../pruning/pruneRequest.ts';
import { rankingsFor } from '../pruning/rankings.ts';
import type { Subject } from '../pruning/subject.ts';
import { SELECTION_RULES, type Selection } from '../pruning/selections.ts';
import { timeModel, type TimeModel } from '../pruning/timedCosts.ts';
import { localGlobal } from '../theory/localGlobal.ts';
import { SLOPE_IMAGES, type LocalGlobal } from '../theory/results.ts';

export class LabelsNeededError extends Error {
  override readonly name = 'LabelsNeededError';
  constructor(select: Selection) {
    super(`“${SELECTION_RULES[select].label}” scores by the classes of the calibration images: give them with --image-labels.`);
  }
}

/**
 * A network and the pictures to prune it by, with everything that methods want to know of the two:
 * statistics, scores of the rules that run the network, slopes. Each is measured when it is first
 * asked for, and kept.
 */
export class Evidence {
  readonly subject: Subject;
  readonly images: ImageSource;
  readonly correlator: Correlator;
  readonly #labels: ArrayLike<number> | undefined;
  readonly #scores = new Map<string, Readonly<Record<string, Float64Array>>>();
  readonly #rankings = new Map<string, readonly Ranking[]>();
  #measures: LayerMeasures | undefined;
  #localGlobal: LocalGlobal | undefined;
  #time: TimeModel | undefined;

  /** `labels`: classes of the images, read only for rules with access to labels. */
  constructor(subject: Subject, images: ImageSource, correlator: Correlator, labels?: ArrayLike<number>) {
    this.subject = subject;
    this.images = images;
    this.correlator = correlator;
    this.#labels = labels;
  }

  async measures(job: Job = {}): Promise<LayerMeasures> {
    this.#measures ??= await measuresOf(this.subject, this.images, this.correlator, job);
    return this.#measures;
  }

  /**
   * Every group that may be cut as the request's selection ranks it.
   *
   * @throws LabelsNeededError, and what the rule throws
   */
  async rankings(request: PruneRequest, job: Job = {}): Promise<readonly Ranking[]> {
    const { select, seed, compensate, allocate, target } = request;
    const key = [select, seed, SELECTION_RULES[select].perCompensation || allocate !== 'uniform' || target.kind === 'eta' ? fitOf(compensate) : '', allocate, target.kind].join(' ');
    const known = this.#rankings.get(key);
    if (known) return known;
    const { network, coupled, layers } = this.subject;
    const scores = SELECTION_RULES[select].scoredBy === 'network' ? await this.#networkScores(select, seed, job) : undefined;
    const rankings = rankingsFor(request, network, coupled, layers, await this.measures(job), scores);
    this.#rankings.set(key, rankings);
    return rankings;
  }

  /** How the request shares its cost out; measures the slopes where it needs them. */
  async allocation({ allocate, compensate, target }: PruneRequest, job: Job = {}): Promise<AllocationRule> {
    if (!sharesCost(target)) return UNIFORM;
    if (allocate !== 'theory') return { kind: allocate };
    const first = (count: number) => partOf(this.images, 0, Math.min(count, this.images.count));
    this.#localGlobal ??= await localGlobal(
      {
        network: this.subject.network,
        calibration: first(SLOPE_IMAGES),
        draw: first,
        test: first(1),
        correlator: this.correlator,
        seed: 1,
      },
      job,
    );
    return { kind: 'theory', slopes: slopesOf(this.#localGlobal.points, compensate) };
  }

  /** Predicts the time of one run, one image at a time, from the intact network's steps. */
  async time(job: Job = {}): Promise<TimeModel> {
    const { network, coupled } = this.subject;
    this.#time ??= timeModel(costModel(network, coupled), await layerTimes(network, 1, job));
    return this.#time;
  }

  async #networkScores(select: Selection, seed: number, job: Job): Promise<Readonly<Record<string, Float64Array>>> {
    const key = `${select} ${seed}`;
    const known = this.#scores.get(key);
    if (known) return known;
    const { network, coupled } = this.subject;
    const needsLabels = SELECTION_RULES[select].access.labels;
    // a text foretells its own next tokens
    if (needsLabels && !this.#labels && !tokenInput(network)) throw new LabelsNeededError(select);
    const found = await networkCriterion(select)(
      { network, coupled, images: this.images, seed, ...(needsLabels && this.#labels ? { labels: this.#labels } : {}) },
      job,
    );
    const scores = Object.fromEntries(found);
    this.#scores.set(key, scores);
    return scores;
  }
}
