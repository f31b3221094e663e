import type { Weight } from './network.ts';

/**
 * What to keep and what the kept consumers' weights become. Surgery applies it.
 *
 * `keep`: coupling group name → ascending kept channel indices of the intact network; a group
 * that is absent stays whole. `weights`: node id → replacement kernel (and bias) whose input axis
 * is already reduced to the kept components and whose output axis is still whole
 * (`[kh, kw, kept inputs, outputs]`, `[kept inputs, outputs]` for dense, of a grouped convolution the
 * kept inputs of one group); surgery cuts the output axis. A consumer that is absent keeps its own weights, sliced.
 *
 * `norms`: batch norm id → its statistics as measured on the pruned network, one value for each
 * channel of the intact one (those of channels that are cut are not read).
 */
export interface PrunePlan {
  readonly keep: Readonly<Record<string, readonly number[]>>;
  readonly weights: Readonly<Record<string, { readonly kernel: Weight; readonly bias?: Weight }>>;
  readonly norms?: Readonly<Record<string, { readonly mean: Weight; readonly variance: Weight }>>;
}
