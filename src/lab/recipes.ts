import type { Method } from './experiment.ts';

/** ModHiFi-P: the k greatest singletons, rescaled, layer after layer. */
export const PAPER_RECIPE: Method = { select: 'singleton', compensate: 'scale', order: 'sequential', allocate: 'uniform', renorm: false };

/** The most accurate that the lab knows without labels and gradients; `ours` in the terminal. */
export const OUR_RECIPE: Method = { select: 'greedy', compensate: 'leastSquaresRelu', order: 'sequential', allocate: 'theory', renorm: false };

/** Whole methods that are one click away. */
export const RECIPES: readonly { readonly name: string; readonly method: Method }[] = [
  { name: 'Paper’s recipe', method: PAPER_RECIPE },
  { name: 'Ours', method: OUR_RECIPE },
];
