import * as tf from '@tensorflow/tfjs';
import { relativeError } from '../../../engine/fixtures/arrays.ts';
import type { Network, Shape } from '../../../network/network.ts';
import { inferShapes, weightsOf } from '../../../network/shapes.ts';
import { runInLab } from '../../fixtures/graphAgreement.ts';
import type { Files } from '../networkOracle.ts';

/** Networks that cost no time to run. */
const MOST_VALUES = 200_000;

/**
 * What plain TensorFlow.js computes otherwise than the lab of the files that the lab opened as
 * `network`. Undefined where they agree, where plain TensorFlow.js does not open the files, and
 * where the network is too large to run for this.
 */
export async function otherwiseInTfjs(network: Network, files: Files): Promise<string | undefined> {
  const input = network.nodes.find((node) => node.op === 'input');
  if (input?.op !== 'input' || costOf(network) > MOST_VALUES) return undefined;
  await tf.setBackend('cpu');
  const batch = tf.randomUniform([2, ...input.attributes.shape], 0, 1, 'float32', 7);
  try {
    const expected = await predicted(files, batch.clone(), network.outputs.length);
    if (!expected) return undefined;
    const found = await runInLab(network, batch);
    for (const [k, values] of expected.entries()) {
      // both overflow alike
      if (!values.every(Number.isFinite)) continue;
      const error = values.length === found[k].length ? relativeError(found[k], values) : Infinity;
      if (!(error < 1e-3)) return `opened, but plain TensorFlow.js computes output ${k} otherwise, by ${error}`;
    }
    return undefined;
  } finally {
    batch.dispose();
  }
}

/** The outputs of plain TensorFlow.js, in order; undefined where it cannot open the files, or has other outputs. */
async function predicted(files: Files, batch: tf.Tensor, outputs: number): Promise<readonly Float32Array[] | undefined> {
  try {
    const json = JSON.parse(new TextDecoder().decode(files['model.json'])) as tf.io.ModelJSON;
    const [{ paths, weights: weightSpecs }] = json.weightsManifest;
    const artifacts = { modelTopology: json.modelTopology, weightSpecs, weightData: Uint8Array.from(files[paths[0]]).buffer };
    const made = 'node' in json.modelTopology
      ? await executed({ ...artifacts, format: json.format, ...(json.signature && { signature: json.signature }) }, batch)
      : await called(artifacts, batch);
    const values = await Promise.all(made.map((tensor) => tensor.data<'float32'>()));
    // an output may be the batch itself
    tf.dispose([...made, batch]);
    return values.length === outputs ? values : undefined;
  } catch {
    return undefined;
  }
}

async function called(artifacts: tf.io.ModelArtifacts, batch: tf.Tensor): Promise<readonly tf.Tensor[]> {
  if (!hasOneNameEach(artifacts.modelTopology)) return [];
  const model = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
  const made = model.predict(batch);
  model.dispose();
  return Array.isArray(made) ? made : [made];
}

async function executed(artifacts: tf.io.ModelArtifacts, batch: tf.Tensor): Promise<readonly tf.Tensor[]> {
  const model = await tf.loadGraphModel(tf.io.fromMemory(artifacts));
  const made = model.execute(batch);
  model.dispose();
  return Array.isArray(made) ? made : [made];
}

/** Plain TensorFlow.js waits for ever for a layer that has one name beside its config and another in it. */
function hasOneNameEach(topology: unknown): boolean {
  const { model_config: model } = topology as { model_config: { config: { layers: { name?: unknown; config: { name?: unknown } }[] } } };
  return model.config.layers.every(({ name, config }) => name !== undefined && name === config.name);
}

function costOf(network: Network): number {
  const values = [...inferShapes(network).values()].reduce((sum, shape) => sum + count(shape), 0);
  return values + network.nodes.reduce((sum, node) => sum + weightsOf(node).reduce((total, [, weight]) => total + weight.values.length, 0), 0);
}

function count(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}
