import type { OpDefinition } from './opDefinition.ts';
import { weightless } from './weightless.ts';

/** `[h, w, c]` → `[h·w·c]`, row-major: feature `f` belongs to channel `f mod c`. */
export const flatten: OpDefinition<'flatten'> = {
  ...weightless,
  outputShape: (_node, [shape]) => [shape.reduce((product, d) => product * d, 1)],
};
