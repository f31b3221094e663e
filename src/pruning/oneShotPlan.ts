import { compensate } from '../fidelity/compensation.ts';
import type { LayerStatistics } from '../fidelity/layerStatistics.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { kernelOf, type ConsumerLayer } from './consumerLayers.ts';
import type { Compensation } from './pruneRequest.ts';

/**
 * The plan that keeps these channels and refits every consumer of a cut group on the intact
 * network's statistics (one-shot). `statistics`: by consumer node id.
 */
export function oneShotPlan(
  layers: readonly ConsumerLayer[],
  statistics: ReadonlyMap<string, LayerStatistics>,
  keep: PrunePlan['keep'],
  method: Compensation,
): PrunePlan {
  if (method === 'none') return { keep, weights: {} };
  const weights: Record<string, PrunePlan['weights'][string]> = {};
  for (const { node, group, n, p, m } of layers) {
    const kept = keep[group.name];
    const layer = statistics.get(node.id);
    if (!kept || kept.length === n || !layer) continue;
    const refitted = compensate(layer, kept, method).weights;
    weights[node.id] = { ...node.weights, kernel: kernelOf(node, refitted, kept.length, p, m) };
  }
  return { keep, weights };
}
