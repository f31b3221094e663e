import * as tf from '@tensorflow/tfjs-core';
import type { Network, Node, NodeOf } from '../../network/network.ts';
import { inferShapes } from '../../network/shapes.ts';
import { assertDeviceHealthy, batchWithinLimits, releaseUnused } from '../backend.ts';
import { BATCH, largestValueBytes } from '../batches.ts';
import type { PatchGeometry } from '../geometry.ts';
import { gramAccumulator } from '../gramAccumulator.ts';
import { assertInputShape, type ImageSource } from '../imageSource.ts';
import { JobClock, type Job } from '../job.ts';
import type { Correlator } from '../kernels/correlator.ts';
import { readAll } from '../nodewise.ts';
import { operatorOf } from '../operators.ts';
import type { Rotations } from './slicedNetwork.ts';
import type { StreamForm } from './streamForm.ts';
import { symmetricEigen } from './symmetricEigen.ts';

/**
 * The first `slices` principal components (of the second moment about 0) of the stream at every position, one after the other:
 * each is measured behind branches that read the stream already cut to the components before it (Ashkboos et al., ICLR 2024, section 3.3).
 *
 * Memory: the stream of all samples, and one branch's values for a batch.
 *
 * @throws CancelledError, DeviceLostError, InputShapeError, EigenvaluesError
 */
export async function streamComponents(
  network: Network,
  form: StreamForm,
  slices: number,
  images: ImageSource,
  correlator: Correlator | undefined,
  job: Job = {},
): Promise<Rotations> {
  const { branches, width, centred } = form;
  const shapes = inferShapes(network);
  const input = network.nodes.find((node) => node.op === 'input');
  assertInputShape(images, input ? shapes.get(input.id) ?? [] : []);
  const clock = new JobClock(job, branches.length + 1);
  const rotations: Float64Array[] = [];
  const origin = { reads: input?.id ?? '', makes: branches[0].stream, nodes: ancestors(network, branches[0].stream) };
  const segments = [origin, ...branches.map(({ stream, add, nodes }) => ({ reads: stream, makes: add, nodes: [...nodes, add] }))];
  let stream = await readAll(images, batchWithinLimits(BATCH, largestValueBytes(network)), clock);
  try {
    for (const [k, segment] of segments.entries()) {
      const nodes = new Set(segment.nodes);
      const next = await runSegment(network.nodes.filter(({ id }) => nodes.has(id)), segment, stream, centred, clock);
      tf.dispose(stream);
      stream = next;
      const rotation = await components(stream, width, slices, correlator, clock);
      rotations.push(rotation);
      if (slices < width) stream = projected(stream, rotation, width, slices);
      await clock.tick(k + 1);
      releaseUnused();
    }
  } finally {
    tf.dispose(stream);
  }
  return rotations;
}

/** Runs a segment's nodes over all batches; those before stay the caller's, the new ones are too. */
async function runSegment(
  nodes: readonly Node[],
  { reads, makes }: { readonly reads: string; readonly makes: string },
  before: readonly tf.Tensor[],
  centred: boolean,
  clock: JobClock,
): Promise<tf.Tensor[]> {
  const weights: tf.Tensor[] = [];
  const made: tf.Tensor[] = [];
  try {
    const steps = nodes.filter((node): node is Exclude<Node, NodeOf<'input'>> => node.op !== 'input').map((node) => ({
      node,
      run: operatorOf(node, ({ shape, values }) => {
        const tensor = tf.tensor(values, [...shape], 'float32');
        weights.push(tensor);
        return tensor;
      }),
    }));
    for (const batch of before) {
      made.push(tf.tidy(() => {
        const values = new Map([[reads, batch]]);
        const valueOf = (id: string): tf.Tensor => {
          const value = values.get(id);
          if (!value) throw new Error(`Node "${id}" was read before it was computed.`);
          return value;
        };
        for (const { node, run } of steps) values.set(node.id, tf.tidy(() => run(node.inputs.map(valueOf))));
        const value = valueOf(makes);
        return centred ? tf.sub(value, tf.mean(value, -1, true)) : tf.clone(value);
      }));
      assertDeviceHealthy();
      await clock.breathe();
    }
    return made;
  } catch (error) {
    tf.dispose(made);
    throw error;
  } finally {
    tf.dispose(weights);
  }
}

/** Row-major `width × slices`: the vectors of the greatest eigenvalues as columns. */
async function components(stream: readonly tf.Tensor[], width: number, slices: number, correlator: Correlator | undefined, clock: JobClock): Promise<Float64Array> {
  const positions = stream[0].size / (stream[0].shape[0] * width);
  const accumulator = gramAccumulator(overTokens(positions, width), correlator);
  let gram: Float64Array;
  try {
    for (const batch of stream) {
      await accumulator.add(batch);
      await clock.breathe();
    }
    gram = await accumulator.take();
  } finally {
    accumulator.dispose();
  }
  const { vectors } = symmetricEigen(gram, width);
  const rotation = new Float64Array(width * slices);
  for (let k = 0; k < slices; k++) for (let d = 0; d < width; d++) rotation[d * slices + k] = vectors[k * width + d];
  return rotation;
}

function overTokens(positions: number, width: number): PatchGeometry {
  return { input: [positions, 1, width], output: [positions, 1], kernel: [1, 1], strides: [1, 1], dilations: [1, 1], before: [0, 0] };
}

/** What is left of the stream in the components; the old batches are disposed. */
function projected(stream: readonly tf.Tensor[], rotation: Float64Array, width: number, slices: number): tf.Tensor[] {
  const onto = tf.tensor2d(Float32Array.from(rotation), [width, slices]);
  const back = tf.tidy(() => tf.transpose(onto));
  const cut = stream.map((batch) => tf.tidy(() => tf.reshape(tf.matMul(tf.matMul(tf.reshape(batch, [batch.size / width, width]), onto), back), batch.shape)));
  tf.dispose([onto, back, ...stream]);
  return cut;
}

/** A node and all that it is made from, the input aside. */
function ancestors(network: Network, id: string): string[] {
  const inputs = new Map(network.nodes.map((node) => [node.id, node.inputs]));
  const found = new Set<string>();
  const open = [id];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    open.push(...(inputs.get(next) ?? []));
  }
  return [...found];
}
