import type { Network } from '../../network/network.ts';
import { weightsOf } from '../../network/shapes.ts';
import type { PlanLayout } from './planDocument.ts';

const VECTOR: PlanLayout = { axes: ['channels'], torch: [0] };

const LAYOUTS: Readonly<Record<string, PlanLayout>> = {
  'conv2d.kernel': { axes: ['height', 'width', 'inputs / groups', 'outputs'], torch: [3, 2, 0, 1] },
  'depthwiseConv2d.kernel': { axes: ['height', 'width', 'channels', 'multiplier'], torch: [2, 3, 0, 1] },
  'transposedConv2d.kernel': { axes: ['height', 'width', 'outputs', 'inputs'], torch: [3, 2, 0, 1] },
  'dense.kernel': { axes: ['inputs', 'outputs'], torch: [1, 0] },
};

/** The layouts of all weights that the network has, by `<op>.<weight>`. */
export function layoutsOf(network: Network): Readonly<Record<string, PlanLayout>> {
  const found = new Map<string, PlanLayout>();
  for (const node of network.nodes) {
    for (const [name, { shape }] of weightsOf(node)) {
      const key = `${node.op}.${name}`;
      found.set(key, LAYOUTS[key] ?? (shape.length === 1 ? VECTOR : valueLayout(shape.length)));
    }
  }
  return Object.fromEntries(found);
}

/** Of a weight whose axes are those of the value it meets. */
function valueLayout(rank: number): PlanLayout {
  const names = rank === 3 ? ['height', 'width', 'channels'] : Array.from({ length: rank }, (_, axis) => `axis ${axis}`);
  return { axes: names, torch: [rank - 1, ...Array.from({ length: rank - 1 }, (_, axis) => axis)] };
}
