import type { OpDefinition } from './opDefinition.ts';
import { weightless } from './weightless.ts';

/** Identity at inference. */
export const dropout: OpDefinition<'dropout'> = {
  ...weightless,
  outputShape: (_node, [shape]) => shape,
};
