import { ShapeError } from '../networkErrors.ts';
import type { OpDefinition } from './opDefinition.ts';
import { weightless } from './weightless.ts';

/** Sum of two or more values of one shape, without broadcasting. Ties the channels of its inputs. */
export const add: OpDefinition<'add'> = {
  ...weightless,
  inputs: 'twoOrMore',
  outputShape(node, inputs) {
    const [first, ...rest] = inputs;
    for (const shape of rest) {
      if (shape.length !== first.length || shape.some((d, axis) => d !== first[axis])) {
        const shapes = inputs.map((s) => `[${s.join(', ')}]`).join(' and ');
        throw new ShapeError(node.id, node.op, `inputs must have one shape, found ${shapes}.`);
      }
    }
    return first;
  },
};
