import { readFile } from 'node:fs/promises';
import type { File, Group } from 'h5wasm';
import { unzipSync } from 'fflate';
import type { Network } from '../../../network/network.ts';
import { weightsOf } from '../../../network/shapes.ts';
import { addDataset, kerasZipOf } from '../../fixtures/kerasWriter.ts';
import { Dice } from '../dice.ts';
import type { FuzzCase, FuzzFamily } from '../fuzzCase.ts';
import { amongBytes, cuts, mutateBytes } from '../mutators/bytes.ts';
import { mutateJson, type Json } from '../mutators/json.ts';
import { mutateZip, packed } from '../mutators/zip.ts';
import { modelCase, openFiles, type Expectation, type Files } from '../networkOracle.ts';
import { encoded, NOT_FINITE, soundNetworks, withFloat } from './sources.ts';

interface Sound {
  readonly name: string;
  readonly network: Network;
  readonly zip: Uint8Array;
  readonly files: Files;
}

const FIXTURES = ['keras2.keras', 'keras2_13.keras', 'keras3.keras'] as const;

/** `.keras` files: as zips, and the description and the weights in them. */
export const kerasZipFiles: FuzzFamily = {
  async cases(seed) {
    const networks = soundNetworks();
    const written = await Promise.all(networks.map((network) => kerasZipOf(network)));
    const fixtures = await Promise.all(FIXTURES.map((name) => readFile(new URL(`../../fixtures/keras/${name}`, import.meta.url))));
    const names = [...networks.map(({ name }) => name), ...FIXTURES];
    const sounds = await Promise.all([...written, ...fixtures].map(async (content, k): Promise<Sound> => {
      const files = unzipSync(Uint8Array.from(content));
      const zip = packed(files, k % 2 === 0 ? 0 : 6);
      return { name: names[k], files, zip, network: await openFiles({ 'model.keras': zip }) };
    }));
    const each = <T>(count: number, offset: number, make: (sound: Sound, dice: Dice) => T): readonly T[] =>
      Array.from({ length: count }, (_, k) => make(sounds[k % sounds.length], new Dice(seed * 1000 + offset + k)));
    return [
      ...sounds.flatMap((sound) => cuts(sound.zip, 6).map((length) => caseOf(sound, `cut to ${length} bytes`, 'unchanged', () => sound.zip.slice(0, length)))),
      ...each(70, 0, (sound, dice) => {
        const { name, bytes } = mutateBytes(sound.zip, dice);
        return caseOf(sound, name, 'unchanged', () => bytes);
      }),
      ...each(50, 100, (sound, dice) => {
        const { name, bytes } = mutateZip(sound.zip, dice);
        return caseOf(sound, name, 'unchanged', () => bytes);
      }),
      ...each(120, 200, (sound, dice) => {
        const part = dice.chance(0.9) ? 'config.json' : 'metadata.json';
        const { name, text } = mutateJson(JSON.parse(new TextDecoder().decode(sound.files[part])) as Json, dice);
        return withPart(sound, `${part}: ${name}`, 'anyNetwork', part, () => encoded(text));
      }),
      ...each(70, 400, (sound, dice) => {
        const { name, bytes } = mutateBytes(sound.files['model.weights.h5'], dice, amongBytes);
        return withPart(sound, `weights: ${name}`, 'anyNetwork', 'model.weights.h5', () => bytes);
      }),
      ...sounds.flatMap((sound) => parts(sound)),
      caseOf(sounds[0], 'weights of 80 MiB that pack to a thousandth', 'refused', () => packed({ ...sounds[0].files, 'model.weights.h5': new Uint8Array(80 * 1024 ** 2) })),
      ...(await weights(sounds[0], networks[0])),
    ];
  },
};

function caseOf({ name: sound, network }: Pick<Sound, 'name' | 'network'>, name: string, expect: Expectation, zip: () => Uint8Array): FuzzCase {
  return modelCase({ name: `${sound}: ${name}`, files: () => ({ 'model.keras': zip() }), expect, sound: network });
}

/** In a sound zip, whose checksums are those of the damaged part. */
function withPart(sound: Sound, name: string, expect: Expectation, part: string, bytes: () => Uint8Array): FuzzCase {
  return caseOf(sound, name, expect, () => packed({ ...sound.files, [part]: bytes() }, 0));
}

function parts(sound: Sound): readonly FuzzCase[] {
  const weights = sound.files['model.weights.h5'];
  return [
    ...Object.keys(sound.files).map((part) => {
      const { [part]: _missing, ...rest } = sound.files;
      return caseOf(sound, `without ${part}`, 'refused', () => packed(rest));
    }),
    ...Object.keys(sound.files).map((part) => withPart(sound, `${part} empty`, 'refused', part, () => new Uint8Array(0))),
    withPart(sound, 'weights that are no HDF5', 'refused', 'model.weights.h5', () => new Uint8Array(2000)),
    ...cuts(weights, 6).slice(1).map((length) => withPart(sound, `weights cut to ${length} bytes`, 'unchanged', 'model.weights.h5', () => weights.slice(0, length))),
    withPart(sound, 'Keras 99', 'refused', 'metadata.json', () => encoded('{"keras_version":"99.0.0"}')),
    caseOf(sound, 'a path that leads out', 'refused', () => packed({ ...sound.files, '../config.json': encoded('{}') })),
  ];
}

const STEM = 'layers/conv2d/vars';

/** Weights that the library itself writes, and numbers in them that are none. */
async function weights(sound: Sound, network: Network): Promise<readonly FuzzCase[]> {
  const alterations: readonly (readonly [string, Expectation, (file: File) => void])[] = [
    ['one weight more', 'refused', (file) => addDataset(file, `${STEM}/1`, { shape: [1], values: new Float32Array(1) })],
    ['a weight of another name', 'refused', (file) => { (file.get(STEM) as Group).create_attribute('name', 'other'); }],
    ['a group beside the weight', 'refused', (file) => { (file.get(STEM) as Group).create_group('x'); }],
    ['a link beside the weight', 'refused', (file) => { (file.get(STEM) as Group).create_soft_link('/nowhere', 'x'); }],
    ['groups that nobody reads', 'unchanged', (file) => { for (let k = 0; k < 2000; k++) file.create_group(`g${k}`); }],
  ];
  const cases: FuzzCase[] = [];
  for (const [name, expect, alter] of alterations) {
    const zip = await kerasZipOf(network, alter);
    cases.push(caseOf(sound, name, expect, () => zip));
  }
  const notFinite = network.nodes.flatMap((node) => weightsOf(node)).flatMap(([, { values }]) => NOT_FINITE.map((value) => {
    const stored = sound.files['model.weights.h5'];
    const at = Buffer.from(stored).indexOf(Buffer.from(values.buffer, values.byteOffset, values.byteLength));
    return withPart(sound, `the weight at byte ${at} is ${value}`, 'refused', 'model.weights.h5', () => withFloat(stored, at, value));
  }));
  return [...cases, ...notFinite];
}
