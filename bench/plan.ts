import { costModel } from '../src/network/costModel.ts';
import { keepSets } from '../src/pruning/keepSets.ts';
import { oneShotPlan } from '../src/pruning/oneShotPlan.ts';
import { DEFAULT_REQUEST } from '../src/pruning/pruneRequest.ts';
import { rankingsFor } from '../src/pruning/rankings.ts';
import { measuresOf } from '../src/engine/calibrate.ts';
import { shippedSubject, table, timed } from './subject.ts';

/** What one move of the budget costs: channel choice (main thread) and refit (fidelity worker). */
export async function benchPlan(): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const id of ['resnet20-cifar10', 'vgg-cifar10', 'mobilenetv2-cifar10']) {
    const { subject, data, correlator } = await shippedSubject(id);
    const { network, coupled, layers } = subject;
    const measures = await measuresOf(subject, data.source('train', data.calibrationIndices(128, 1)), correlator);
    const rankings = rankingsFor(DEFAULT_REQUEST, network, coupled, layers, measures);
    const costs = costModel(network, coupled);
    const moves = 1000;
    const choose = await timed(async () => {
      for (let move = 0; move < moves; move++) keepSets({ kind: 'macs', value: 0.2 + (0.7 * move) / moves }, rankings, costs);
    });
    const keep = keepSets({ kind: 'macs', value: 0.5 }, rankings, costs);
    const refit = async (method: 'scale' | 'leastSquares') => (await timed(async () => oneShotPlan(layers, measures.statistics, keep, method))).toFixed(0);
    rows.push([id, (choose / moves).toFixed(3), await refit('scale'), await refit('leastSquares')]);
  }
  table(['', 'choose channels, ms', 'refit all by scale, ms', 'refit all by least squares, ms'], rows);
}
