import { calibrate } from '../src/engine/calibrate.ts';
import { eachBatch } from '../src/engine/batches.ts';
import type { ImageSource } from '../src/engine/imageSource.ts';
import { JobClock } from '../src/engine/job.ts';
import { compensate } from '../src/fidelity/compensation.ts';
import { seededRandom } from '../src/fidelity/random.ts';
import { singletonScores } from '../src/fidelity/singletonFidelity.ts';
import { startNodeEngine } from '../src/headless/nodeEngine.ts';
import { opt125m } from '../src/network/fixtures/architectures/decoders.ts';
import { subjectOf } from '../src/pruning/subject.ts';
import { StatisticsStore } from '../src/pruning/statisticsStore.ts';
import { table, timed } from './subject.ts';

const TOKENS = 512;
const SEQUENCES = 32;
const NEURONS = 3072;

/**
 * Every MLP layer of a network of OPT-125m's shape, with RANDOM weights on RANDOM tokens (time and memory
 * only): scored, and refitted to half of its neurons.
 */
export async function benchLanguage(): Promise<void> {
  const correlator = await startNodeEngine();
  const { network, layers: all } = subjectOf(opt125m({ size: TOKENS, seed: 1 }));
  const layers = all.filter(({ n }) => n === NEURONS);
  const text = randomText(SEQUENCES, 50272);
  const rows: (string | number)[][] = [];
  const step = async (name: string, work: () => Promise<unknown>): Promise<number> => {
    const seconds = (await timed(work)) / 1000;
    rows.push([name, seconds.toFixed(1), peak()]);
    return seconds;
  };
  const read = layers.map(({ node }) => node.inputs[0]);
  const forward = await step(`forward, ${SEQUENCES} sequences of ${TOKENS} tokens, up to the last MLP`, () =>
    eachBatch(network, text, read, async () => {}, new JobClock({}, text.count), 1));
  const store = new StatisticsStore(layers);
  const calibration = await step('forward and statistics', () => calibrate(network, layers, text, correlator, (batch) => store.add(batch)));
  rows.splice(1, 1, ['statistics: Grams of all inputs, beyond the forward pass', (calibration - forward).toFixed(1), peak()]);
  await step('solving: energies and scores of every neuron', async () => {
    for (const statistics of store.measures().statistics.values()) singletonScores(statistics);
  });
  await step(`solving: least squares of half the neurons, ${layers.length} layers`, async () => {
    for (const statistics of store.measures().statistics.values()) {
      const scores = singletonScores(statistics);
      const kept = [...scores.keys()].sort((a, b) => scores[b] - scores[a]).slice(0, NEURONS / 2).sort((a, b) => a - b);
      compensate(statistics, kept, 'leastSquares');
    }
  });
  console.log(`\n${layers.length} MLP layers of ${NEURONS} neurons, random weights and tokens`);
  table(['', 's', 'peak RSS, MiB'], rows);
}

function randomText(count: number, vocabulary: number): ImageSource {
  const random = seededRandom(3);
  const ids = Float32Array.from({ length: count * TOKENS }, () => Math.floor(random() * vocabulary));
  return { count, shape: [TOKENS], read: async (first, some) => ids.slice(first * TOKENS, (first + some) * TOKENS) };
}

function peak(): string {
  return (process.resourceUsage().maxRSS / 1024).toFixed(0);
}
