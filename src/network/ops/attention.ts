import { ShapeError } from '../networkErrors.ts';
import type { NodeOf, Shape } from '../network.ts';
import { sliceWeight } from '../sliceWeight.ts';
import type { OpDefinition } from './opDefinition.ts';
import { headCount, tieRuns } from './sequence.ts';

type Attention = NodeOf<'attention'>;

/**
 * Scaled dot-product attention over heads of `headDim` features (Vaswani et al. 2017).
 *
 * A head leaves as a whole: its features of queries, keys and values, and its block of what reads the
 * result. Where several query heads share a key/value head (grouped queries), they all leave with it,
 * so that every key/value head keeps as many query heads and the pruned network is of the same form.
 */
export const attention: OpDefinition<'attention'> = {
  inputs: 'three',
  outputShape(node, [q, k, v]) {
    const { scale, causal, window } = node.attributes;
    const heads = headsOf(node, q, k);
    if (k.join() !== v.join()) throw unfit(node, q, k, v);
    if (q.length !== k.length || q.length < 2 || q.length > 3) throw unfit(node, q, k, v);
    if (heads.queries % heads.keys !== 0) {
      throw new ShapeError(node.id, node.op, `${heads.queries} query heads cannot share ${heads.keys} key/value heads evenly.`);
    }
    if (!Number.isFinite(scale)) throw new ShapeError(node.id, node.op, `its scale must be finite, found ${scale}.`);
    if ((causal || window) && tokensOf(q) !== tokensOf(k)) throw unfit(node, q, k, v);
    if (window) checkWindow(node, window, q);
    return q;
  },
  weightShapes({ attributes: { window, headDim } }, [q]): Readonly<Record<string, Shape>> {
    if (!window) return {};
    const [rows, columns] = window.size;
    return { bias: [(2 * rows - 1) * (2 * columns - 1), q[q.length - 1] / headDim] };
  },
  costParts({ attributes: { window }, weights: { bias } }, [q, k]) {
    const seen = window ? window.size[0] * window.size[1] : tokensOf(k);
    return [{ macs: 2 * tokensOf(q) * seen * q[q.length - 1], parameters: bias?.values.length ?? 0, axes: ['out'] }];
  },
  channels(node, { inputs, inputShapes, ties }) {
    const last = inputShapes[0].length - 1;
    if (inputs.some(({ axis }) => axis !== last)) {
      for (const { labels } of inputs) ties.freeze(labels, `"${node.id}" takes another axis for the channels`);
      return inputs[0];
    }
    const [q, k, v] = inputs;
    const { headDim } = node.attributes;
    const { queries, keys } = headsOf(node, inputShapes[0], inputShapes[1]);
    const shared = (headDim * queries) / keys;
    tieRuns(q.labels, shared, ties);
    for (const { labels } of [k, v]) {
      tieRuns(labels, headDim, ties);
      ties.tie(firstOfRuns(q.labels, shared), firstOfRuns(labels, headDim));
    }
    return q;
  },
  cut(node, kept) {
    const { headDim } = node.attributes;
    const { bias } = node.weights;
    const heads = kept.out?.filter((feature) => feature % headDim === 0).map((feature) => feature / headDim);
    return { ...node, weights: { ...(bias && { bias: sliceWeight(bias, 1, heads) }) } };
  },
};

function headsOf(node: Attention, q: Shape, k: Shape): { readonly queries: number; readonly keys: number } {
  const { headDim } = node.attributes;
  return { queries: headCount(node, headDim, q[q.length - 1]), keys: headCount(node, headDim, k[k.length - 1]) };
}

function firstOfRuns(labels: Int32Array, run: number): Int32Array {
  return labels.filter((_, f) => f % run === 0);
}

/** Everything before the features: tokens of a sequence, pixels of a picture. */
function tokensOf(shape: Shape): number {
  return shape.slice(0, -1).reduce((product, size) => product * size, 1);
}

function checkWindow(node: Attention, { size, shift }: NonNullable<Attention['attributes']['window']>, shape: Shape): void {
  const fits = shape.length === 3 && !node.attributes.causal && [0, 1].every((axis) =>
    Number.isInteger(size[axis]) && size[axis] >= 1 && shape[axis] % size[axis] === 0 &&
    Number.isInteger(shift[axis]) && shift[axis] >= 0 && shift[axis] < size[axis]);
  if (fits) return;
  throw new ShapeError(
    node.id, node.op,
    `windows of ${size.join(' × ')} shifted by ${shift.join(' and ')} do not fit [${shape.join(', ')}]: they must divide the rows ` +
      'and columns of a picture, shift by less than a window, and not be causal.',
  );
}

function unfit(node: Attention, ...shapes: readonly Shape[]): ShapeError {
  const listed = shapes.map((shape) => `[${shape.join(', ')}]`).join(', ');
  return new ShapeError(node.id, node.op, `queries, keys and values of ${listed} do not fit together.`);
}
