import { ShapeError } from '../networkErrors.ts';
import type { OpDefinition } from './opDefinition.ts';
import { weightless } from './weightless.ts';

/** Joins values along one axis. Along the channels, each keeps its own; along another, they are tied. */
export const concat: OpDefinition<'concat'> = {
  ...weightless,
  inputs: 'twoOrMore',
  outputShape(node, shapes) {
    const { axis } = node.attributes;
    const [first] = shapes;
    const fits = Number.isInteger(axis) && axis >= 0 && axis < first.length &&
      shapes.every((shape) => shape.length === first.length && shape.every((size, k) => k === axis || size === first[k]));
    if (!fits) {
      const listed = shapes.map((s) => `[${s.join(', ')}]`).join(' and ');
      throw new ShapeError(node.id, node.op, `inputs of ${listed} cannot be joined along axis ${axis}.`);
    }
    return first.with(axis, shapes.reduce((sum, shape) => sum + shape[axis], 0));
  },
  channels(node, { inputs, ties }) {
    const [first, ...rest] = inputs;
    if (rest.some(({ axis }) => axis !== first.axis)) {
      for (const { labels } of inputs) ties.freeze(labels, `"${node.id}" joins features that are laid out differently`);
      const labels = node.attributes.axis === first.axis ? join(inputs.map((input) => input.labels)) : first.labels;
      return { axis: first.axis, labels };
    }
    if (node.attributes.axis === first.axis) return { axis: first.axis, labels: join(inputs.map(({ labels }) => labels)) };
    for (const { labels } of rest) ties.tie(first.labels, labels);
    return first;
  },
};

function join(parts: readonly Int32Array[]): Int32Array {
  return Int32Array.from(parts.flatMap((part) => [...part]));
}
