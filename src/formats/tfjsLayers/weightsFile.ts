import { MissingWeightError, ModelFileError, TruncatedWeightsError, UnsupportedWeightError } from '../kerasLayers/errors.ts';
import { float16ToFloat32 } from '../kerasLayers/float16.ts';
import type { WeightSource } from '../kerasLayers/layerSource.ts';
import { weightNames } from '../kerasLayers/weightNames.ts';
import type { WeightSpec, WeightsGroup } from './modelJson.ts';

/**
 * Brings one weight shard, by its path relative to `model.json`: a fetch in a browser, a file
 * read in Node, a look-up in a zip or a list of dropped files. The bytes are not kept.
 */
export type ReadShard = (path: string) => Promise<ArrayBuffer | Uint8Array>;

/**
 * Reads the shards of a manifest, and gives the layers' weights by name: `<layer>/<weight>`,
 * possibly with a scope in front and `:0` behind. Shards of a group are one stream, little-endian,
 * and must hold its weights to the byte. A weight is decoded when it is asked for: float32, float16,
 * or quantised to uint8, uint16 (`value · scale + min`) or float16.
 *
 * Throws `ModelFileError` for paths that leave the folder, repeated names and left-over bytes, and
 * `TruncatedWeightsError`; looking a weight up, `MissingWeightError` and `UnsupportedWeightError`.
 */
export async function readWeights(manifest: readonly WeightsGroup[], readShard: ReadShard): Promise<WeightSource> {
  const stored = await readStoredWeights(manifest, readShard);
  const find = weightNames([...stored.keys()]);
  return (layer) => (weight) => {
    const found = stored.get(find(layer.path, weight) ?? '');
    if (!found) throw new MissingWeightError(layer.id, weight, "the model's weightsManifest does not list");
    return { shape: found.spec.shape, values: decodeFloats(found) };
  };
}

/** A weight as it lies in the shards. */
export interface StoredWeight {
  readonly spec: WeightSpec;
  /** A copy of its bytes, little-endian. */
  bytes(): ArrayBuffer;
}

/** Name, without `:0`, → weight. Throws as `readWeights` does, apart from what looking up throws. */
export async function readStoredWeights(
  manifest: readonly WeightsGroup[],
  readShard: ReadShard,
): Promise<ReadonlyMap<string, StoredWeight>> {
  const stored = new Map<string, StoredWeight>();
  for (const group of manifest) {
    for (const path of group.paths) checkPath(path);
    const shards = await Promise.all(group.paths.map(readShard));
    for (const weight of layOut(group, new ByteStream(shards))) {
      const name = weight.spec.name.replace(/:\d+$/, '');
      if (stored.has(name)) throw new ModelFileError(`The weightsManifest lists "${name}" twice.`);
      stored.set(name, weight);
    }
  }
  return stored;
}

/** A shard must lie beside or below `model.json`. */
function checkPath(path: string): void {
  if (path === '' || /^[/\\]|^[a-z][a-z0-9+.-]*:|\\/i.test(path) || path.split('/').includes('..')) {
    throw new ModelFileError(`The weight file "${path}" does not lie beside model.json.`);
  }
}

/** Shards end to end, without joining them. */
class ByteStream {
  readonly #parts: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
  readonly length: number;

  constructor(shards: readonly (ArrayBuffer | Uint8Array)[]) {
    let offset = 0;
    this.#parts = shards.map((shard) => {
      const part = { offset, bytes: shard instanceof Uint8Array ? shard : new Uint8Array(shard) };
      offset += part.bytes.length;
      return part;
    });
    this.length = offset;
  }

  /** A copy of the bytes from `start` to before `end`, which must lie within. */
  read(start: number, end: number): ArrayBuffer {
    const copy = new Uint8Array(end - start);
    for (let k = this.#partAt(start); k < this.#parts.length && this.#parts[k].offset < end; k++) {
      const { offset, bytes } = this.#parts[k];
      const from = Math.max(start, offset);
      copy.set(bytes.subarray(from - offset, end - offset), from - start);
    }
    return copy.buffer;
  }

  /** The part in which byte `at` lies. */
  #partAt(at: number): number {
    let [low, high] = [0, this.#parts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#parts[middle].offset <= at) low = middle;
      else high = middle;
    }
    return low;
  }
}

/** Every weight of the group; throws unless they fill the stream. */
function* layOut(group: WeightsGroup, stream: ByteStream): Generator<StoredWeight> {
  let at = 0;
  for (const spec of group.weights) {
    const start = at;
    const end = start + bytesPerValue(spec) * spec.shape.reduce((product, size) => product * size, 1);
    if (!(end <= stream.length)) throw new TruncatedWeightsError(spec.name, group.paths, end, stream.length);
    yield { spec, bytes: () => stream.read(start, end) };
    at = end;
  }
  if (at < stream.length) {
    throw new ModelFileError(
      `The weight files (${group.paths.join(', ')}) hold ${stream.length} bytes, but their weights need ${at}. ` +
        'They do not belong to this model.json.',
    );
  }
}

const BYTES: ReadonlyMap<string, number> = new Map([
  ['float32', 4], ['float16', 2], ['int32', 4], ['uint16', 2], ['uint8', 1], ['bool', 1], ['complex64', 8],
]);
const READABLE = 'float32, float16, and float32 quantised to uint8, uint16 or float16';

function bytesPerValue(spec: WeightSpec): number {
  const bytes = BYTES.get(storedType(spec));
  if (bytes === undefined) throw new UnsupportedWeightError(spec.name, storedType(spec), READABLE);
  return bytes;
}

function storedType({ dtype, quantization }: WeightSpec): string {
  return quantization?.dtype ?? dtype;
}

/** The values of a weight of floating point. Throws `UnsupportedWeightError` for another type, `ModelFileError`. */
export function decodeFloats(weight: StoredWeight): Float32Array {
  const { spec } = weight;
  const { dtype, quantization } = spec;
  const type = storedType(spec);
  const bytes = weight.bytes();
  if (quantization && dtype !== 'float32') throw new UnsupportedWeightError(spec.name, `${dtype}, quantised to ${type}`, READABLE);
  if (quantization && (type === 'uint8' || type === 'uint16')) {
    const { scale, min } = quantization;
    if (scale === undefined || min === undefined) {
      throw new ModelFileError(`Weight "${spec.name}" is quantised to ${type}, but its scale and min are not given.`);
    }
    return Float32Array.from(type === 'uint8' ? new Uint8Array(bytes) : new Uint16Array(bytes), (value) => value * scale + min);
  }
  if (type === 'float16') return float16ToFloat32(new Uint16Array(bytes));
  if (type === 'float32' && !quantization) return new Float32Array(bytes);
  throw new UnsupportedWeightError(spec.name, quantization ? `${type}, quantised` : type, READABLE);
}
