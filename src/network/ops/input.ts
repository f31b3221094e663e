import { ShapeError } from '../networkErrors.ts';
import type { OpDefinition } from './opDefinition.ts';
import { weightless } from './weightless.ts';

/** The network's input. Its channels are the data's, so they are never cut. */
export const input: OpDefinition<'input'> = {
  ...weightless,
  inputs: 'none',
  outputShape(node) {
    const { shape } = node.attributes;
    if ((shape.length !== 1 && shape.length !== 3) || shape.some((d) => !Number.isInteger(d) || d < 1)) {
      throw new ShapeError(
        node.id, node.op,
        `the input must be [features] or [height, width, channels] of fixed size, found [${shape.join(', ')}].`,
      );
    }
    return shape;
  },
  channels(_node, { output, ties }) {
    const labels = ties.open(output[output.length - 1]);
    ties.freeze(labels, "it holds the network's input channels");
    return { axis: output.length - 1, labels };
  },
};
