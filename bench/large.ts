import type { ImageSource } from '../src/engine/imageSource.ts';
import { Evidence } from '../src/headless/evidence.ts';
import { subjectOf } from '../src/pruning/subject.ts';
import { pruneAsRequested } from '../src/headless/experiment.ts';
import { startNodeEngine } from '../src/headless/nodeEngine.ts';
import { networkCosts } from '../src/network/costs.ts';
import { resNet50 } from '../src/network/fixtures/architectures/resNet.ts';
import { groupScores } from '../src/pruning/groupFidelity.ts';
import { DEFAULT_REQUEST } from '../src/pruning/pruneRequest.ts';
import { openDataFolder } from '../src/headless/commands/images.ts';
import { table, timed } from './subject.ts';

const SIDE = 224;
const IMAGES = 32;

/**
 * ResNet-50 at 224 × 224 with random weights (speed and memory only): from a calibration with all
 * statistics to a network of half the MACs.
 */
export async function benchLarge(): Promise<void> {
  const correlator = await startNodeEngine();
  const subject = subjectOf(resNet50({ size: SIDE, seed: 1 }));
  const images = await enlarged();
  const rows: (string | number)[][] = [];
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    let result: T | undefined;
    const seconds = (await timed(async () => (result = await work()))) / 1000;
    rows.push([name, seconds.toFixed(1), (process.resourceUsage().maxRSS / 1024).toFixed(0)]);
    return result as T;
  };
  const evidence = new Evidence(subject, images, correlator);
  const measures = await step(`calibrate ${IMAGES} images, every layer`, () => evidence.measures());
  await step('score every group', async () => groupScores(subject.layers, measures));
  for (const order of ['oneShot', 'sequential'] as const) {
    const request = { ...DEFAULT_REQUEST, order, target: { kind: 'macs', value: 0.5 } } as const;
    const { network, macs } = await step(`half the MACs, least squares, ${order}`, () => pruneAsRequested(evidence, request));
    rows.push([`  of the MACs: ${(macs.after / macs.before).toFixed(3)}`, '', networkCosts(network).parameters]);
  }
  table(['', 's', 'peak RSS, MiB'], rows);
}

/** CIFAR-10 training pictures enlarged to 224 × 224 by repeating pixels. */
async function enlarged(): Promise<ImageSource> {
  const data = await openDataFolder(new URL('../public/data/cifar10', import.meta.url).pathname);
  const source = data.source('train', data.calibrationIndices(IMAGES, 1));
  return {
    count: IMAGES,
    shape: [SIDE, SIDE, 3],
    async read(first, count) {
      const small = await source.read(first, count);
      const large = new Float32Array(count * SIDE * SIDE * 3);
      for (let at = 0; at < large.length; at++) {
        const [image, y, x, channel] = [Math.floor(at / (SIDE * SIDE * 3)), Math.floor(at / (SIDE * 3)) % SIDE, Math.floor(at / 3) % SIDE, at % 3];
        large[at] = small[((image * 32 + Math.floor(y / 7)) * 32 + Math.floor(x / 7)) * 3 + channel] / 64 - 1.875;
      }
      return large;
    },
  };
}
