import { transfer } from 'comlink';
import { CancelledError } from '../engine/job.ts';
import { coupling } from '../network/coupling.ts';
import type { Network } from '../network/network.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { consumerLayers } from '../pruning/consumerLayers.ts';
import { channelOrder, groupBand, groupCurve, groupGreedy, groupScores } from '../pruning/groupFidelity.ts';
import { prunableGroups } from '../pruning/keepSets.ts';
import { oneShotPlan } from '../pruning/oneShotPlan.ts';
import type { Compensation } from '../pruning/pruneRequest.ts';
import { normScores } from '../pruning/rankings.ts';
import { StatisticsStore, type LayerMeasures } from '../pruning/statisticsStore.ts';
import type { FidelityApi, FidelityUpdate, GroupDetail, GroupFidelity, NormScores, StatisticsMessage } from './protocol.ts';

const PERMUTATIONS = 200;
const NO_MEASURES: LayerMeasures = { statistics: new Map(), contributions: new Map() };

/** The fidelity worker: accumulates statistics in float64, scores them, and refits weights from them. */
export class Fidelity implements FidelityApi {
  #store = new StatisticsStore([]);
  #measures: LayerMeasures = NO_MEASURES;
  #scores = new Map<string, Float64Array>();
  #supersede = (): void => {};

  async begin(network: Network): Promise<NormScores> {
    this.#supersede();
    const coupled = coupling(network);
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

  async detail(group: string, seed: number): Promise<GroupDetail> {
    const { layers } = this.#store;
    const { median, low, high, best } = groupBand(group, layers, this.#measures, PERMUTATIONS, seed);
    return {
      name: group,
      band: { median: [...median], low: [...low], high: [...high], best: [...best], permutations: PERMUTATIONS },
      greedy: [...groupGreedy(group, layers, this.#measures)],
    };
  }

  async compensate(keep: PrunePlan['keep'], method: Compensation): Promise<PrunePlan> {
    const plan = oneShotPlan(this.#store.layers, this.#measures.statistics, keep, method);
    return transfer(plan, Object.values(plan.weights).map(({ kernel }) => kernel.values.buffer as ArrayBuffer));
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

/** Greatest change of any channel's share of its group's score; 1 where there was none before. */
function shareChange(now: Float64Array, before: Float64Array | undefined): number {
  if (!before) return 1;
  const [nowSum, beforeSum] = [sumOf(now) || 1, sumOf(before) || 1];
  return now.reduce((max, score, i) => Math.max(max, Math.abs(score / nowSum - before[i] / beforeSum)), 0);
}

function sumOf(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
