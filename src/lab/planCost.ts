import { totalCost, type CostModel } from '../network/totalCost.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import type { Cost } from '../workers/protocol.ts';
import type { Experiment } from './experiment.ts';

/** Where the page's costs come from: the loaded model, else the precomputed file. */
export function shownCostModel({ model, precomputed }: Pick<Experiment, 'model' | 'precomputed'>): CostModel | undefined {
  return model.loaded?.costModel ?? precomputed?.costModel;
}

export function intactCost({ model, precomputed }: Pick<Experiment, 'model' | 'precomputed'>): Cost | undefined {
  return model.loaded?.cost ?? precomputed?.cost;
}

/**
 * What is left of the network's cost under these keep sets; undefined while there is no cost
 * model. Bytes count the parameters and the stored statistics of the norms that lie on a cut group.
 */
export function planCost(experiment: Pick<Experiment, 'model' | 'precomputed'>, keep: PrunePlan['keep']): Cost | undefined {
  const costModel = shownCostModel(experiment);
  const intact = intactCost(experiment);
  if (!costModel || !intact) return undefined;
  const { macs, parameters: params } = totalCost(costModel, Object.fromEntries(Object.entries(keep).map(([group, kept]) => [group, kept.length])));
  return { macs, params, bytes: intact.bytes - 4 * (intact.params - params) - 8 * normChannelsCut(experiment, keep) };
}

/** Channels of norms that go with the cut; each holds a mean and a variance beside its parameters. */
function normChannelsCut({ model: { loaded } }: Pick<Experiment, 'model'>, keep: PrunePlan['keep']): number {
  if (!loaded) return 0;
  const norms = new Set(loaded.nodes.filter(({ op }) => op === 'batchNorm').map(({ id }) => id));
  return loaded.groups.reduce((sum, { name, channels, passThroughs }) => {
    const kept = keep[name];
    return kept ? sum + (channels - kept.length) * passThroughs.filter((id) => norms.has(id)).length : sum;
  }, 0);
}
