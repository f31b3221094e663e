import { choleskyWithRidge } from '../../fidelity/cholesky.ts';
import { invertFactored } from '../../fidelity/inverse.ts';
import { SchurComplement } from '../../fidelity/selection/schurComplement.ts';
import type { GroupConsumer } from '../groupConsumers.ts';
import type { Removal } from './removal.ts';

/** One layer's least squares, its unknowns ordered by channel: first all of channel 0, then of channel 1, … */
export interface BlockSystem {
  /** The unknowns' Gram; row-major size × size, symmetric. */
  readonly gram: Float64Array;
  readonly size: number;
  /** The present weights, one row of `rows` for each unknown. */
  readonly weights: Float64Array;
  readonly rows: number;
  /** Unknowns of each channel; what they leave of `size` stays in any case. */
  readonly widths: readonly number[];
  /** What this layer's costs are multiplied by. */
  readonly share: number;
}

/**
 * Takes out the channels one by one as Optimal Brain Surgeon does (Hassibi and Stork, NIPS 1992),
 * whole blocks I of unknowns at a time: each step the channel of least
 * `Σ_layers share · Σ_rows w_I ((H⁻¹)_II)⁻¹ w_Iᵀ`, whose part the other unknowns take over,
 * `w −= w_I ((H⁻¹)_II)⁻¹ (H⁻¹)_I`. `H = Gram + λI`, λ starting at 1e-6 of the mean diagonal and raised
 * until it factors. Ties go to the higher index.
 *
 * @returns all channels in the order of removal; none where there is no layer, or none that any λ
 * makes factor (NaN in the statistics). O(size³ · 2/3 + rows · size²) for each layer
 */
export function removeBlocks(
  consumers: readonly GroupConsumer[],
  systemOf: (consumer: GroupConsumer) => BlockSystem,
  channels: number,
): Removal[] {
  const layers = consumers.flatMap((consumer) => complementOf(systemOf(consumer)));
  if (layers.length === 0) return [];
  const removals: Removal[] = [];
  const left = new Set(Array.from({ length: channels }, (_, i) => i));
  const costs = new Float64Array(channels);
  while (left.size > 0) {
    costs.fill(0);
    for (const layer of layers) layer.addGains(costs);
    let least = -1;
    for (const channel of left) if (least < 0 || costs[channel] <= costs[least]) least = channel;
    for (const layer of layers) layer.eliminate(least);
    left.delete(least);
    removals.push({ channel: least, cost: costs[least] });
  }
  return removals;
}

/** Removal in a layer is elimination from its inverse, with the weights as right-hand sides. */
function complementOf({ gram, size, weights, rows, widths, share }: BlockSystem): SchurComplement[] {
  const factored = choleskyWithRidge(gram, size);
  if (!factored.ok) return [];
  const starts = new Int32Array(widths.length + 2);
  widths.forEach((width, channel) => (starts[channel + 1] = starts[channel] + width));
  starts[widths.length + 1] = size;
  const problem = {
    starts, rows, matrix: invertFactored(factored.factor, size), targets: weights,
    charge: new Float64Array(widths.length + 1), weight: share,
  };
  return [new SchurComplement(problem, widths.length)];
}
