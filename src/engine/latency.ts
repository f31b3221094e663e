import { dispose, tensor, type Tensor } from '@tensorflow/tfjs-core';
import type { Network } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';
import { CompiledNetwork } from './interpreter.ts';
import { JobClock, type Job } from './job.ts';

const WARM_UP = 5;
const RUNS = 30;

/** Median milliseconds of one forward pass of `batch` grey images, read-back included. */
export async function measureLatency(
  network: Network,
  batch: number,
  job: Job = {},
): Promise<{ milliseconds: number; batch: number; runs: number }> {
  const clock = new JobClock(job, WARM_UP + RUNS);
  const x = greyImages(network, batch);
  const compiled = new CompiledNetwork(network);
  const times: number[] = [];
  try {
    for (let run = 0; run < WARM_UP + RUNS; run++) {
      const began = performance.now();
      const { [network.outputs[0]]: output } = compiled.run(x);
      await output.data();
      if (run >= WARM_UP) times.push(performance.now() - began);
      dispose(output);
      await clock.tick(run + 1);
    }
  } finally {
    dispose(x);
    compiled.dispose();
  }
  times.sort((a, b) => a - b);
  return { milliseconds: times[Math.floor(times.length / 2)], batch, runs: RUNS };
}

/** A batch of grey images of the network's input shape, or of one token over and over; the caller disposes it. */
export function greyImages(network: Network, batch: number): Tensor {
  const input = network.nodes.find((node) => node.op === 'input');
  const shape = (input && inferShapes(network).get(input.id)) ?? [];
  const size = shape.reduce((product, axis) => product * axis, batch);
  const most = (input?.op === 'input' ? input.attributes.vocabulary : undefined) ?? Infinity;
  return tensor(new Float32Array(size).fill(Math.min(128, most - 1)), [batch, ...shape]);
}
