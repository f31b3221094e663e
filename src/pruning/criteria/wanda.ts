import type { LayerStatistics } from '../../fidelity/layerStatistics.ts';
import { groupConsumers, type GroupConsumer } from '../groupConsumers.ts';
import type { Criterion } from './criterion.ts';
import { scoreByScores } from './groupScoreMap.ts';

/**
 * Wanda (Sun, Liu, Bair and Kolter, A Simple and Effective Pruning Approach for Large Language Models, ICLR 2024,
 * arXiv 2306.11695) for whole channels. The paper gives every weight the score `|w_cj| · ‖x_j‖₂`, x_j the values
 * of input j over all tokens of the calibration set; a channel's score is their sum over the weights that read it:
 * all outputs, and all p inputs of an attention head or of a kernel. `‖x_j‖₂²` is the Gram's diagonal (a mean
 * over samples, which is one factor for the whole layer).
 *
 * Over several consumers the sums are added, each divided by its layer's mean, so that a layer of large values does
 * not outvote the others. The paper compares the weights of one output with one another; a channel leaves all outputs.
 */
export const wanda: Criterion = (input) =>
  scoreByScores(input, ({ name, channels }) => {
    const consumers = groupConsumers(name, input.layers, input.measures);
    if (consumers.length === 0) return undefined;
    const sum = new Float64Array(channels);
    for (const consumer of consumers) addScores(sum, consumer);
    return sum;
  });

/** `Σ_{q of i} ‖x_q‖₂ Σ_c |w_cq|` for each input component i. O(m np) */
export function wandaScores({ n, p, m, gram, weights }: LayerStatistics): Float64Array {
  const size = n * p;
  const sums = new Float64Array(size);
  for (let c = 0; c < m; c++) for (let q = 0; q < size; q++) sums[q] += Math.abs(weights[c * size + q]);
  const scores = new Float64Array(n);
  for (let q = 0; q < size; q++) scores[Math.floor(q / p)] += sums[q] * Math.sqrt(Math.max(0, gram[q * size + q]));
  return scores;
}

function addScores(sum: Float64Array, { statistics, inputsOf }: GroupConsumer): void {
  const scores = wandaScores(statistics);
  const mean = scores.reduce((total, score) => total + score, 0) / scores.length || 1;
  inputsOf.forEach((inputs, channel) => {
    for (const i of inputs) sum[channel] += scores[i] / mean;
  });
}
