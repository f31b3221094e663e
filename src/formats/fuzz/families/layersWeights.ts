import { Dice } from '../dice.ts';
import type { FuzzCase, FuzzFamily } from '../fuzzCase.ts';
import { cuts, joined, mutateWithin } from '../mutators/bytes.ts';
import { modelCase, type Expectation, type Files } from '../networkOracle.ts';
import { soundLayersModels, type ModelJson, type SoundModel, type WeightJson } from './layersModel.ts';
import { encoded, NOT_FINITE, withFloat } from './sources.ts';

const SHARDS = ['group1-shard1of3.bin', 'group1-shard2of3.bin', 'group1-shard3of3.bin'];

/** The weights of TensorFlow.js layers models, in three files beside `model.json`. */
export const layersWeights: FuzzFamily = {
  async cases(seed) {
    const sounds = await soundLayersModels();
    return sounds.flatMap((sound, k) => [
      ...lengths(sound),
      ...values(sound, new Dice(seed * 1000 + k)),
      ...shards(sound),
      ...specs(sound),
    ]);
  },
};

/** With the weights in three files, or in those that `split` makes of them. */
function caseOf(
  { network, json, weights }: SoundModel,
  name: string,
  expect: Expectation,
  alter: (weights: Uint8Array) => Uint8Array,
  change: (json: ModelJson) => void = () => {},
  shards: (files: Files) => Files = (files) => files,
): FuzzCase {
  const files = (): Files => {
    const description = structuredClone(json);
    description.weightsManifest[0].paths = [...SHARDS];
    change(description);
    const bytes = alter(weights);
    const ends = SHARDS.map((_, k) => Math.floor(((k + 1) * bytes.length) / SHARDS.length) - (k < 2 ? 1 : 0)); // inside values
    const parts = SHARDS.map((shard, k) => [shard, bytes.subarray(k === 0 ? 0 : ends[k - 1], ends[k])] as const);
    return { 'model.json': encoded(JSON.stringify(description)), ...shards(Object.fromEntries(parts)) };
  };
  return modelCase({ name: `${network.name}: ${name}`, files, expect, sound: network });
}

const same = (bytes: Uint8Array): Uint8Array => bytes;

function lengths(sound: SoundModel): readonly FuzzCase[] {
  return [
    caseOf(sound, 'nothing changed', 'unchanged', same),
    ...cuts(sound.weights, 16).map((length) => caseOf(sound, `weights cut to ${length} bytes`, 'refused', (bytes) => bytes.slice(0, length))),
    ...[1, 3, 4, 4096].map((more) => caseOf(sound, `${more} bytes more`, 'refused', (bytes) => joined(bytes, new Uint8Array(more)))),
    ...[1, 7, 256].map((at) => caseOf(sound, `a byte inserted at ${at}`, 'refused', (bytes) => joined(bytes.subarray(0, at), Uint8Array.of(9), bytes.subarray(at)))),
  ];
}

function values(sound: SoundModel, dice: Dice): readonly FuzzCase[] {
  const count = sound.weights.length / 4;
  const notFinite = [0, count - 1, ...Array.from({ length: 4 }, () => dice.below(count))].flatMap((at) => NOT_FINITE.map((value) =>
    caseOf(sound, `weight ${at} is ${value}`, 'refused', (bytes) => withFloat(bytes, 4 * at, value))));
  const damaged = Array.from({ length: 10 }, () => {
    const { name, bytes } = mutateWithin(sound.weights, 0, sound.weights.length, dice);
    return caseOf(sound, name, 'sameLayers', () => bytes);
  });
  return [...notFinite, ...damaged];
}

function shards(sound: SoundModel): readonly FuzzCase[] {
  const listed = (paths: readonly string[]) => (json: ModelJson): void => { json.weightsManifest[0].paths = [...paths]; };
  const refused = (name: string, paths: readonly string[], files?: (files: Files) => Files): FuzzCase => caseOf(sound, name, 'refused', same, listed(paths), files);
  const outside = ['../weights.bin', '/etc/passwd', 'a/../../weights.bin', 'C:\\weights.bin', '..\\weights.bin', 'https://example.com/w.bin', 'file:///etc/passwd', '//host/w.bin', '', 'data:,x'];
  return [
    ...SHARDS.map((shard) => refused(`${shard} is missing`, SHARDS, ({ [shard]: _missing, ...files }) => files)),
    ...SHARDS.map((shard) => refused(`${shard} is not listed`, SHARDS.filter((each) => each !== shard))),
    ...SHARDS.map((shard) => refused(`${shard} is empty`, SHARDS, (files) => ({ ...files, [shard]: new Uint8Array(0) }))),
    ...SHARDS.map((shard) => refused(`${shard} is listed twice`, [...SHARDS, shard])),
    ...outside.map((path) => refused(`a file is called "${path}"`, [SHARDS[0], path, SHARDS[2]], (files) => ({ ...files, [path]: files[SHARDS[1]] }))),
    refused('a file is the description', [SHARDS[0], 'model.json', SHARDS[2]]),
    refused('20,000 files of nothing', [...SHARDS, ...Array.from({ length: 20_000 }, () => SHARDS[0])]),
    refused('no files', []),
    refused('a file called __proto__', [...SHARDS, '__proto__']),
    caseOf(sound, 'files exchanged', 'sameLayers', same, listed([SHARDS[1], SHARDS[0], SHARDS[2]])),
    caseOf(sound, 'in a second group that is empty', 'refused', same, (json) => { json.weightsManifest.push({ paths: ['other.bin'], weights: [] }); }),
  ];
}

/** What the manifest says of the bytes. */
function specs(sound: SoundModel): readonly FuzzCase[] {
  const changed = (name: string, change: (first: WeightJson, all: WeightJson[]) => void): FuzzCase =>
    caseOf(sound, name, 'refused', same, (json) => {
      const [{ weights }] = json.weightsManifest;
      change(weights[0], weights);
    });
  const { shape: [first, ...rest] } = sound.json.weightsManifest[0].weights[0];
  return [
    changed('a shape of no axes', (spec) => { spec.shape = []; }),
    changed('axes joined', (spec) => { spec.shape = [first * rest[0], ...rest.slice(1)]; }),
    changed('axes reversed', (spec) => { spec.shape.reverse(); }),
    changed('an axis of none', (spec) => { spec.shape = [0, ...rest]; }),
    changed('a product beyond 2^53', (spec) => { spec.shape = [2 ** 53, 2 ** 53, 2 ** 53]; }),
    changed('a product that overflows to infinity', (spec) => { spec.shape = Array.from({ length: 60 }, () => 2 ** 53); }),
    changed('no numbers but infinitely many', (spec) => { spec.shape = [0, ...Array.from({ length: 60 }, () => 2 ** 53)]; }),
    ...['int32', 'string', 'complex64', 'bool', 'float64', '__proto__', 'constructor'].map((dtype) => changed(`of type ${dtype}`, (spec) => { spec.dtype = dtype; })),
    ...['uint8', 'uint16', 'float16', 'int4'].map((dtype) => changed(`quantised to ${dtype} without being so`, (spec) => { spec.quantization = { dtype, scale: 1, min: 0 }; })),
    changed('names exchanged with a weight of another shape', (spec, all) => {
      const other = all.find(({ shape }) => shape.join() !== spec.shape.join());
      if (other) [spec.name, other.name] = [other.name, spec.name];
    }),
    changed('a name twice', (spec, all) => { spec.name = all[1].name; }),
    ...NOT_FINITE_TEXTS.map((scale) => caseOf(sound, `quantised by ${scale}`, 'refused', quantised, (json) => {
      for (const spec of json.weightsManifest[0].weights) spec.quantization = { dtype: 'uint8', scale, min: -1 };
    })),
    caseOf(sound, 'quantised by 1/64', 'sameLayers', quantised, (json) => {
      for (const spec of json.weightsManifest[0].weights) spec.quantization = { dtype: 'uint8', scale: 1 / 64, min: 0.5 };
    }),
  ];
}

/** Beyond float32, and beyond any number. */
const NOT_FINITE_TEXTS = [1e300, -1e300] as const;

function quantised(weights: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: weights.length / 4 }, (_, k) => weights[4 * k + 1] | 1);
}
