import { ShapeError } from '../networkErrors.ts';
import { sliceWeight } from '../sliceWeight.ts';
import { sameLastAxis } from './channelRules.ts';
import type { OpDefinition } from './opDefinition.ts';

/** `gamma · (x − mean) / √(variance + epsilon) + beta` along the last axis, by stored statistics. */
export const batchNorm: OpDefinition<'batchNorm'> = {
  inputs: 'one',
  outputShape(node, [shape]) {
    const { epsilon } = node.attributes;
    if (!(epsilon >= 0 && Number.isFinite(epsilon))) {
      throw new ShapeError(node.id, node.op, `epsilon must be finite and not negative, found ${epsilon}.`);
    }
    return shape;
  },
  weightShapes(_node, [shape]) {
    const channels = [shape[shape.length - 1]];
    return { gamma: channels, beta: channels, mean: channels, variance: channels };
  },
  costParts(node, _inputs, output) {
    const trainable = Number(Boolean(node.weights.gamma)) + Number(Boolean(node.weights.beta));
    return [{ macs: 0, parameters: trainable * output[output.length - 1], axes: ['out'] }];
  },
  channels: sameLastAxis,
  cut(node, kept) {
    const { gamma, beta, mean, variance } = node.weights;
    return {
      ...node,
      weights: {
        ...(gamma && { gamma: sliceWeight(gamma, 0, kept.out) }),
        ...(beta && { beta: sliceWeight(beta, 0, kept.out) }),
        mean: sliceWeight(mean, 0, kept.out),
        variance: sliceWeight(variance, 0, kept.out),
      },
    };
  },
};
