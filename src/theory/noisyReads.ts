import * as tf from '@tensorflow/tfjs-core';
import type { ImageSource } from '../engine/imageSource.ts';
import type { ReadHook } from '../engine/interpreter.ts';
import type { Job } from '../engine/job.ts';
import type { Random } from '../fidelity/random.ts';
import type { FeatureMap } from '../network/couplingGroup.ts';
import type { Shape } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';
import { eachBatchOf } from './forward.ts';
import { gaussian } from './gaussian.ts';
import type { Subject } from '../pruning/subject.ts';

/** A value that consumer layers read, with the deviation of each of its features. */
export interface ReadValue {
  readonly id: string;
  readonly shape: Shape;
  readonly features: FeatureMap;
  /** Per feature (last axis): the deviation of its component over images and places. */
  readonly deviation: Float64Array;
}

/** Every value that layers read groups from which may be cut. Deviations are those on these images. */
export async function readValues({ network, coupled, layers }: Subject, images: ImageSource, job: Job): Promise<ReadValue[]> {
  const shapes = inferShapes(network);
  const ids = [...new Set(layers.map(({ node }) => node.inputs[0]))];
  const sums = new Map<string, { readonly first: Float64Array; readonly second: Float64Array }>();
  await eachBatchOf(network, images, ids, async (values, _, count) => {
    for (const id of ids) {
      const x = values[id];
      const [first, second] = tf.tidy(() => {
        const places = x.shape.map((_, axis) => axis).slice(0, -1);
        return [tf.mean(x, places), tf.mean(tf.square(x), places)];
      });
      const own = sums.get(id) ?? { first: new Float64Array(x.shape[x.rank - 1]), second: new Float64Array(x.shape[x.rank - 1]) };
      sums.set(id, own);
      const [means, squares] = await Promise.all([first.data(), second.data()]);
      tf.dispose([first, second]);
      for (let f = 0; f < means.length; f++) {
        own.first[f] += (means[f] * count) / images.count;
        own.second[f] += (squares[f] * count) / images.count;
      }
    }
  }, job);
  return ids.flatMap((id) => {
    const [features, own] = [coupled.features.get(id), sums.get(id)];
    return features && own ? [{ id, shape: shapes.get(id) ?? [], features, deviation: componentDeviations(features, own.first, own.second) }] : [];
  });
}

/** `√(E[x²] − E[x]²)` of each feature's component: features of one component (after a flatten) are taken together. */
function componentDeviations({ group, component }: FeatureMap, first: Float64Array, second: Float64Array): Float64Array {
  const members = new Map<string, number[]>();
  first.forEach((_, f) => {
    const key = `${group[f]}/${component[f]}`;
    members.set(key, [...(members.get(key) ?? []), f]);
  });
  const deviation = new Float64Array(first.length);
  for (const own of members.values()) {
    const mean = (of: Float64Array) => own.reduce((sum, f) => sum + of[f], 0) / own.length;
    const value = Math.sqrt(Math.max(0, mean(second) - mean(first) ** 2));
    for (const f of own) deviation[f] = value;
  }
  return deviation;
}

/** Noise for a batch of every value, by the value's id. */
export type NoiseTensors = Readonly<Record<string, tf.Tensor>>;

/** Standard normal noise for `count` images; the caller disposes it. */
export function drawNoise(values: readonly ReadValue[], count: number, random: Random): NoiseTensors {
  return Object.fromEntries(values.map(({ id, shape }) => {
    const size = shape.reduce((product, axis) => product * axis, count);
    return [id, tf.tensor(gaussian(size, random), [count, ...shape], 'float32')];
  }));
}

/**
 * What the consumer layers read instead of their inputs: these plus the noise, scaled per feature to
 * `relative` times the deviation of the feature's component. Layers that read one value meet the same noise.
 */
export function noisyReads(
  { layers }: Subject,
  values: readonly ReadValue[],
  drawn: NoiseTensors,
  relative: (group: string, component: number) => number,
): ReadHook {
  const inputOf = new Map(layers.map(({ node }) => [node.id, node.inputs[0]]));
  const scales = new Map(values.map(({ id, features, deviation }) =>
    [id, Float32Array.from(deviation, (own, f) => own * relative(features.groups[features.group[f]].name, features.component[f]))]));
  return (consumer, value) => {
    const id = inputOf.get(consumer) ?? '';
    const scale = scales.get(id);
    return scale ? tf.add(value, tf.mul(drawn[id], tf.tensor1d(scale))) : value;
  };
}
