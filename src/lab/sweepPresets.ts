import { type Allocation, type Compensation, type Order } from '../pruning/pruneRequest.ts';
import { BASELINE_SELECTIONS, type Selection } from '../pruning/selections.ts';
import type { Method } from './experiment.ts';
import { methodKey } from './method.ts';
import { OUR_RECIPE, PAPER_RECIPE, RECIPES } from './recipes.ts';

/** Shares of the MACs that a sweep is offered with. */
export const SWEEP_TARGETS: readonly number[] = [0.9, 0.75, 0.6, 0.476, 0.35, 0.25];

const BASELINE: Omit<Method, 'select'> = { compensate: 'none', order: 'sequential', allocate: 'uniform', renorm: false };

export const SWEEP_PRESETS: readonly { readonly name: string; readonly methods: readonly Method[] }[] = [
  ...RECIPES.map(({ name, method }) => ({ name, methods: [method] })),
  { name: 'Both orders', methods: [PAPER_RECIPE, OUR_RECIPE].flatMap((method) => [method, { ...method, order: 'oneShot' as const }]) },
  { name: 'Every baseline', methods: BASELINE_SELECTIONS.map((select) => ({ ...BASELINE, select })) },
  { name: 'Every baseline, norms re-estimated', methods: BASELINE_SELECTIONS.map((select) => ({ ...BASELINE, select, renorm: true })) },
];

/** What a sweep begins with: ours, the paper's with and without compensation, and what needs no pictures. */
export const SWEEP_METHODS: readonly Method[] = [
  OUR_RECIPE,
  { ...PAPER_RECIPE, compensate: 'leastSquares' },
  PAPER_RECIPE,
  { ...BASELINE, select: 'singleton' },
  ...(['l1', 'l2', 'random'] as const).map((select): Method => ({ ...BASELINE, select })),
];

/** What was ticked of each part of a method. */
export interface MethodParts {
  readonly select: readonly Selection[];
  readonly compensate: readonly Compensation[];
  readonly order: readonly Order[];
  readonly allocate: readonly Allocation[];
  readonly renorm: readonly boolean[];
}

/** All combinations, each once. */
export function combinations({ select, compensate, order, allocate, renorm }: MethodParts): readonly Method[] {
  return distinctMethods(
    select.flatMap((rule) => compensate.flatMap((fit) => order.flatMap((inOrder) => allocate.flatMap((share) => renorm.map((again): Method => ({ select: rule, compensate: fit, order: inOrder, allocate: share, renorm: again })))))),
  );
}

/** The first of each that come to the same. */
export function distinctMethods(methods: readonly Method[]): readonly Method[] {
  const first = new Map<string, Method>();
  for (const method of methods) if (!first.has(methodKey(method))) first.set(methodKey(method), method);
  return [...first.values()];
}

/** Shares from text such as "90, 47.6 25 %": ascending in what is cut, each once; undefined where some of it is no percentage. */
export function parseTargets(text: string): readonly number[] | undefined {
  const parts = text.split(/[\s,;%]+/).filter((part) => part !== '');
  const values = parts.map((part) => (/^\d{1,3}(\.\d{1,2})?$/.test(part) ? Number(part) / 100 : Number.NaN));
  if (values.length === 0 || values.some((value) => !(value >= 0.01 && value <= 1))) return undefined;
  return [...new Set(values.map((value) => Number(value.toFixed(4))))].sort((a, b) => b - a);
}

export function targetsText(targets: readonly number[]): string {
  return targets.map((value) => Number((100 * value).toFixed(2))).join(', ');
}

