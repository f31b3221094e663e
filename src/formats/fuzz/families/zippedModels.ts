import { Dice } from '../dice.ts';
import type { FuzzCase, FuzzFamily } from '../fuzzCase.ts';
import { cuts, mutateBytes } from '../mutators/bytes.ts';
import { mutateZip, overlapping, packed, renamed, withZip64 } from '../mutators/zip.ts';
import { modelCase, openFiles, type Expectation, type Files } from '../networkOracle.ts';
import { filesOf, soundLayersModels, type SoundModel } from './layersModel.ts';
import { encoded } from './sources.ts';

interface Zipped extends SoundModel {
  readonly files: Files;
  readonly zip: Uint8Array;
}

/** Zips of TensorFlow.js layers models. Their checksums let no change through. */
export const zippedModels: FuzzFamily = {
  async cases(seed) {
    const models = await soundLayersModels();
    const sounds = await Promise.all([0, 6].flatMap((level) => models.slice(1, 3).map(async (model): Promise<Zipped> => {
      const files = filesOf(JSON.stringify(model.json), model.weights);
      const zip = packed(files, level as 0 | 6);
      await openFiles({ 'model.zip': zip });
      return { ...model, files, zip };
    })));
    const each = <T>(count: number, make: (sound: Zipped, dice: Dice) => T): readonly T[] =>
      Array.from({ length: count }, (_, k) => make(sounds[k % sounds.length], new Dice(seed * 1000 + k)));
    return [
      ...sounds.flatMap((sound) => cuts(sound.zip, 20).map((length) => caseOf(sound, `cut to ${length} bytes`, 'unchanged', () => sound.zip.slice(0, length)))),
      ...each(120, (sound, dice) => {
        const { name, bytes } = mutateBytes(sound.zip, dice);
        return caseOf(sound, name, 'unchanged', () => bytes);
      }),
      ...each(140, (sound, dice) => {
        const { name, bytes } = mutateZip(sound.zip, dice);
        return caseOf(sound, name, 'unchanged', () => bytes);
      }),
      ...paths(sounds[0]),
      ...bombs(sounds[0]),
    ];
  },
};

function caseOf({ network }: Zipped, name: string, expect: Expectation, zip: () => Uint8Array): FuzzCase {
  return modelCase({ name: `${network.name}: ${name}`, files: () => ({ 'model.zip': zip() }), expect, sound: network });
}

function paths(sound: Zipped): readonly FuzzCase[] {
  const tricks = [
    '../model.json', '../../etc/passwd', '/model.json', '/etc/passwd', 'C:/model.json', 'c:model.json', '..\\model.json', 'a\\b.bin', '\\\\host\\x',
    'a/../../model.json', 'a/..', '..', './../x', 'nul\0.bin', 'model.json/../../x',
  ];
  return [
    ...tricks.map((path) => caseOf(sound, `with the path ${JSON.stringify(path)}`, 'refused', () => packed({ ...sound.files, [path]: encoded('x') }))),
    caseOf(sound, 'two files of one name', 'refused', () => renamed(packed({ ...sound.files, 'Model.json': encoded('{}') }), 'Model.json', 'model.json')),
    caseOf(sound, 'two weight files of one name', 'refused', () => renamed(packed({ ...sound.files, 'Weights.bin': new Uint8Array(9) }), 'Weights.bin', 'weights.bin')),
    caseOf(sound, 'a file and a folder of one name', 'unchanged', () => packed({ ...sound.files, 'weights.bin/x': new Uint8Array(9) })),
    caseOf(sound, 'names in another case', 'refused', () => renamed(sound.zip, 'weights.bin', 'WEIGHTS.BIN')),
    caseOf(sound, 'names of 60,000 characters', 'unchanged', () => packed({ ...sound.files, [`${'long '.repeat(12_000)}/x`]: new Uint8Array(1) })),
    caseOf(sound, 'names that do not print', 'unchanged', () => packed({ ...sound.files, '\u001b[2J\u202e/x': new Uint8Array(1) })),
    caseOf(sound, 'files called like what objects have', 'unchanged', () => packed({ ...sound.files, constructor: encoded('x'), toString: encoded('x') })),
    caseOf(sound, 'only a file that does not print', 'refused', () => packed({ '\u001b[2J\u202e.json': encoded('{}') })),
  ];
}

const MIB = 1024 ** 2;

function bombs(sound: Zipped): readonly FuzzCase[] {
  const graph = (shards: readonly string[]): Uint8Array =>
    encoded(JSON.stringify({ format: 'graph-model', modelTopology: { node: [{ name: 'x', op: 'Placeholder' }] }, weightsManifest: [{ paths: shards, weights: [] }] }));
  const numbered = (count: number): readonly string[] => Array.from({ length: count }, (_, k) => `${k}.bin`);
  const refused = (name: string, zip: () => Uint8Array): FuzzCase => caseOf(sound, name, 'refused', zip);
  const nested = (zip: Uint8Array, times: number): Uint8Array => (times === 0 ? zip : nested(packed({ 'model.zip': zip }, 0), times - 1));
  return [
    refused('weights that unpack to 80 MiB of zeros', () => packed({ ...sound.files, 'weights.bin': new Uint8Array(80 * MIB) })),
    refused('a description that unpacks to 80 MiB of blanks', () => packed({ ...sound.files, 'model.json': new Uint8Array(80 * MIB).fill(0x20) })),
    refused('a description of 8 MiB of brackets', () => packed({ ...sound.files, 'model.json': new Uint8Array(8 * MIB).fill(0x5b) })),
    refused('80 files of 1 MiB', () => packed({ 'model.json': graph(numbered(80)), ...Object.fromEntries(numbered(80).map((path) => [path, new Uint8Array(MIB)])) })),
    refused('20,000 small files, all of them asked for', () =>
      packed({ 'model.json': graph(numbered(20_000)), ...Object.fromEntries(numbered(20_000).map((path) => [path, new Uint8Array(4)])) }, 0)),
    refused('20,000 descriptions, none of them of a model', () => packed(Object.fromEntries(numbered(20_000).map((path) => [path.replace('bin', 'json'), encoded('{}')])), 0)),
    refused('20,000 names for the same 2 MiB', () => {
      const bomb = overlapping('model.json', new Uint8Array(2 * MIB).fill(0x20), 20_000, (k) => `${k}.bin`);
      return bomb;
    }),
    ...[1, 2, 8].map((times) => refused(`zips in zips, ${times + 1} deep`, () => nested(packed({ 'model.zip': sound.zip }), times))),
    caseOf(sound, 'a zip in a zip', 'refused', () => packed({ 'model.zip': sound.zip })),
    ...[0n, 1n, 2n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n].map((value) =>
      caseOf(sound, `records of a large zip that say ${value}`, 'unchanged', () => withZip64(sound.zip, value))),
  ];
}
