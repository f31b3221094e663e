import type { Network, Node, Weight } from '../../network/network.ts';
import { UnlearnSettingError } from '../unlearningErrors.ts';

/**
 * One-shot magnitude pruning, unstructured: the `share` of all kernel weights of the network that are least in
 * absolute value becomes 0, whatever layer they are in; of equals the first. The network keeps its shape.
 *
 * @throws UnlearnSettingError for a share outside of [0, 1)
 */
export function magnitudePruned(network: Network, share: number): Network {
  if (!(share >= 0 && share < 1)) throw new UnlearnSettingError('The share of weights to prune', share, 'a number from 0 to below 1');
  const magnitudes = Float32Array.from(network.nodes.flatMap((node) => Array.from(kernelOf(node)?.values ?? [], Math.abs))).sort();
  let left = Math.floor(share * magnitudes.length);
  const threshold = left > 0 ? magnitudes[left - 1] : -1;
  // of weights that equal the threshold only so many go
  left -= magnitudes.findIndex((magnitude) => magnitude >= threshold);
  return {
    ...network,
    nodes: network.nodes.map((node) => {
      const kernel = kernelOf(node);
      if (!kernel) return node;
      const values = kernel.values.map((value) => {
        const size = Math.abs(value);
        if (size > threshold || (size === threshold && left-- <= 0)) return value;
        return 0;
      });
      return { ...node, weights: { ...node.weights, kernel: { ...kernel, values } } } as Node;
    }),
  };
}

function kernelOf({ weights }: Node): Weight | undefined {
  return (weights as Readonly<Record<string, Weight | undefined>>).kernel;
}
