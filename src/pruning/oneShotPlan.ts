import { compensate } from '../fidelity/compensation.ts';
import type { LayerStatistics } from '../fidelity/layerStatistics.ts';
import { keptFeatures } from '../network/coupling.ts';
import { kernelAxes, type Weight } from '../network/network.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { fitOf } from './compensationFit.ts';
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
  const biases = new Map<string, Float64Array>();
  const weights: Record<string, PrunePlan['weights'][string]> = {};
  const norms: Record<string, NormStatistics> = {};
  for (const layer of layers) {
    const { node, norm, part, m } = layer;
    const kept = keptFeatures(layer.inputs, keep);
    const measured = statistics.get(layer.id);
    if (!kept || !measured) continue;
    const outputs = node.weights.kernel.shape[kernelAxes(node).out];
    const kernel = kernels.get(node.id) ?? emptyKernel(node, kept.length, layer.p, outputs);
    kernels.set(node.id, kernel);
    const fitted = compensate(measured, kept, fitOf(method));
    writeWeights(layer, fitted.weights, kernel);
    weights[node.id] = { ...node.weights, kernel };
    if (!fitted.bias) continue;
    const bias = biases.get(node.id) ?? new Float64Array(outputs);
    biases.set(node.id, bias);
    bias.set(fitted.bias, part * m);
    // in the mean of a norm a bias costs nothing
    if (norm && !node.weights.bias) norms[norm.id] = { mean: sum(norm.weights.mean, bias, -1), variance: norm.weights.variance };
    else weights[node.id] = { kernel, bias: sum(node.weights.bias ?? { shape: [outputs], values: new Float32Array(outputs) }, bias, 1) };
  }
  return { keep, weights, ...(Object.keys(norms).length > 0 ? { norms } : {}) };
}

type NormStatistics = NonNullable<PrunePlan['norms']>[string];

function sum({ shape, values }: Weight, added: Float64Array, sign: 1 | -1): Weight {
  return { shape, values: values.map((value, c) => value + sign * added[c]) };
}
