import { sameChannels } from './channelRules.ts';
import type { Shape } from '../network.ts';
import type { CostPart } from './opDefinition.ts';

/** The defaults of an op of one input that has no weights and treats every channel alike. */
export const weightless = {
  inputs: 'one' as const,
  weightShapes: (): Readonly<Record<string, Shape>> => ({}),
  costParts: (): readonly CostPart[] => [],
  channels: sameChannels,
  cut: <N>(node: N): N => node,
};
