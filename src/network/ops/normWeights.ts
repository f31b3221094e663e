import { ShapeError } from '../networkErrors.ts';
import type { NodeOf, Shape } from '../network.ts';
import { sliceWeight } from '../sliceWeight.ts';
import { frozenChannels, sameLastAxis } from './channelRules.ts';
import type { ChannelContext, Channels, CostPart, KeptFeatures } from './opDefinition.ts';

type Norm = NodeOf<'layerNorm'> | NodeOf<'groupNorm'>;

/** What the norms that measure their own statistics share: gamma and beta, `[channels]` each. */
export function normWeightShapes(_node: Norm, [shape]: readonly Shape[]): Readonly<Record<string, Shape>> {
  const channels = [shape[shape.length - 1]];
  return { gamma: channels, beta: channels };
}

export function normCostParts({ weights }: Norm, _inputs: readonly Shape[], output: Shape): readonly CostPart[] {
  const trainable = Number(Boolean(weights.gamma)) + Number(Boolean(weights.beta));
  return [{ macs: 0, parameters: trainable * output[output.length - 1], axes: ['out'] }];
}

export function cutNormWeights({ weights: { gamma, beta } }: Norm, kept: KeptFeatures): Norm['weights'] {
  return {
    ...(gamma && { gamma: sliceWeight(gamma, 0, kept.out) }),
    ...(beta && { beta: sliceWeight(beta, 0, kept.out) }),
  };
}

/** Channels may leave a norm whose means are over a fixed number of them; any other needs them all. */
export function normChannels(node: NodeOf<'layerNorm'> | NodeOf<'rmsNorm'>, context: ChannelContext): Channels {
  if (node.attributes.over !== undefined) return sameLastAxis(node, context);
  return frozenChannels(context, `"${node.id}" normalises over all of its channels`);
}

/** @throws ShapeError unless the means are over as many channels as there are, or more */
export function checkOver({ id, op, attributes: { over } }: NodeOf<'layerNorm'> | NodeOf<'rmsNorm'>, shape: Shape): void {
  const channels = shape[shape.length - 1];
  if (over === undefined || (Number.isInteger(over) && over >= channels)) return;
  throw new ShapeError(id, op, `its means are over ${over} channels, which must be whole and at least the ${channels} that it has.`);
}

/** @throws ShapeError unless epsilon is a number that a norm can have */
export function checkEpsilon(node: Norm | NodeOf<'rmsNorm'>): void {
  const { epsilon } = node.attributes;
  if (!(epsilon >= 0 && Number.isFinite(epsilon))) {
    throw new ShapeError(node.id, node.op, `epsilon must be finite and not negative, found ${epsilon}.`);
  }
}
