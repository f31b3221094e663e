import * as tf from '@tensorflow/tfjs-core';
import type { Network, Shape } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';
import type { ConsumerLayer } from '../pruning/consumerLayers.ts';
import { StatisticsStore, type LayerMeasures, type LayerSums } from '../pruning/statisticsStore.ts';
import type { Subject } from '../pruning/subject.ts';
import { assertDeviceHealthy, releaseUnused } from './backend.ts';
import { ContributionAccumulator } from './contributionAccumulator.ts';
import { layerGeometry } from './geometry.ts';
import { addInto, crossProduct, gramAccumulator } from './gramAccumulator.ts';
import { assertInputShape, type ImageSource } from './imageSource.ts';
import { JobClock, type Job } from './job.ts';
import type { Correlator } from './kernels/correlator.ts';
import { layerInput } from './layerInput.ts';
import { tokenWeights, weighted } from './tokenWeights.ts';
import { BATCH, eachBatch, type VisitBatch } from './batches.ts';

/** Images whose sums travel together. */
const IMAGES_PER_MESSAGE = 64;

/** Float32 bytes that all values of a batch may take together. */
const COMFORTABLE_BYTES = 512 * 2 ** 20;

/** Images in one forward pass of a calibration: all values may have to be kept at once. */
function comfortableBatch(network: Network): number {
  const values = [...inferShapes(network).values()].reduce((sum, shape) => sum + shape.reduce((product, size) => product * size, 1), 0);
  return Math.max(1, Math.min(BATCH, Math.floor(COMFORTABLE_BYTES / (4 * values))));
}

export interface CalibrationBatch {
  /** Images in these sums, and in all sums so far. */
  readonly images: number;
  readonly done: number;
  readonly total: number;
  /** Not divided by the number of images. Wide layers come one by one. */
  readonly layers: readonly LayerSums[];
  /** Whether these are the last sums of these images. */
  readonly last: boolean;
}

/**
 * Runs images through the network and hands each layer's sums to `emit`: patch Grams, or for layers
 * too wide for one what each input contributes. Sums travel every few batches, a layer at a time
 * where they are large, so that memory grows neither with the number of images nor with all layers'
 * sums at once. Labels are not read.
 *
 * @throws CancelledError, DeviceLostError, InputShapeError
 */
export async function calibrate(
  network: Network,
  layers: readonly ConsumerLayer[],
  images: ImageSource,
  correlator: Correlator | undefined,
  emit: (batch: CalibrationBatch) => void,
  job: Job = {},
): Promise<void> {
  const shapes = inferShapes(network);
  const input = network.nodes.find((node) => node.op === 'input');
  assertInputShape(images, input ? shapes.get(input.id) ?? [] : []);
  const sources = layers.map(({ node }) => node.inputs[0]);
  const accumulators = layers.map((layer, at) => accumulatorOf(layer, shapes.get(sources[at]) ?? [], images.count, correlator));
  const clock = new JobClock(job, images.count);
  let sent = 0;
  const visit: VisitBatch = async (values, first, count) => {
    for (const [index, accumulator] of accumulators.entries()) {
      await accumulator.add(values[sources[index]]);
      await clock.breathe();
    }
    const done = first + count;
    if (done < images.count && done - sent < IMAGES_PER_MESSAGE) return;
    await send(accumulators, (sums, last) => emit({ images: done - sent, done, total: images.count, layers: sums, last }));
    sent = done;
    releaseUnused();
  };
  try {
    await eachBatch(network, images, [...new Set(sources)], visit, clock, comfortableBatch(network));
  } finally {
    for (const accumulator of accumulators) accumulator.dispose();
  }
}

/** The statistics of every layer on the intact network, as `calibrate` measures them. */
export async function measuresOf(
  { network, layers }: Pick<Subject, 'network' | 'layers'>,
  images: ImageSource,
  correlator: Correlator | undefined,
  job: Job = {},
): Promise<LayerMeasures> {
  const store = new StatisticsStore(layers);
  await calibrate(network, layers, images, correlator, (batch) => store.add(batch), job);
  return store.measures();
}

interface Accumulator {
  add(x: tf.Tensor): Promise<void>;
  take(): Promise<LayerSums>;
  dispose(): void;
}

function accumulatorOf(layer: ConsumerLayer, shape: Shape, images: number, correlator: Correlator | undefined): Accumulator {
  if (layer.statistics === 'contributions') return new ContributionAccumulator(layer);
  const geometry = layerGeometry(layer, shape);
  const gram = gramAccumulator(geometry, correlator);
  const weights = tokenWeights(layer, geometry, images);
  const positions = weights?.total ?? geometry.output[0] * geometry.output[1];
  const patchSum = () => new Float64Array(layer.n * layer.p);
  let sum = patchSum();
  return {
    async add(x) {
      const [own, ones] = weighted(weights, layerInput(layer, geometry, x), tf.ones([x.shape[0], ...geometry.output, 1]));
      try {
        await gram.add(own);
        addInto(sum, await crossProduct(geometry, own, ones, correlator));
      } finally {
        tf.dispose([own, ones]);
      }
    },
    take: async () => {
      const patches = { sum, positions };
      sum = patchSum();
      return { layer: layer.id, gram: await gram.take(), patches };
    },
    dispose: () => gram.dispose(),
  };
}

/** Float64 values that one message may hold, unless a single layer has more. */
const VALUES_PER_MESSAGE = 2 ** 22;

async function send(accumulators: readonly Accumulator[], emit: (sums: LayerSums[], last: boolean) => void): Promise<void> {
  let sums: LayerSums[] = [];
  let values = 0;
  for (const accumulator of accumulators) {
    const taken = await accumulator.take();
    const size = 'gram' in taken ? taken.gram.length : taken.contributions.cross.length;
    if (sums.length > 0 && values + size > VALUES_PER_MESSAGE) {
      emit(sums, false);
      [sums, values] = [[], 0];
    }
    sums.push(taken);
    values += size;
  }
  assertDeviceHealthy();
  emit(sums, true);
}
