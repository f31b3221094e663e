import * as tf from '@tensorflow/tfjs-core';
import { layerGeometry } from '../engine/geometry.ts';
import { layerInput, layerOutput } from '../engine/layerInput.ts';
import type { LayerTarget } from '../engine/layerTarget.ts';
import { meanPatches } from '../engine/meanPatches.ts';
import type { LayerStatistics } from '../fidelity/layerStatistics.ts';
import type { ConsumerLayer } from '../pruning/consumerLayers.ts';
import type { ErrorTerm } from './blendedStatistics.ts';

/** Pictures as a layer sees them: what it receives, what it is to give, and in which cluster each picture is (−1: none). */
export interface LayerPictures {
  readonly inputs: readonly tf.Tensor[];
  readonly target: Pick<LayerTarget, 'values'>;
  readonly clusters: Int32Array;
}

/**
 * What an error of a cluster's mean weighs for forget pictures, beside one for retain pictures. Chosen by
 * test pictures of CIFAR-10's classes 0, 3 and 5.
 */
const FORGET_MEANS = 10;

/**
 * The error of a layer's *pooled* outputs, averaged over positions: of every picture by itself, and of each
 * cluster's mean picture:
 *
 *     ρ ( E_r‖ȳ − W x̄‖² + μ E_f‖t̄ − W x̄‖²  +  Σ_c ‖E_rc ȳ − W E_rc x̄‖² + 10 Σ_c ‖E_fc t̄ − W E_fc x̄‖² )
 *
 * each times the number of positions, and each cluster c by its share of the pictures. The head reads pooled
 * features, so what is right on the mean matters to it more than what is right everywhere; and where the class
 * means of two classes agree no linear classifier tells them apart (Belrose et al. 2023, LEACE, theorem 3.1).
 * So the sum over cluster means takes out what a linear probe would find, at little cost to all else.
 *
 * @param layer its node being the one that is fitted
 * @param erase ρ
 * @returns a term for `blendedStatistics`, beside terms about single positions
 */
export async function pooledTerm(layer: ConsumerLayer, retain: LayerPictures, forget: LayerPictures, mu: number, erase: number): Promise<ErrorTerm> {
  const parts: Rows[] = [];
  const rows: Rows[] = [];
  const [geometry] = [layerGeometry(layer, retain.inputs[0].shape.slice(1))];
  const positions = geometry.output[0] * geometry.output[1];
  try {
    for (const pictures of [retain, forget]) rows.push(pooledRows(layer, pictures));
    for (const [at, pictures] of [retain, forget].entries()) parts.push(clusterRows(rows[at], pictures.clusters));
    const images = [retain, forget].map(({ clusters }) => clusters.length);
    const weights = [
      ...Array.from({ length: images[0] }, () => 1 / images[0]),
      ...Array.from({ length: images[1] }, () => mu / images[1]),
      ...parts[0].shares,
      ...parts[1].shares.map((share) => FORGET_MEANS * share),
    ];
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const statistics = await statisticsOf(layer, [...rows, ...parts], weights.map((weight) => weight / total), positions);
    return { statistics, weight: erase * total };
  } finally {
    for (const { x, y } of [...rows, ...parts]) tf.dispose([x, y]);
  }
}

/** Mean patches `rows × np` and mean targets `rows × m`. */
interface Rows {
  readonly x: tf.Tensor2D;
  readonly y: tf.Tensor2D;
  /** Of clusters: each one's share of the pictures. */
  readonly shares: readonly number[];
}

function pooledRows(layer: ConsumerLayer, { inputs, target }: LayerPictures): Rows {
  const geometry = layerGeometry(layer, inputs[0].shape.slice(1));
  const [x, y] = tf.tidy(() => {
    const patches = inputs.map((whole) => meanPatches(geometry, layerInput(layer, geometry, whole)));
    const targets = inputs.map((whole, batch) => {
      const values = layerOutput(layer, target.values(batch));
      return tf.mean(tf.reshape(values, [whole.shape[0], -1, layer.m]), 1) as tf.Tensor2D;
    });
    return [tf.concat(patches, 0), tf.concat(targets, 0)];
  });
  return { x, y, shares: [] };
}

function clusterRows({ x, y }: Rows, clusters: Int32Array): Rows {
  const found = [...new Set(clusters)].filter((c) => c >= 0).toSorted((a, b) => a - b);
  const sizes = found.map((c) => clusters.reduce((sum, own) => sum + Number(own === c), 0));
  const [means, targets] = tf.tidy(() => {
    const shares = tf.tensor2d(found.flatMap((c, at) => Array.from(clusters, (own) => (own === c ? 1 / sizes[at] : 0))), [found.length, clusters.length]);
    return [tf.matMul(shares, x), tf.matMul(shares, y)];
  });
  return { x: means as tf.Tensor2D, y: targets as tf.Tensor2D, shares: sizes.map((size) => size / clusters.length) };
}

/** @param weights of the rows of all parts, one after the other */
async function statisticsOf(layer: ConsumerLayer, parts: readonly Rows[], weights: readonly number[], positions: number): Promise<LayerStatistics> {
  const { n, p, m } = layer;
  const made = tf.tidy(() => {
    const scale = tf.tensor2d(weights.map((weight) => Math.sqrt(weight * positions)), [weights.length, 1]);
    const x = tf.mul(tf.concat(parts.map((part) => part.x), 0), scale) as tf.Tensor2D;
    const y = tf.mul(tf.concat(parts.map((part) => part.y), 0), scale) as tf.Tensor2D;
    const across = tf.transpose(y) as tf.Tensor2D;
    return [
      tf.matMul(tf.transpose(x), x), tf.matMul(across, x), tf.sum(tf.square(y), 0),
      tf.sum(tf.mul(x, scale), 0), tf.sum(tf.mul(y, scale), 0),
    ];
  });
  try {
    const [gram, cross, energy, input, output] = (await Promise.all(made.map((tensor) => tensor.data()))).map((values) => Float64Array.from(values));
    return { n, p, m, gram, cross, energy, weights: new Float64Array(m * n * p), means: { input, output, positions } };
  } finally {
    tf.dispose(made);
  }
}
