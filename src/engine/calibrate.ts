import * as tf from '@tensorflow/tfjs-core';
import type { Network } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';
import type { ConsumerLayer } from '../pruning/consumerLayers.ts';
import { assertDeviceHealthy, batchWithinLimits, releaseUnused } from './backend.ts';
import { patchGeometry, type PatchGeometry } from './geometry.ts';
import { gramAccumulator } from './gramAccumulator.ts';
import { assertInputShape, type ImageSource } from './imageSource.ts';
import { CompiledNetwork } from './interpreter.ts';
import { JobClock, type Job } from './job.ts';
import type { Correlator } from './kernels/correlator.ts';

/** Images in one forward pass. */
export const BATCH = 32;
/** Forward passes whose sums travel as one message. */
const BATCHES_PER_MESSAGE = 2;

/** Sums over some images for one consumer layer, not divided by their number. */
export interface LayerGram {
  readonly node: string;
  /** `Σ x xᵀ`, row-major `np × np` float64, component-major patches. */
  readonly gram: Float64Array;
}

export interface CalibrationBatch {
  /** Images in these sums, and in all sums so far. */
  readonly images: number;
  readonly done: number;
  readonly total: number;
  readonly layers: readonly LayerGram[];
}

/** The value a layer's patches are cut from: its input, or what a flatten before it reads. */
export function patchSource(network: Network, layer: ConsumerLayer): string {
  const [input] = layer.node.inputs;
  const before = network.nodes.find(({ id }) => id === input);
  return before?.op === 'flatten' ? before.inputs[0] : input;
}

export function layerGeometry(network: Network, layer: ConsumerLayer): PatchGeometry {
  const shape = inferShapes(network).get(patchSource(network, layer));
  if (!shape) throw new Error(`No shape for the input of "${layer.node.id}".`);
  return patchGeometry(layer.node, shape);
}

/**
 * Runs images through the network and hands each layer's patch Gram to `emit`, batch by batch.
 * Memory does not grow with the number of images. Labels are not read.
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
  const clock = new JobClock(job, images.count);
  const sources = layers.map((layer) => patchSource(network, layer));
  const wanted = [...new Set(sources)];
  const accumulators = layers.map((layer) => gramAccumulator(layerGeometry(network, layer), correlator));
  const compiled = new CompiledNetwork(network, wanted);
  const batch = batchWithinLimits(BATCH, largestValueBytes(network));
  try {
    let sent = 0;
    for (let done = 0; done < images.count; ) {
      const count = Math.min(batch, images.count - done);
      const x = await readBatch(images, done, count);
      const values = compiled.run(x, wanted);
      x.dispose();
      try {
        for (const [index, accumulator] of accumulators.entries()) await accumulator.add(values[sources[index]]);
      } finally {
        tf.dispose(values);
      }
      done += count;
      if (done === images.count || (done - sent) >= BATCHES_PER_MESSAGE * batch) {
        const grams: LayerGram[] = [];
        for (const [index, accumulator] of accumulators.entries()) {
          grams.push({ node: layers[index].node.id, gram: await accumulator.take() });
        }
        assertDeviceHealthy();
        emit({ images: done - sent, done, total: images.count, layers: grams });
        sent = done;
        releaseUnused();
      }
      await clock.tick(done);
    }
  } finally {
    compiled.dispose();
    for (const accumulator of accumulators) accumulator.dispose();
  }
}

/** A batch as a tensor; the caller disposes it. */
export async function readBatch(images: ImageSource, first: number, count: number): Promise<tf.Tensor> {
  return tf.tensor(await images.read(first, count), [count, ...images.shape], 'float32');
}

/** Float32 bytes of one image's largest value, patches included. */
export function largestValueBytes(network: Network): number {
  const shapes = [...inferShapes(network).values()];
  return Math.max(...shapes.map((shape) => 4 * shape.reduce((product, size) => product * size, 1)));
}
