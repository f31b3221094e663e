import { backendMemory } from '../src/engine/backend.ts';
import { computeLogits } from '../src/engine/evaluate.ts';
import { Evidence } from '../src/headless/evidence.ts';
import { pruneAsRequested } from '../src/headless/experiment.ts';
import { DEFAULT_REQUEST } from '../src/pruning/pruneRequest.ts';
import { shippedSubject, table } from './subject.ts';

const ROUNDS = 50;

/** Tensors and bytes on the backend before and after many prune–evaluate rounds. */
export async function benchMemory(): Promise<void> {
  const { subject, data, correlator } = await shippedSubject('resnet20-cifar10');
  const images = data.source('train', data.calibrationIndices(64, 1));
  const evidence = new Evidence(subject, images, correlator);
  await evidence.measures();
  const before = backendMemory();
  const rss = process.memoryUsage().rss;
  for (let round = 0; round < ROUNDS; round++) {
    const value = 0.3 + (0.6 * round) / ROUNDS;
    const order = round % 2 === 0 ? 'oneShot' : 'sequential';
    const { network } = await pruneAsRequested(evidence, { ...DEFAULT_REQUEST, order, target: { kind: 'macs', value } });
    await computeLogits(network, images);
  }
  const after = backendMemory();
  table(['', 'before', `after ${ROUNDS} rounds`], [
    ['tensors', before.tensors, after.tensors],
    ['backend bytes', before.bytes, after.bytes],
    ['process RSS, MiB', (rss / 2 ** 20).toFixed(0), (process.memoryUsage().rss / 2 ** 20).toFixed(0)],
  ]);
}
