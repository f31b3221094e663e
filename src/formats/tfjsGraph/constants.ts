import { MissingWeightError } from '../kerasLayers/errors.ts';
import type { WeightsGroup } from '../tfjsLayers/modelJson.ts';
import { decodeFloats, readStoredWeights, type ReadShard, type StoredWeight } from '../tfjsLayers/weightsFile.ts';
import type { ConstantAt } from './graphReader.ts';
import { constant, type Constant } from './values.ts';

/**
 * The values of a graph's `Const` nodes, decoded when they are asked for. Throws the errors of
 * `readWeights`; looking a constant up, `MissingWeightError` and `UnsupportedWeightError`.
 */
export async function readConstants(manifest: readonly WeightsGroup[], readShard: ReadShard): Promise<ConstantAt> {
  const stored = await readStoredWeights(manifest, readShard);
  const decoded = new Map<string, Constant>();
  return (node) => {
    const known = decoded.get(node);
    if (known) return known;
    const weight = stored.get(node);
    if (!weight) throw new MissingWeightError(node, node, "the model's weightsManifest does not list");
    const made = constant(weight.spec.shape, valuesOf(weight));
    decoded.set(node, made);
    return made;
  };
}

function valuesOf(weight: StoredWeight): Float32Array | Int32Array {
  const { dtype, quantization } = weight.spec;
  if (dtype === 'bool' && !quantization) return Int32Array.from(new Uint8Array(weight.bytes()));
  if (dtype !== 'int32') return decodeFloats(weight);
  if (!quantization) return new Int32Array(weight.bytes());
  // quantised like a float, and rounded: as TensorFlow.js does
  const floats = decodeFloats({ ...weight, spec: { ...weight.spec, dtype: 'float32' } });
  return Int32Array.from(floats, Math.round);
}
