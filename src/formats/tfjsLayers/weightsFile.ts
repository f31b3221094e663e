import type { Weight } from '../../network/network.ts';
import { MissingWeightError, ModelFileError, TruncatedWeightsError, UnsupportedWeightError } from './errors.ts';
import type { WeightsGroup } from './schema.ts';

/**
 * Brings one weight shard, by its path relative to `model.json`: a fetch in a browser, a file
 * read in Node, a look-up in a zip or a list of dropped files. The bytes are not kept.
 */
export type ReadShard = (path: string) => Promise<ArrayBuffer | Uint8Array>;

/** The weight called `weight` of `layer`; throws `MissingWeightError`. */
export type FindWeight = (layer: string, weight: string) => Weight;

/**
 * Reads all weights of a manifest. Weight names are `<layer>/<weight>`, possibly with a scope in
 * front and `:0` behind. Shards of a group are one stream, float32, little-endian.
 */
export async function readWeights(manifest: readonly WeightsGroup[], readShard: ReadShard): Promise<FindWeight> {
  const weights = new Map<string, Weight>();
  for (const group of manifest) {
    for (const path of group.paths) checkPath(path);
    const shards = await Promise.all(group.paths.map(readShard));
    for (const [name, weight] of unpack(group, join(shards))) {
      const plain = name.replace(/:\d+$/, '');
      if (weights.has(plain)) throw new ModelFileError(`The weightsManifest lists "${plain}" twice.`);
      weights.set(plain, weight);
    }
  }
  return (layer, weight) => {
    const name = `${layer}/${weight}`;
    const scoped = weights.get(name) ?? [...weights].find(([known]) => known.endsWith(`/${name}`))?.[1];
    if (!scoped) throw new MissingWeightError(layer, weight);
    return scoped;
  };
}

/** A shard must lie beside or below `model.json`. */
function checkPath(path: string): void {
  if (path === '' || /^[/\\]|^[a-z][a-z0-9+.-]*:|\\/i.test(path) || path.split('/').includes('..')) {
    throw new ModelFileError(`The weight file "${path}" does not lie beside model.json.`);
  }
}

function join(shards: readonly (ArrayBuffer | Uint8Array)[]): Uint8Array {
  const parts = shards.map((shard) => (shard instanceof Uint8Array ? shard : new Uint8Array(shard)));
  const joined = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

function* unpack(group: WeightsGroup, bytes: Uint8Array): Generator<readonly [string, Weight]> {
  let at = 0;
  for (const { name, shape, dtype, quantization } of group.weights) {
    if (quantization) throw new UnsupportedWeightError(name, `${quantization.dtype}, quantised,`);
    if (dtype !== 'float32') throw new UnsupportedWeightError(name, dtype);
    const end = at + 4 * shape.reduce((product, d) => product * d, 1);
    if (end > bytes.length) throw new TruncatedWeightsError(name, group.paths, end, bytes.length);
    yield [name, { shape, values: new Float32Array(bytes.slice(at, end).buffer) }];
    at = end;
  }
  if (at < bytes.length) {
    throw new ModelFileError(
      `The weight files (${group.paths.join(', ')}) hold ${bytes.length} bytes, but their weights need ${at}. ` +
        'They do not belong to this model.json.',
    );
  }
}
