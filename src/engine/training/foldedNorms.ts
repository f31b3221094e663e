import type { Network, Node, NodeOf } from '../../network/network.ts';
import { foldNorm, isLinear, type LinearNode } from '../operators/foldNorm.ts';
import { normAffine } from '../operators/normalization.ts';

/** A linear node and the norm that alone reads it. */
export interface Fold {
  readonly linear: LinearNode;
  readonly norm: NodeOf<'batchNorm'>;
}

/** A network without the norms that could be folded, and what each folded node (called as its norm was) comes from. */
export interface FoldedNetwork {
  readonly network: Network;
  readonly folds: ReadonlyMap<string, Fold>;
}

/**
 * Folds frozen norms into the linear nodes before them (`foldNorm`). The function is the same with one node
 * and one value less for each; `unfoldedGradients` gives the gradients of the original weights.
 */
export function foldNorms(network: Network): FoldedNetwork {
  const folds = new Map<string, Fold>();
  const gone = new Set<string>();
  for (const norm of network.nodes) {
    if (norm.op !== 'batchNorm') continue;
    const linear = network.nodes.find(({ id }) => id === norm.inputs[0]);
    if (!linear || !isLinear(linear) || network.outputs.includes(linear.id)) continue;
    if (network.nodes.filter(({ inputs }) => inputs.includes(linear.id)).length > 1) continue;
    folds.set(norm.id, { linear, norm });
    gone.add(linear.id);
  }
  const nodes = network.nodes.flatMap((node): Node[] => {
    if (gone.has(node.id)) return [];
    const fold = folds.get(node.id);
    return [fold ? { ...foldNorm(fold.linear, fold.norm), id: node.id } : node];
  });
  return { network: { ...network, nodes }, folds };
}

type Gradients = Readonly<Record<string, Float32Array>>;

/**
 * From the gradients of a folded node's weights `W' = s W` and `b' = s (b − μ) + β`, s = γ / σ, to those of
 * both nodes: `dW = s dW'`, `db = s db'`, `dβ = db'`, `dγ = (⟨W, dW'⟩ + (b − μ) db') / σ`, each per output
 * channel. Needs no values of the layer, so the norm costs nothing on the way back.
 */
export function unfoldedGradients({ linear, norm }: Fold, folded: Gradients): { readonly linear: Gradients; readonly norm: Gradients } {
  const { kernel, bias } = linear.weights;
  const { gamma, beta, mean, variance } = norm.weights;
  const { scale } = normAffine(norm);
  const m = scale.length;
  const run = linear.op === 'transposedConv2d' ? kernel.shape[3] : 1;
  const channel = (k: number) => Math.floor(k / run) % m;
  const products = Float64Array.from({ length: m }, (_, c) => ((bias?.values[c] ?? 0) - mean.values[c]) * folded.bias[c]);
  folded.kernel.forEach((gradient, k) => (products[channel(k)] += gradient * kernel.values[k]));
  return {
    linear: {
      kernel: folded.kernel.map((gradient, k) => gradient * scale[channel(k)]),
      ...(bias && { bias: folded.bias.map((gradient, c) => gradient * scale[c]) }),
    },
    norm: {
      ...(gamma && { gamma: Float32Array.from(products, (product, c) => product / Math.sqrt(variance.values[c] + norm.attributes.epsilon)) }),
      ...(beta && { beta: folded.bias }),
    },
  };
}
