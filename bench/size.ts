import { compensate } from '../src/fidelity/compensation.ts';
import { fidelityCurve } from '../src/fidelity/fidelityCurve.ts';
import { intactStatistics } from '../src/fidelity/layerStatistics.ts';
import { seededRandom } from '../src/fidelity/random.ts';
import { singletonOrder } from '../src/fidelity/selection/singletonOrder.ts';
import { table, timed } from './subject.ts';

/** How scoring and compensation grow with a layer's width; random statistics, for speed only. */
export async function benchSize(): Promise<void> {
  console.log('one 3 × 3 layer of n inputs and n outputs, random statistics (for speed only), ms');
  const rows: (string | number)[][] = [];
  for (const n of [16, 32, 64, 128, 192]) {
    const p = 9;
    const random = seededRandom(n);
    const width = n * p;
    const factors = Float64Array.from({ length: width * 8 }, () => random() - 0.5);
    const gram = new Float64Array(width * width);
    for (let r = 0; r < width; r++) {
      for (let c = 0; c <= r; c++) {
        let sum = r === c ? 1 : 0;
        for (let k = 0; k < 8; k++) sum += factors[r * 8 + k] * factors[c * 8 + k];
        gram[r * width + c] = gram[c * width + r] = sum;
      }
    }
    const layer = intactStatistics({ n, p, m: n, gram, weights: Float64Array.from({ length: n * width }, () => random() - 0.5) });
    let order: number[] = [];
    const score = await timed(async () => (order = singletonOrder(layer)));
    const curve = await timed(async () => fidelityCurve(layer, order, 'scale'));
    const half = order.slice(0, n / 2).sort((a, b) => a - b);
    const scale = await timed(async () => compensate(layer, half, 'scale'));
    const leastSquares = await timed(async () => compensate(layer, half, 'leastSquares'));
    rows.push([n, score.toFixed(1), curve.toFixed(1), scale.toFixed(1), leastSquares.toFixed(1)]);
  }
  table(['n', 'scores', 'whole curve', 'scale, half kept', 'least squares, half kept'], rows);
}
