import { ShapeError } from '../networkErrors.ts';
import type { Shape } from '../network.ts';
import type { ChannelContext, Channels, OpDefinition } from './opDefinition.ts';
import { weightless } from './weightless.ts';

/** The same values in row-major order under another shape. */
export const reshape: OpDefinition<'reshape'> = {
  ...weightless,
  outputShape(node, [shape]) {
    const wanted = node.attributes.shape;
    if (wanted.some((size) => !Number.isInteger(size) || size < 1) || count(wanted) !== count(shape)) {
      throw new ShapeError(node.id, node.op, `[${shape.join(', ')}] cannot become [${wanted.join(', ')}].`);
    }
    return wanted;
  },
  channels: reshapedChannels,
  cut: (node, kept) =>
    kept.out ? { ...node, attributes: { shape: node.attributes.shape.with(kept.axis, kept.out.length) } } : node,
};

/** `[h, w, c]` → `[h·w·c]`, row-major: feature `f` belongs to channel `f mod c`. */
export const flatten: OpDefinition<'flatten'> = {
  ...weightless,
  outputShape: (_node, [shape]) => [count(shape)],
  channels: reshapedChannels,
};

/** Values in one sample beyond which labels are not followed through a reshape that moves the channels. */
const MOST_VALUES = 2 ** 24;

/**
 * Where the channels lie after a reshape. Mostly along one axis; where an axis of channels is
 * split in two (a channel shuffle), the channels of one column are tied, so that what is cut
 * stays a whole row or column.
 */
function reshapedChannels(
  node: { readonly id: string },
  { inputs: [input], inputShapes: [from], output: to, ties }: ChannelContext,
): Channels {
  const after = count(from.slice(input.axis + 1));
  const moved = to.findIndex((size, axis) => size === from[input.axis] && count(to.slice(axis + 1)) === after);
  if (moved >= 0) return { axis: moved, labels: input.labels };
  if (count(from) > MOST_VALUES) {
    ties.freeze(input.labels, `"${node.id}" lays its channels out anew`);
    return { axis: to.length - 1, labels: new Int32Array(to[to.length - 1]).fill(input.labels[0]) };
  }
  const labelAt = (index: number): number => input.labels[Math.floor(index / after) % from[input.axis]];
  const axes = to.map((_, k) => to.length - 1 - k).filter((axis) => to[axis] > 1);
  for (const axis of axes) {
    const labels = labelsAlong(to, axis, labelAt);
    if (labels) return { axis, labels };
  }
  return tieAcross(to, axes[0] ?? to.length - 1, labelAt, ties);
}

/** The labels along `axis` where nothing else decides them; undefined where something does. */
function labelsAlong(shape: Shape, axis: number, labelAt: (index: number) => number): Int32Array | undefined {
  const labels = new Int32Array(shape[axis]).fill(-1);
  const after = count(shape.slice(axis + 1));
  for (let index = 0; index < count(shape); index++) {
    const at = Math.floor(index / after) % shape[axis];
    const label = labelAt(index);
    if (labels[at] === -1) labels[at] = label;
    else if (labels[at] !== label) return undefined;
  }
  return labels;
}

function tieAcross(shape: Shape, axis: number, labelAt: (index: number) => number, ties: ChannelContext['ties']): Channels {
  const after = count(shape.slice(axis + 1));
  const labels = new Int32Array(shape[axis]).fill(-1);
  const pairs = new Set<string>();
  for (let index = 0; index < count(shape); index++) {
    const at = Math.floor(index / after) % shape[axis];
    const label = labelAt(index);
    if (labels[at] === -1) labels[at] = label;
    else if (labels[at] !== label) pairs.add(`${labels[at]} ${label}`);
  }
  for (const pair of pairs) {
    const [a, b] = pair.split(' ').map(Number);
    ties.tie(Int32Array.of(a), Int32Array.of(b));
  }
  return { axis, labels };
}

function count(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}
