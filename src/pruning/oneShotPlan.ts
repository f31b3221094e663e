import { compensate } from '../fidelity/compensation.ts';
import type { LayerStatistics } from '../fidelity/layerStatistics.ts';
import { keptFeatures } from '../network/coupling.ts';
import { kernelAxes, type Weight } from '../network/network.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import type { ConsumerLayer } from './consumerLayers.ts';
import { emptyKernel, writeWeights } from './layerWeights.ts';
import type { Compensation } from './pruneRequest.ts';

/**
 * The plan that keeps these channels and refits every consumer of a cut group on the intact
 * network's statistics (one-shot). `statistics`: by layer id; a layer without any keeps its weights.
 */
export function oneShotPlan(
  layers: readonly ConsumerLayer[],
  statistics: ReadonlyMap<string, LayerStatistics>,
  keep: PrunePlan['keep'],
  method: Compensation,
): PrunePlan {
  if (method === 'none') return { keep, weights: {} };
  const kernels = new Map<string, Weight>();
  const weights: Record<string, PrunePlan['weights'][string]> = {};
  for (const layer of layers) {
    const { id, node } = layer;
    const kept = keptFeatures(layer.inputs, keep);
    const measured = statistics.get(id);
    if (!kept || !measured) continue;
    const outputs = node.weights.kernel.shape[kernelAxes(node).out];
    const kernel = kernels.get(node.id) ?? emptyKernel(node, kept.length, layer.p, outputs);
    kernels.set(node.id, kernel);
    writeWeights(layer, compensate(measured, kept, method).weights, kernel);
    weights[node.id] = { ...node.weights, kernel };
  }
  return { keep, weights };
}
