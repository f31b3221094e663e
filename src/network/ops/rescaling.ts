import type { OpDefinition } from './opDefinition.ts';
import { weightless } from './weightless.ts';

/** `scale · x + offset`, both scalars. */
export const rescaling: OpDefinition<'rescaling'> = {
  ...weightless,
  outputShape: (_node, [shape]) => shape,
};
