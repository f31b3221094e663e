import { ShapeError } from '../networkErrors.ts';
import type { OpDefinition } from './opDefinition.ts';
import { weightless } from './weightless.ts';

/** A run of indices along one axis; a split is one slice for each of its parts. */
export const slice: OpDefinition<'slice'> = {
  ...weightless,
  outputShape(node, [shape]) {
    const { axis, start, size } = node.attributes;
    const whole = [axis, start, size].every(Number.isInteger);
    if (!whole || axis < 0 || axis >= shape.length || start < 0 || size < 1 || start + size > shape[axis]) {
      throw new ShapeError(
        node.id, node.op,
        `indices from ${start} to ${start + size} along axis ${axis} do not lie in [${shape.join(', ')}].`,
      );
    }
    return shape.with(axis, size);
  },
  channels(node, { inputs: [{ axis, labels }] }) {
    const { axis: along, start, size } = node.attributes;
    return { axis, labels: along === axis ? labels.slice(start, start + size) : labels };
  },
  cut(node, kept) {
    const { axis, start, size } = node.attributes;
    if (axis !== kept.axis || !kept.in) return node;
    const before = kept.in.filter((index) => index < start).length;
    const within = kept.in.filter((index) => index >= start && index < start + size).length;
    return { ...node, attributes: { axis, start: before, size: within } };
  },
};
