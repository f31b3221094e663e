import { measuresOf } from '../engine/calibrate.ts';
import type { ImageSource } from '../engine/imageSource.ts';
import type { Job } from '../engine/job.ts';
import type { Correlator } from '../engine/kernels/correlator.ts';
import { pruneSequentially } from '../engine/sequential.ts';
import { orderByScore } from '../fidelity/selection/topK.ts';
import type { Network } from '../network/network.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { prune } from '../network/surgery.ts';
import { CRITERIA } from '../pruning/criteria/table.ts';
import { prunableGroups } from '../pruning/keepSets.ts';
import type { Compensation } from '../pruning/pruneRequest.ts';
import { subjectOf, type Subject } from '../pruning/subject.ts';

/** A rule for which hidden units of an MLP stay, and what is done to the weights that stay. */
export interface NeuronMethod {
  readonly select: keyof typeof CRITERIA;
  readonly compensate: Compensation;
}

/** What is compared: each rule as it is commonly used, each with the same refit, and ours. */
export const NEURON_METHODS: readonly NeuronMethod[] = [
  { select: 'random', compensate: 'none' },
  { select: 'l1', compensate: 'none' },
  { select: 'wanda', compensate: 'none' },
  { select: 'random', compensate: 'leastSquares' },
  { select: 'l1', compensate: 'leastSquares' },
  { select: 'wanda', compensate: 'leastSquares' },
  { select: 'singleton', compensate: 'leastSquares' },
  { select: 'greedy', compensate: 'leastSquares' },
];

/** Orders that the random rule is the mean of. */
export const RANDOM_SEEDS = [1, 2, 3] as const;

export interface NeuronPoint extends NeuronMethod {
  /** Share of the hidden units of every MLP that is gone. */
  readonly removed: number;
  /** As `measure` gives it; of the random rule the mean over its seeds. */
  readonly measured: number;
}

export interface NeuronComparison {
  readonly intact: number;
  /** Hidden units of all MLPs. */
  readonly neurons: number;
  readonly points: readonly NeuronPoint[];
}

export interface ComparedNetwork {
  readonly network: Network;
  readonly calibration: ImageSource;
  readonly correlator: Correlator | undefined;
  /** Accuracy, perplexity: what networks are judged by. */
  readonly measure: (network: Network, job: Job) => Promise<number>;
}

/**
 * Removes a share of the hidden units of every MLP, by every method, without any training, and measures what is
 * left. Attention heads all stay: the groups whose readers have one weight for each component and output are MLPs.
 */
export async function compareNeurons(
  { network, calibration, correlator, measure }: ComparedNetwork,
  shares: readonly number[],
  methods: readonly NeuronMethod[],
  jobFor: (step: string) => Job = () => ({}),
): Promise<NeuronComparison> {
  const subject = subjectOf(network);
  const measures = await measuresOf(subject, calibration, correlator, jobFor('statistics'));
  const groups = mlpGroups(subject);
  const intact = await measure(network, jobFor('intact'));
  const points: NeuronPoint[] = [];
  for (const removed of shares) {
    for (const { select, compensate } of methods) {
      const found: number[] = [];
      for (const seed of select === 'random' ? RANDOM_SEEDS : [1]) {
        const step = jobFor(`${select}, ${compensate}, ${removed} removed`);
        const scores = CRITERIA[select]({ ...subject, measures, fit: 'leastSquares', seed });
        const keep: PrunePlan['keep'] = Object.fromEntries(groups.map(({ name, channels }) =>
          [name, orderByScore(scores.get(name) ?? []).slice(0, Math.round((1 - removed) * channels)).sort((a, b) => a - b)]));
        const plan = await pruneSequentially(network, keep, compensate, calibration, correlator, step);
        found.push(await measure(prune(network, plan), step));
      }
      points.push({ select, compensate, removed, measured: found.reduce((sum, value) => sum + value, 0) / found.length });
    }
  }
  return { intact, neurons: groups.reduce((sum, { channels }) => sum + channels, 0), points };
}

function mlpGroups({ coupled, layers }: Subject): readonly { readonly name: string; readonly channels: number }[] {
  return prunableGroups(coupled.groups).filter(({ name }) =>
    layers.filter(({ inputs }) => inputs.groups.some((group) => group.name === name)).every(({ p }) => p === 1));
}
