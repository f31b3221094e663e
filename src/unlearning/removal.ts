import { permutation, seededRandom } from '../fidelity/random.ts';
import { singletonScores } from '../fidelity/singletonFidelity.ts';
import type { ConsumerLayer } from '../pruning/consumerLayers.ts';
import { componentWeights } from '../pruning/layerWeights.ts';
import type { LayerMeasures } from '../pruning/statisticsStore.ts';
import type { UnlearnSelection } from './unlearnRequest.ts';

/** How much each input channel of a layer says of the forgotten class, and of the rest; each in [0, 1]. */
export interface ClassScores {
  readonly layer: string;
  /** Layer-level singleton fidelity over the forget pictures. */
  readonly forget: Float64Array;
  /** The same over the retain pictures. */
  readonly retain: Float64Array;
}

/** Of every layer that both were measured on. */
export function classScores(layers: readonly ConsumerLayer[], forget: LayerMeasures, retain: LayerMeasures): ClassScores[] {
  return layers.flatMap(({ id }): ClassScores[] => {
    const [own, rest] = [forget.statistics.get(id), retain.statistics.get(id)];
    return own && rest ? [{ layer: id, forget: singletonScores(own), retain: singletonScores(rest) }] : [];
  });
}

/** The layer's input channels, the first to leave first; lower indices first among equals. */
export function removalOrder(layer: ConsumerLayer, { forget, retain }: ClassScores, select: UnlearnSelection, seed: number): number[] {
  const all = Array.from({ length: layer.n }, (_, i) => i);
  switch (select) {
    case 'fidelity':
      return byGreatest(all, forget);
    case 'contrast':
      return byGreatest(all, forget.map((score, i) => score - retain[i]));
    case 'l1':
      return byGreatest(all, weightNorms(layer).map((norm) => -norm));
    case 'random':
      return Array.from(permutation(layer.n, seededRandom(seed)));
  }
}

/** How many of n channels leave: the nearest number, at least one unless the share is 0, and never all. */
export function removedCount(n: number, share: number): number {
  return share === 0 ? 0 : Math.min(n - 1, Math.max(1, Math.round(share * n)));
}

function byGreatest(indices: readonly number[], scores: Float64Array): number[] {
  return indices.toSorted((a, b) => scores[b] - scores[a] || a - b);
}

/** `Σ_c ‖w_ci‖₁` of each input channel i. */
function weightNorms(layer: ConsumerLayer): Float64Array {
  const norms = new Float64Array(layer.n);
  componentWeights(layer, layer.node.weights.kernel).forEach((w, at) => {
    norms[Math.floor(at / layer.p) % layer.n] += Math.abs(w);
  });
  return norms;
}
