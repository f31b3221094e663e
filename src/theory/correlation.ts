import { JobClock, type Job } from '../engine/job.ts';
import { restricted } from '../fidelity/componentBlocks.ts';
import { pairEnergyKernel } from '../fidelity/contributions.ts';
import type { LayerStatistics } from '../fidelity/layerStatistics.ts';
import { sampleIndices, seededRandom } from '../fidelity/random.ts';
import { MOST_EXACT } from '../fidelity/selection/exactSets.ts';
import type { CouplingGroup } from '../network/couplingGroup.ts';
import { channelOrder, groupCurve } from '../pruning/groupFidelity.ts';
import { groupOrder, groupSets } from '../pruning/groupSelection.ts';
import { prunableGroups } from '../pruning/keepSets.ts';
import type { LayerMeasures } from '../pruning/statisticsStore.ts';
import { Phases } from './phases.ts';
import type { Correlation } from './results.ts';
import { measuresOf } from '../engine/calibrate.ts';
import { subjectOf, type Subject } from '../pruning/subject.ts';
import { singletonRankings } from './singletonRankings.ts';
import type { TheoryInput } from './theoryInput.ts';

/** Outputs of a layer that its correlation is computed on. */
const MOST_OUTPUTS = 64;

/**
 * How far the contributions of each group's channels are from uncorrelated, where the paper's rule is
 * optimal (Theorem 3.7), and what the rule loses to a search: the fidelity, by scale, of half of the
 * group's channels by singleton fidelity, by forward greedy and, where it is feasible, the greatest.
 *
 * `Q^c_ij = E⟨A_ci, A_cj⟩` are second moments about zero, as in the theorem. Layers of very many outputs
 * are judged by a seeded sample of 64. Groups whose readers all are too wide for a Gram are left out.
 */
export async function correlation({ network, calibration, correlator, seed }: TheoryInput, job: Job = {}): Promise<Correlation> {
  const subject = subjectOf(network);
  const groups = prunableGroups(subject.coupled.groups);
  const phases = new Phases(job, groups.length + calibration.count);
  const measures = await measuresOf(subject, calibration, correlator, phases.next(calibration.count));
  const scores = new Map(singletonRankings(subject, measures).map((ranking) => [ranking.name, ranking.scores]));
  const clock = new JobClock(phases.next(groups.length), groups.length);
  const found: Correlation['groups'][number][] = [];
  for (const [at, group] of groups.entries()) {
    const { name, channels } = group;
    const order = channelOrder(scores.get(name) ?? []);
    const kept = Math.max(1, Math.round(channels / 2));
    const fidelityOf = (best: readonly number[]) => groupCurve(name, best, subject.layers, measures, 'scale').at(kept - 1);
    const singleton = fidelityOf(order);
    const greedy = fidelityOf(groupOrder(name, subject.layers, measures, { rule: 'greedy', fit: 'scale' }));
    if (singleton !== undefined && greedy !== undefined) {
      const exact = channels <= MOST_EXACT ? groupSets(name, subject.layers, measures, 'scale') : undefined;
      found.push({
        group: name, channels, correlation: groupCorrelation(group, subject, measures, seed), kept, singleton, greedy,
        ...(exact?.optimal ? { exact: fidelityOf(exact.sets[kept - 1]) ?? singleton } : {}),
      });
    }
    await clock.tick(at + 1);
  }
  return { experiment: 'correlation', groups: found };
}

/** The mean over all outputs of all readers, weighted by the outputs' energy. */
function groupCorrelation({ name }: CouplingGroup, { layers }: Subject, { statistics }: LayerMeasures, seed: number): number {
  let [sum, weight] = [0, 0];
  for (const { id, inputs } of layers) {
    const layer = statistics.get(id);
    const index = inputs.groups.findIndex((group) => group.name === name);
    if (!layer || index < 0) continue;
    const own = Array.from(inputs.group.keys()).filter((i) => inputs.group[i] === index);
    const part = own.length === layer.n ? layer : restricted(layer, own);
    const outputs = sampleIndices(layer.m, Math.min(MOST_OUTPUTS, layer.m), seededRandom(seed));
    for (const c of outputs) {
      const value = outputCorrelation(part, c);
      if (value === undefined) continue;
      sum += layer.energy[c] * value;
      weight += layer.energy[c];
    }
  }
  return weight > 0 ? sum / weight : 0;
}

/** `√(Σ_{i≠j} Q_ij² / Σ_{i≠j} Q_ii Q_jj)` of one output; undefined where fewer than two components contribute. */
export function outputCorrelation(layer: LayerStatistics, c: number): number | undefined {
  const { n } = layer;
  const pairs = pairEnergyKernel(layer, c);
  let [together, apart] = [0, 0];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      together += pairs[i * n + j] ** 2;
      apart += Math.max(0, pairs[i * n + i]) * Math.max(0, pairs[j * n + j]);
    }
  }
  return apart > 0 ? Math.min(1, Math.sqrt(together / apart)) : undefined;
}
