import { multiplyTransposed } from '../../fidelity/denseProduct.ts';
import type { ConsumerNode } from '../../network/network.ts';
import type { Criterion } from './criterion.ts';
import { scoreEachGroup } from './groupScoreMap.ts';
import { eachKernelValue, outputCount } from './kernelValues.ts';
import { sumOverProducers } from './producers.ts';

/**
 * Filter Pruning via Geometric Median (He et al., CVPR 2019, arXiv 1811.00250, section 3.3): the
 * filters that the others could stand in for go first, those with the least `Σ_j ‖F_i − F_j‖₂` over
 * the filters of their layer. Filters are taken raw, without the norms behind them.
 *
 * Over several producers the sums are added, each divided by its layer's mean, so that a layer of
 * large weights does not outvote the others. In a grouped convolution a filter is compared with those
 * of its own part alone: the others read other channels.
 */
export const fpgm: Criterion = ({ network, coupled }) =>
  scoreEachGroup(coupled.groups, (group) =>
    sumOverProducers(network, coupled, group, (producer) => overMean(summedDistances(producer))));

/** Multiply-adds that one layer's distances may take. */
const MOST_WORK = 2e10;

/**
 * `Σ_j ‖F_i − F_j‖₂` over the filters of the same part, for each output feature, with
 * `‖F_i − F_j‖² = ‖F_i‖² + ‖F_j‖² − 2 F_i·F_j`. O(m² f) for m filters of f weights; where that is
 * beyond 2 · 10¹⁰ (dense layers of thousands of inputs and outputs), distances are those over evenly
 * spaced weights of every filter.
 */
export function summedDistances(producer: ConsumerNode): Float64Array {
  const outputs = outputCount(producer);
  const width = outputs / (producer.op === 'conv2d' ? producer.attributes.groups : 1);
  const whole = producer.weights.kernel.values.length / outputs;
  const stride = Math.ceil((outputs * width * whole) / MOST_WORK);
  const length = Math.ceil(whole / stride);
  const filters = filterRows(producer, outputs, length, stride);
  const sums = new Float64Array(outputs);
  for (let first = 0; first < outputs; first += width) {
    const part = filters.subarray(first * length, (first + width) * length);
    const products = multiplyTransposed(part, width, part, width, length);
    for (let i = 0; i < width; i++) {
      for (let j = 0; j < i; j++) {
        const square = products[i * width + i] + products[j * width + j] - 2 * products[i * width + j];
        // below zero only by rounding, between filters that are alike
        const distance = Math.sqrt(Math.max(0, square));
        sums[first + i] += distance;
        sums[first + j] += distance;
      }
    }
  }
  return sums;
}

/** One row for each output: every `stride`-th of its weights, in the order in which the kernel holds them. */
function filterRows(producer: ConsumerNode, outputs: number, length: number, stride: number): Float64Array {
  const rows = new Float64Array(outputs * length);
  const seen = new Int32Array(outputs);
  eachKernelValue(producer, (weight, _, output) => {
    const at = seen[output]++;
    if (at % stride === 0) rows[output * length + at / stride] = weight;
  });
  return rows;
}

function overMean(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return mean > 0 ? values.map((value) => value / mean) : values;
}
