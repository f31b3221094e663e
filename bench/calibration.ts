import { calibrate } from '../src/engine/calibrate.ts';
import { computeLogits } from '../src/engine/evaluate.ts';
import { groupScores } from '../src/pruning/groupFidelity.ts';
import { StatisticsStore } from '../src/pruning/statisticsStore.ts';
import { median, shippedSubject, table, timed } from './subject.ts';

const ROUNDS = 5;
const COUNTS = [128, 256, 512, 1024, 2048];

/** What calibration costs against the plain forward pass of the same images, and how it grows with images. */
export async function benchCalibration(): Promise<void> {
  for (const id of ['resnet20-cifar10', 'vgg-cifar10', 'mobilenetv2-cifar10']) {
    const { subject, data, correlator } = await shippedSubject(id);
    const { network, layers } = subject;
    const images = data.source('train', data.calibrationIndices(512, 1));
    await images.read(0, images.count);
    const forward = () => computeLogits(network, images);
    const grams = () => calibrate(network, layers, images, correlator, () => {});
    const scores = async () => {
      const store = new StatisticsStore(layers);
      await calibrate(network, layers, images, correlator, (batch) => store.add(batch));
      groupScores(layers, store.measures());
    };
    await forward();
    await grams();
    const times: number[][] = [];
    for (let round = 0; round < ROUNDS; round++) times.push([await timed(forward), await timed(grams), await timed(scores)]);
    const ratio = (at: number) => median(times.map((row) => row[at] / row[0])).toFixed(2);
    console.log(`\n${id}, 512 images, median of ${ROUNDS}`);
    table(['', 'ms', '× forward'], [
      ['plain forward pass', median(times.map((row) => row[0])).toFixed(0), '1.00'],
      ['full patch Grams of every layer', median(times.map((row) => row[1])).toFixed(0), ratio(1)],
      ['and singleton scores from them', median(times.map((row) => row[2])).toFixed(0), ratio(2)],
    ]);
  }

  const { subject, data, correlator } = await shippedSubject('resnet20-cifar10');
  console.log('\nresnet20-cifar10, calibration against the number of images');
  const rows: (string | number)[][] = [];
  for (const count of COUNTS) {
    const images = data.source('train', data.calibrationIndices(count, 1));
    await images.read(0, count);
    globalThis.gc?.();
    const store = new StatisticsStore(subject.layers);
    let peak = 0;
    const milliseconds = await timed(() =>
      calibrate(subject.network, subject.layers, images, correlator, (batch) => {
        store.add(batch);
        peak = Math.max(peak, process.memoryUsage().rss);
      }),
    );
    rows.push([count, milliseconds.toFixed(0), (milliseconds / count).toFixed(2), (peak / 2 ** 20).toFixed(0)]);
  }
  table(['images', 'ms', 'ms an image', 'peak RSS, MiB'], rows);
}
