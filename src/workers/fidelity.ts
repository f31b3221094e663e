import { transfer } from 'comlink';
import type { MonteCarloBand } from '../fidelity/monteCarloBand.ts';
import { MOST_EXACT } from '../fidelity/selection/exactSets.ts';
import { CancelledError } from '../engine/job.ts';
import { coupling, type Coupling } from '../network/coupling.ts';
import type { Network } from '../network/network.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { consumerLayers } from '../pruning/consumerLayers.ts';
import { normScores } from '../pruning/criteria/filterNorms.ts';
import { channelOrder, groupBand, groupCurve, groupScores, setCurves } from '../pruning/groupFidelity.ts';
import { groupOrder, groupSearch } from '../pruning/groupSelection.ts';
import { prunableGroups, type Ranking } from '../pruning/keepSets.ts';
import { oneShotPlan } from '../pruning/oneShotPlan.ts';
import type { Compensation } from '../pruning/pruneRequest.ts';
import { rankGroups } from '../pruning/rankings.ts';
import { StatisticsStore, type LayerMeasures } from '../pruning/statisticsStore.ts';
import type { Band, FidelityApi, FidelityUpdate, GroupBand, GroupDetail, GroupFidelity, GroupRanking, NormScores, OnProgress, RankRequest, StatisticsMessage } from './protocol.ts';

const PERMUTATIONS = 200;
const NO_MEASURES: LayerMeasures = { statistics: new Map(), contributions: new Map() };

/** The fidelity worker: accumulates statistics in float64, scores them, and refits weights from them. */
export class Fidelity implements FidelityApi {
  #store = new StatisticsStore([]);
  #measures: LayerMeasures = NO_MEASURES;
  #scores = new Map<string, Float64Array>();
  #network: { readonly network: Network; readonly coupled: Coupling } | undefined;
  #supersede = (): void => {};
  /** Raised by whatever ends the jobs in progress; a job goes on while it finds what it began with. */
  readonly #turns = { rank: 0, bands: 0 };

  async begin(network: Network): Promise<NormScores> {
    this.#supersede();
    this.#endJobs();
    const coupled = coupling(network);
    this.#network = { network, coupled };
    this.#store = new StatisticsStore(consumerLayers(network, coupled));
    this.#measures = NO_MEASURES;
    this.#scores = new Map();
    return Object.fromEntries(
      prunableGroups(coupled.groups).map((group) => [
        group.name,
        { l1: [...normScores(network, coupled, group, 'l1')], l2: [...normScores(network, coupled, group, 'l2')] },
      ]),
    );
  }

  /**
   * Batches that arrive while scores are being computed are added first: scoring never falls behind.
   * Rejects with `CancelledError` when a later `accumulate` or `begin` takes its place.
   */
  async accumulate(port: MessagePort, onUpdate: (update: FidelityUpdate) => void): Promise<FidelityUpdate> {
    this.#supersede();
    this.#endJobs();
    const store = new StatisticsStore(this.#store.layers);
    this.#store = store;
    this.#scores = new Map();
    let total = 0;
    let scoring: ReturnType<typeof setTimeout> | undefined;
    return new Promise((resolve, reject) => {
      this.#supersede = () => {
        clearTimeout(scoring);
        port.close();
        reject(new CancelledError());
      };
      const score = (settled: boolean) => {
        clearTimeout(scoring);
        scoring = undefined;
        try {
          const update = this.#score(store, total, settled);
          onUpdate(update);
          if (settled) resolve(update);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      port.onmessage = ({ data }: MessageEvent<StatisticsMessage>) => {
        if (store !== this.#store) return port.close();
        if (data.kind === 'batch') {
          store.add(data);
          total = data.total;
          if (data.last) scoring ??= setTimeout(() => score(false), 0);
        } else {
          port.close();
          score(true);
        }
      };
    });
  }

  async rank(request: RankRequest, onProgress: OnProgress): Promise<readonly GroupRanking[]> {
    const turn = ++this.#turns.rank;
    const rankings: GroupRanking[] = [];
    if (!this.#network) return rankings;
    const input = { ...this.#network, layers: this.#store.layers, measures: this.#measures };
    const total = prunableGroups(input.coupled.groups).length;
    const began = performance.now();
    for (const ranking of rankGroups({ ...request, curves: true }, input)) {
      if (ranking) {
        const done = rankings.push(asLists(ranking));
        const rate = (1000 * done) / Math.max(1, performance.now() - began);
        onProgress({ done, total, rate, secondsLeft: (total - done) / rate });
      }
      await nextTask();
      if (turn !== this.#turns.rank) throw new CancelledError();
    }
    return rankings;
  }

  async stopRanking(): Promise<void> {
    this.#turns.rank++;
  }

  async detail(group: string, seed: number, onPart: (detail: GroupDetail) => void): Promise<GroupDetail> {
    const { layers } = this.#store;
    const measures = this.#measures;
    const band = bandAsLists(groupBand(group, layers, measures, PERMUTATIONS, seed), PERMUTATIONS);
    const curveOf = async (rule: 'greedy' | 'backward') => {
      await nextTask();
      return [...groupCurve(group, groupOrder(group, layers, measures, { rule, fit: 'scale' }), layers, measures, 'scale')];
    };
    const [greedy, backward] = [await curveOf('greedy'), await curveOf('backward')];
    const part = { name: group, band, greedy, backward };
    if (greedy.length === 0 || greedy.length > MOST_EXACT) return part;
    onPart(part);
    const search = groupSearch(group, layers, measures, 'scale');
    let step = search.next();
    for (; step.done !== true; step = search.next()) await nextTask();
    const { sets, optimal } = step.value;
    return { ...part, exact: [...setCurves(group, sets, layers, measures, 'scale').curve], optimal };
  }

  async bands(permutations: number, seed: number, onBand: (band: GroupBand) => void): Promise<void> {
    const turn = ++this.#turns.bands;
    const { layers } = this.#store;
    const measures = this.#measures;
    for (const { name } of groupScores(layers, measures)) {
      const band = groupBand(name, layers, measures, permutations, seed);
      if (band.median.length > 0) onBand({ name, ...bandAsLists(band, permutations) });
      await nextTask();
      if (turn !== this.#turns.bands) throw new CancelledError();
    }
  }

  async compensate(keep: PrunePlan['keep'], method: Compensation): Promise<PrunePlan> {
    const plan = oneShotPlan(this.#store.layers, this.#measures.statistics, keep, method);
    return transfer(plan, Object.values(plan.weights).map(({ kernel }) => kernel.values.buffer as ArrayBuffer));
  }

  #endJobs(): void {
    this.#turns.rank++;
    this.#turns.bands++;
  }

  #score(store: StatisticsStore, total: number, settled: boolean): FidelityUpdate {
    this.#measures = store.measures();
    const scored = groupScores(store.layers, this.#measures);
    let change = 0;
    const groups = scored.map(({ name, singleton }): GroupFidelity => {
      change = Math.max(change, shareChange(singleton, this.#scores.get(name)));
      this.#scores.set(name, singleton);
      const curve = (compensation: 'scale' | 'leastSquares') => [
        ...groupCurve(name, channelOrder(singleton), store.layers, this.#measures, compensation),
      ];
      return {
        name,
        singleton: [...singleton],
        curves: { scale: curve('scale'), leastSquares: settled ? curve('leastSquares') : [] },
      };
    });
    return { images: store.images, total, change, groups };
  }
}

/** Lets messages in that have come meanwhile: statistics, and calls that take the place of this one. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function asLists({ name, scores, curve = [], error = [], sets }: Ranking): GroupRanking {
  return { name, scores: Array.from(scores), curve: Array.from(curve), error: Array.from(error), ...(sets && { sets }) };
}

function bandAsLists({ median, low, high, best }: MonteCarloBand, permutations: number): Band {
  return { median: [...median], low: [...low], high: [...high], best: [...best], permutations };
}

/** Greatest change of any channel's share of its group's score; 1 where there was none before. */
function shareChange(now: Float64Array, before: Float64Array | undefined): number {
  if (!before) return 1;
  const [nowSum, beforeSum] = [sumOf(now) || 1, sumOf(before) || 1];
  return now.reduce((max, score, i) => Math.max(max, Math.abs(score / nowSum - before[i] / beforeSum)), 0);
}

function sumOf(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
