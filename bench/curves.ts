import { nestedCurves, type NestedOptions } from '../src/fidelity/monteCarloBand.ts';
import type { LayerStatistics } from '../src/fidelity/layerStatistics.ts';
import { permutation, seededRandom } from '../src/fidelity/random.ts';
import { measuresOf } from '../src/engine/calibrate.ts';
import { groupBand, groupScores } from '../src/pruning/groupFidelity.ts';
import { groupOrder, groupSets } from '../src/pruning/groupSelection.ts';
import { median, shippedSubject, table, timed } from './subject.ts';

const ROUNDS = 3;
const PERMUTATIONS = 200;
const IN_JAVASCRIPT: NestedOptions = { kernel: () => undefined };

/** What the curves over subsets cost: bands of random subsets, searches, and one very wide shape. */
export async function benchCurves(): Promise<void> {
  await resNet();
  await wide();
}

async function resNet(): Promise<void> {
  const { subject, data, correlator } = await shippedSubject('resnet20-cifar10');
  const { layers } = subject;
  const measures = await measuresOf(subject, data.source('train', data.calibrationIndices(256, 1)), correlator);
  const groups = groupScores(layers, measures).map(({ name }) => name);
  const seconds = async (work: () => void): Promise<number> => {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) times.push((await timed(async () => work())) / 1000);
    return median(times);
  };

  const random = seededRandom(1);
  const all = [...measures.statistics.values()].map((statistics) => ({
    statistics,
    orders: Array.from({ length: PERMUTATIONS }, () => permutation(statistics.n, random)),
  }));
  const work = all.reduce((sum, { statistics }) => sum + PERMUTATIONS * bandWork(statistics), 0);
  const nested = (options: NestedOptions) => seconds(() => all.forEach(({ statistics, orders }) => nestedCurves(statistics, orders, options)));
  const [kernel, javascript] = [await nested({}), await nested(IN_JAVASCRIPT)];
  console.log(`\nresnet20-cifar10: ${PERMUTATIONS} permutations for every group, every output of every layer, one core, median of ${ROUNDS}`);
  const row = (name: string, time: number) => [name, time.toFixed(2), (time / kernel).toFixed(2), (work / time / 1e9).toFixed(2)];
  table(['', 's', '× kernel', 'GFLOP/s'], [
    row('nested curves, SIMD kernel', kernel),
    row('nested curves, JavaScript', javascript),
    row(`bands of all ${groups.length} groups, as the page draws them`, await seconds(() => groups.forEach((group) => groupBand(group, layers, measures, PERMUTATIONS, 1)))),
  ]);

  console.log('\nresnet20-cifar10: subset searches, all groups');
  const rows: (string | number)[][] = [];
  for (const fit of ['scale', 'leastSquares'] as const) {
    for (const rule of ['greedy', 'backward'] as const) {
      rows.push([`${rule}, ${fit}`, (await seconds(() => groups.forEach((group) => groupOrder(group, layers, measures, { rule, fit })))).toFixed(2)]);
    }
    let optimal = 0;
    const time = await seconds(() => (optimal = groups.filter((group) => groupSets(group, layers, measures, fit).optimal).length));
    rows.push([`sets for every k, ${fit} (${optimal} of ${groups.length} groups to the optimum)`, time.toFixed(2)]);
  }
  table(['', 's'], rows);
}

/** The second matrix of OPT-125m's MLP. */
const WIDE = { n: 3072, m: 768, layers: 12 };
const MEASURED = 2;
const ASKED = 100;

async function wide(): Promise<void> {
  const statistics = syntheticLayer(WIDE.n, WIDE.m);
  const random = seededRandom(1);
  const orders = Array.from({ length: MEASURED }, () => permutation(WIDE.n, random));
  const seconds = async (options: NestedOptions) => (await timed(async () => nestedCurves(statistics, orders, options))) / 1000 / MEASURED;
  console.log(`\nthe shape of OPT-125m's MLP (n = ${WIDE.n}, p = 1, m = ${WIDE.m}), SYNTHETIC statistics: ${MEASURED} permutations measured, one core`);
  const [kernel, javascript] = [await seconds({}), await seconds(IN_JAVASCRIPT)];
  const row = (name: string, time: number) =>
    [name, time.toFixed(2), (time / kernel).toFixed(2), (bandWork(statistics) / time / 1e9).toFixed(2), (time * ASKED).toFixed(0), ((time * ASKED * WIDE.layers) / 60).toFixed(0)];
  table(['', 's each', '× kernel', 'GFLOP/s', `s for ${ASKED} a layer`, `min for ${WIDE.layers} layers`], [row('SIMD kernel', kernel), row('JavaScript', javascript)]);
}

/** Floating-point operations of one permutation: a factorisation, and the right-hand sides it serves. */
function bandWork({ n, p, m }: LayerStatistics): number {
  return p === 1 ? n ** 3 / 3 + m * n ** 2 : m * (n ** 3 / 3 + n ** 2);
}

/** Inputs that are independent but for one common part: `G = D + u uᵀ`. */
function syntheticLayer(n: number, m: number): LayerStatistics {
  const random = seededRandom(7);
  const common = Float64Array.from({ length: n }, () => random());
  const own = Float64Array.from({ length: n }, () => 0.2 + random());
  const weights = Float64Array.from({ length: m * n }, () => random() - 0.5);
  const gram = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) gram[i * n + j] = common[i] * common[j];
    gram[i * n + i] += own[i];
  }
  const cross = new Float64Array(m * n);
  const energy = new Float64Array(m);
  for (let c = 0; c < m; c++) {
    let shared = 0;
    for (let i = 0; i < n; i++) shared += weights[c * n + i] * common[i];
    for (let i = 0; i < n; i++) {
      cross[c * n + i] = weights[c * n + i] * own[i] + shared * common[i];
      energy[c] += weights[c * n + i] * cross[c * n + i];
    }
  }
  return { n, p: 1, m, gram, cross, energy, weights };
}
