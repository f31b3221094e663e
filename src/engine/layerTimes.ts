import { dispose } from '@tensorflow/tfjs-core';
import type { Network } from '../network/network.ts';
import type { LayerTime } from '../pruning/layerChanges.ts';
import { assertDeviceHealthy, deviceIdle } from './backend.ts';
import { CompiledNetwork } from './interpreter.ts';
import { JobClock, type Job } from './job.ts';
import { greyImages } from './latency.ts';

/** Runs of a step before it is timed: the first compiles its shaders. */
const WARM_UP = 2;
/** Through the whole network, so that what else the machine does for a while touches few samples of each step. */
const PASSES = 5;
const SAMPLES = 3;
/** A sample repeats a step until it takes about this long: a browser's clock ticks every 0.1 ms or so. */
const SAMPLE_MILLISECONDS = 2;
const MOST_REPEATS = 100;

/**
 * Median milliseconds of every step of one forward pass of `batch` grey images, in execution order, on
 * the current backend. A step is one layer, or those that the engine runs as one (`CompiledNetwork`).
 * What waiting for the device costs by itself is taken off; a network's steps together take longer than
 * one run of it where the device could have overlapped them.
 *
 * Throws `CancelledError`, `DeviceLostError` or `UnsupportedNodeError`.
 */
export async function layerTimes(network: Network, batch: number, job: Job = {}): Promise<LayerTime[]> {
  const x = greyImages(network, batch);
  const compiled = new CompiledNetwork(network);
  const steps = new Map<string, Step>();
  try {
    const clock = new JobClock(job, PASSES * compiled.steps);
    const waits: number[] = [];
    for (let k = 0; k < PASSES * SAMPLES; k++) waits.push(await sample(() => {}, 0));
    const waiting = median(waits);
    let done = 0;
    for (let pass = 0; pass < PASSES; pass++) {
      await compiled.eachStep(x, async (layers, run) => {
        const step = steps.get(layers[0]) ?? { layers, repeats: await repeatsOf(run, waiting), samples: [] };
        steps.set(layers[0], step);
        for (let k = 0; k < SAMPLES; k++) step.samples.push(Math.max(0, (await sample(run, step.repeats)) - waiting) / step.repeats);
        assertDeviceHealthy();
        await clock.tick(++done);
      });
    }
  } finally {
    dispose(x);
    compiled.dispose();
  }
  return [...steps.values()].map(({ layers, samples }) => ({ layers, milliseconds: median(samples) }));
}

interface Step {
  readonly layers: readonly string[];
  readonly repeats: number;
  /** Milliseconds of one run. */
  readonly samples: number[];
}

async function repeatsOf(run: () => void, waiting: number): Promise<number> {
  let once = 0;
  for (let warmUp = 0; warmUp < WARM_UP; warmUp++) once = await sample(run, 1);
  return Math.min(MOST_REPEATS, Math.max(1, Math.ceil(SAMPLE_MILLISECONDS / Math.max(once - waiting, 0.01))));
}

async function sample(run: () => void, repeats: number): Promise<number> {
  const began = performance.now();
  for (let k = 0; k < repeats; k++) run();
  await deviceIdle();
  return performance.now() - began;
}

function median(samples: number[]): number {
  return samples.sort((a, b) => a - b)[Math.floor(samples.length / 2)];
}
