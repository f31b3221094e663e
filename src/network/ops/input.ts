import { ShapeError } from '../networkErrors.ts';
import type { OpDefinition } from './opDefinition.ts';
import { weightless } from './weightless.ts';

/** The network's input: pictures, vectors or token ids. Its channels are the data's, so they are never cut. */
export const input: OpDefinition<'input'> = {
  ...weightless,
  inputs: 'none',
  outputShape(node) {
    const { shape, vocabulary } = node.attributes;
    if ((shape.length !== 1 && shape.length !== 3) || shape.some((d) => !Number.isInteger(d) || d < 1)) {
      throw new ShapeError(
        node.id, node.op,
        `the input must be [features], [tokens] or [height, width, channels] of fixed size, found [${shape.join(', ')}].`,
      );
    }
    if (vocabulary !== undefined && (shape.length !== 1 || !Number.isInteger(vocabulary) || vocabulary < 1)) {
      throw new ShapeError(
        node.id, node.op,
        `token ids must be [tokens] with a whole, positive vocabulary, found [${shape.join(', ')}] and ${vocabulary}.`,
      );
    }
    return shape;
  },
  channels(node, { output, ties }) {
    const labels = ties.open(output[output.length - 1]);
    const tokens = node.attributes.vocabulary !== undefined;
    ties.freeze(labels, `it holds the network's input ${tokens ? 'tokens' : 'channels'}`);
    return { axis: output.length - 1, labels };
  },
};
