import { checkIndices, checkInteger } from '../argumentErrors.ts';
import { factorInPlace } from '../blockedCholesky.ts';
import type { FitOptions } from '../compensationMethod.ts';
import { dot } from '../denseProduct.ts';
import { type Fit, type InverseRegression, inverseRegressions, type Reader } from './blockRegression.ts';
import { RemovalStack } from './removalStack.ts';

export interface ExactOptions extends FitOptions {
  /** Orders whose first k are sets to start from: the better they are, the less is searched. */
  readonly seeds?: readonly (readonly number[])[];
  /** Sets that the search of one size may look at. Default: as many as take about 1.5 · 10¹⁰ multiply-adds for all sizes together. */
  readonly nodes?: number;
}

export interface ExactSets {
  /** The best set of each size, ascending; `sets[k − 1]` has k components. */
  readonly sets: readonly (readonly number[])[];
  /** Whether the search of every size ended. If not, the sets of the others are the best that was met. */
  readonly optimal: boolean;
  /** Sets that were looked at. */
  readonly nodes: number;
}

/** Beyond this many components nothing is searched. */
export const MOST_EXACT = 24;
/** Multiply-adds of a search whose node count is not limited otherwise. */
const DEFAULT_WORK = 1.5e10;
/** Bytes of the inverses that a search may hold. */
const MOST_BYTES = 2 ** 28;
/** Sets whose fidelities are nearer than this count as equally good. */
const TOLERANCE = 1e-12;

/**
 * For every k the set of k components with the greatest sum of the readers' fidelities (the k-MFS
 * of ModHiFi, NP-hard), by branch and bound.
 *
 * A node has components that are in for good, and undecided ones. Fidelity never falls when a
 * component joins, so no set below the node is better than chosen and undecided together, less the
 * greatest cost of removing a single one of those that must still go: what removals cost is read off
 * the inverse of the normal matrix, as in `backwardOrder`. (What the ridge charges for the undecided
 * is added to the bound, so that it stays one.) Components whose removal alone is too dear are in at
 * once; of the others, the dearest is decided first.
 *
 * @param components how many candidates there are, at most 24; with more, or where the inverses do
 * not fit into 256 MiB, nothing is searched, and the sets are the best of the seeds
 * @throws ShapeMismatchError, ArgumentRangeError, ComponentIndexError
 */
export function exactSets(readers: readonly Reader[], components: number, fit: Fit, options: ExactOptions = {}): ExactSets {
  const search = exactSearch(readers, components, fit, options);
  let step = search.next();
  while (step.done !== true) step = search.next();
  return step.value;
}

/** `exactSets`, yielding after each size, so that a worker can attend to other things in between. */
export function* exactSearch(readers: readonly Reader[], components: number, fit: Fit, options: ExactOptions = {}): Generator<undefined, ExactSets> {
  checkInteger('exactSets: components', components, 1, 0x7fffffff);
  const { seeds = [] } = options;
  for (const seed of seeds) checkIndices('exactSets: seeds', seed, components);
  const problems = inverseRegressions(readers, fit, options);
  const search = new Search(problems, components);
  const started = seeds.length > 0 ? seeds : [Array.from({ length: components }, (_, i) => i)];
  for (const seed of started) for (let k = 1; k <= Math.min(components, seed.length); k++) search.offer(seed.slice(0, k));
  if (components > MOST_EXACT || RemovalStack.bytes(problems, components) > MOST_BYTES) return { sets: search.sets, optimal: components === 1, nodes: 0 };
  const limit = options.nodes ?? Math.max(100, Math.floor(DEFAULT_WORK / components / RemovalStack.work(problems, components)));
  let optimal = true;
  let nodes = 0;
  // The best set of a size, less one component, is a good start for the next smaller size.
  for (let k = components - 1; k >= 1; k--) {
    for (const left of search.sets[k]) search.offer(search.sets[k].filter((i) => i !== left));
    const ended = search.run(k, limit);
    optimal &&= ended;
    nodes += search.nodes;
    yield;
  }
  return { sets: search.sets, optimal, nodes };
}

class Search {
  readonly #problems: readonly InverseRegression[];
  readonly #components: number;
  readonly #charge: Float64Array;
  readonly #whole: number;
  readonly #value: Float64Array;
  #stack: RemovalStack | undefined;
  #limit = 0;
  readonly sets: number[][];
  nodes = 0;

  constructor(problems: readonly InverseRegression[], components: number) {
    this.#problems = problems;
    this.#components = components;
    this.#charge = new Float64Array(components);
    let whole = 0;
    for (const { weight, charge, explained } of problems) {
      for (let i = 0; i < components; i++) this.#charge[i] += weight * charge[i];
      whole += weight * (explained - charge.reduce((sum, amount) => sum + amount, 0));
    }
    this.#whole = whole;
    this.sets = Array.from({ length: components }, (_, k) => Array.from({ length: k + 1 }, (__, i) => i));
    this.#value = new Float64Array(components).fill(Number.NEGATIVE_INFINITY);
  }

  /** Takes the set if it is the best of its size. */
  offer(set: readonly number[]): void {
    const value = this.#valueOf(set);
    if (value > this.#value[set.length - 1]) {
      this.#value[set.length - 1] = value;
      this.sets[set.length - 1] = [...set].sort((a, b) => a - b);
    }
  }

  /** Searches the sets of size k; false where the limit ended it. */
  run(k: number, limit: number): boolean {
    this.#stack ??= new RemovalStack(this.#problems, this.#components);
    this.#limit = limit;
    this.nodes = 0;
    const slack = this.#charge.reduce((sum, amount) => sum + amount, 0);
    return this.#branch(k, 0, [], Array.from({ length: this.#components }, (_, i) => i), this.#whole, slack);
  }

  /**
   * @param fixed in for good
   * @param open undecided
   * @param value of both together
   * @param slack what the ridge charges for the undecided
   */
  #branch(k: number, level: number, fixed: readonly number[], open: readonly number[], value: number, slack: number): boolean {
    const stack = this.#stack;
    if (!stack) return false;
    if (++this.nodes > this.#limit) return false;
    const removals = fixed.length + open.length - k;
    const costs = stack.costs(level, open);
    const dearestFirst = open.map((_, at) => at).sort((a, b) => costs[b] - costs[a]);
    const isHopeless = (cost: number): boolean => value + slack - cost <= this.#value[k - 1] + TOLERANCE;
    if (isHopeless(costs[dearestFirst[open.length - removals]])) return true;
    const order = dearestFirst.map((at) => open[at]);
    const sorted = dearestFirst.map((at) => costs[at]);
    if (removals === 1) {
      this.offer([...fixed, ...order.slice(0, -1)]);
      // The cheapest to remove, but for what the ridge charges: that can turn the order around.
      for (let at = 0; at < order.length - 1; at++) if (!isHopeless(sorted[at])) this.offer([...fixed, ...order.filter((_, other) => other !== at)]);
      return true;
    }
    for (let at = 0; fixed.length + at < k; at++) {
      // Dearest first: what comes before `at` stays in from here on.
      if (isHopeless(sorted[at])) continue;
      const rest = order.slice(at + 1);
      stack.remove(level, order[at], rest);
      const charge = this.#charge[order[at]];
      if (!this.#branch(k, level + 1, [...fixed, ...order.slice(0, at)], rest, value - sorted[at] + charge, slack - charge)) return false;
    }
    const last = k - fixed.length;
    if (!isHopeless(sorted[last])) this.offer([...fixed, ...order.slice(0, last)]);
    return true;
  }

  /** The sum of weighted fidelities of a set, from the normal equations themselves. */
  #valueOf(set: readonly number[]): number {
    let total = 0;
    for (const { of, weight } of this.#problems) {
      const { starts, matrix, targets, rows, charge } = of;
      const size = starts[starts.length - 1];
      const blocks = [...set];
      for (let other = this.#components; other < starts.length - 1; other++) blocks.push(other);
      const features: number[] = [];
      for (const block of blocks) for (let q = starts[block]; q < starts[block + 1]; q++) features.push(q);
      const count = features.length;
      const system = new Float64Array(count * count);
      for (let a = 0; a < count; a++) for (let b = 0; b <= a; b++) system[a * count + b] = matrix[features[a] * size + features[b]];
      if (factorInPlace(system, count) >= 0) return Number.NEGATIVE_INFINITY;
      let explained = 0;
      const y = new Float64Array(count);
      for (let r = 0; r < rows; r++) {
        for (let a = 0; a < count; a++) {
          y[a] = (targets[features[a] * rows + r] - dot(system, a * count, y, 0, a)) / system[a * count + a];
          explained += y[a] * y[a];
        }
      }
      for (const block of blocks) explained -= charge[block];
      total += weight * explained;
    }
    return total;
  }
}
