import { ShapeError } from '../networkErrors.ts';
import type { OpDefinition } from './opDefinition.ts';
import { weightless } from './weightless.ts';

/** Axes in another order. */
export const permute: OpDefinition<'permute'> = {
  ...weightless,
  outputShape(node, [shape]) {
    const { order } = node.attributes;
    if (order.length !== shape.length || order.toSorted((a, b) => a - b).some((axis, k) => axis !== k)) {
      throw new ShapeError(node.id, node.op, `[${order.join(', ')}] is not an order of the axes of [${shape.join(', ')}].`);
    }
    return order.map((axis) => shape[axis]);
  },
  channels: (node, { inputs: [{ axis, labels }] }) => ({ axis: node.attributes.order.indexOf(axis), labels }),
};
