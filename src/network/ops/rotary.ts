import { ShapeError } from '../networkErrors.ts';
import { sameLastAxis } from './channelRules.ts';
import type { OpDefinition } from './opDefinition.ts';
import { headCount, requireSequence, tieRuns } from './sequence.ts';
import { weightless } from './weightless.ts';

/** Rotary positions (Su et al. 2021, arXiv 2104.09864). Mixes the features of a head, so that they leave together. */
export const rotary: OpDefinition<'rotary'> = {
  ...weightless,
  outputShape(node, [shape]) {
    const [, features] = requireSequence(node.id, node.op, shape);
    const { headDim, frequencies } = node.attributes;
    headCount(node, headDim, features);
    if (2 * frequencies.length > headDim || !frequencies.every(Number.isFinite)) {
      throw new ShapeError(node.id, node.op, `${frequencies.length} frequencies (all finite) need heads of ${2 * frequencies.length} features or more, found ${headDim}.`);
    }
    return shape;
  },
  channels(node, context) {
    const channels = sameLastAxis(node, context);
    tieRuns(channels.labels, node.attributes.headDim, context.ties);
    return channels;
  },
};

/** `base^(−2i / dimensions)` for the pairs i of `dimensions` features: the frequencies as first published, with base 10,000. */
export function rotaryFrequencies(dimensions: number, base: number): number[] {
  return Array.from({ length: Math.floor(dimensions / 2) }, (_, i) => base ** ((-2 * i) / dimensions));
}
