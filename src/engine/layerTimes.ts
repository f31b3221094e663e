import { dispose } from '@tensorflow/tfjs-core';
import type { Network } from '../network/network.ts';
import type { LayerTime } from '../pruning/layerChanges.ts';
import { assertDeviceHealthy, deviceIdle } from './backend.ts';
import { CompiledNetwork } from './interpreter.ts';
import { JobClock, type Job } from './job.ts';
import { greyImages } from './latency.ts';

/** Runs of a step before it is timed: the first compiles its shaders. */
const WARM_UP = 2;
const SAMPLES = 7;
/** A sample repeats a step until it takes about this long: a browser's clock ticks every 0.1 ms or so. */
const SAMPLE_MILLISECONDS = 3;
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
  const times: LayerTime[] = [];
  try {
    const clock = new JobClock(job, compiled.steps);
    const waiting = await medianOf(() => sample(() => {}, 0));
    await compiled.eachStep(x, async (layers, run) => {
      let once = 0;
      for (let warmUp = 0; warmUp < WARM_UP; warmUp++) once = await sample(run, 1);
      const repeats = Math.min(MOST_REPEATS, Math.max(1, Math.ceil(SAMPLE_MILLISECONDS / Math.max(once - waiting, 0.01))));
      const milliseconds = await medianOf(() => sample(run, repeats));
      assertDeviceHealthy();
      times.push({ layers, milliseconds: Math.max(0, milliseconds - waiting) / repeats });
      await clock.tick(times.length);
    });
  } finally {
    dispose(x);
    compiled.dispose();
  }
  return times;
}

async function sample(run: () => void, repeats: number): Promise<number> {
  const began = performance.now();
  for (let k = 0; k < repeats; k++) run();
  await deviceIdle();
  return performance.now() - began;
}

async function medianOf(measure: () => Promise<number>): Promise<number> {
  const samples: number[] = [];
  for (let k = 0; k < SAMPLES; k++) samples.push(await measure());
  return samples.sort((a, b) => a - b)[Math.floor(SAMPLES / 2)];
}
