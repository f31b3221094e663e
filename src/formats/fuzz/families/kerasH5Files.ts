import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Dataset, File, Group } from 'h5wasm';
import type { Network } from '../../../network/network.ts';
import { addDataset, hdf5Bytes, kerasH5Of } from '../../fixtures/kerasWriter.ts';
import { Dice } from '../dice.ts';
import type { FuzzCase, FuzzFamily } from '../fuzzCase.ts';
import { amongBytes, cuts, mutateBytes } from '../mutators/bytes.ts';
import { mutateJson, type Json } from '../mutators/json.ts';
import { modelCase, openFiles, type Expectation } from '../networkOracle.ts';
import { NOT_FINITE, soundNetworks } from './sources.ts';

interface Sound {
  readonly name: string;
  readonly network: Network;
  readonly bytes: Uint8Array;
}

const FIXTURES = ['keras2.h5', 'keras3.h5'] as const;

/**
 * Whole Keras models as HDF5. The format has no checksums, so that damage may make another network
 * of it, but never may the library hang, or be of no more use to the files after it.
 */
export const kerasH5Files: FuzzFamily = {
  async cases(seed) {
    const networks = soundNetworks();
    const written = await Promise.all(networks.map((network) => kerasH5Of(network)));
    const fixtures = await Promise.all(FIXTURES.map((name) => readFile(new URL(`../../fixtures/keras/${name}`, import.meta.url))));
    const names = [...networks.map(({ name }) => name), ...FIXTURES];
    const sounds = await Promise.all([...written, ...fixtures].map(async (content, k): Promise<Sound> => {
      const bytes = Uint8Array.from(content);
      return { name: names[k], bytes, network: await openFiles({ 'model.h5': bytes }) };
    }));
    witness = sounds[1];
    const altered = await structural(sounds[0], networks[0], seed);
    return [
      ...sounds.flatMap((sound) => cuts(sound.bytes, 10).map((length) => caseOf(sound, `cut to ${length} bytes`, 'unchanged', () => sound.bytes.slice(0, length)))),
      ...Array.from({ length: 240 }, (_, k) => {
        const sound = sounds[k % sounds.length];
        const { name, bytes } = mutateBytes(sound.bytes, new Dice(seed * 1000 + k), amongBytes);
        return caseOf(sound, name, 'anyNetwork', () => bytes);
      }),
      ...altered,
    ];
  },
  async faultAfter() {
    if (!witness) return undefined;
    const again = await openFiles({ 'model.h5': witness.bytes }).catch((error: unknown) => error);
    return isDeepStrictEqual(again, witness.network) ? undefined : `thereafter a sound file does not open: ${String(again).slice(0, 200)}`;
  },
};

/** A sound file, opened again after every case. */
let witness: Sound | undefined;

function caseOf({ name: sound, network }: Pick<Sound, 'name' | 'network'>, name: string, expect: Expectation, bytes: () => Uint8Array): FuzzCase {
  return modelCase({ name: `${sound}: ${name}`, files: () => ({ 'model.h5': bytes() }), expect, sound: network });
}

const layer = (file: File, name: string): Group => file.get(`model_weights/${name}`) as Group;

function replaced(owner: { delete_attribute(name: string): unknown; create_attribute: Group['create_attribute'] }, name: string, ...value: [data: unknown, shape?: number[] | null, type?: string]): void {
  owner.delete_attribute(name);
  owner.create_attribute(name, ...(value as [string]));
}

/** The first weight of layer `stem`, of `[3, 3, 3, 6]`, replaced. */
function weight(file: File, shape: readonly number[], values: Float32Array, more: object = {}): void {
  const group = layer(file, 'stem');
  replaced(group, 'weight_names', ['kernel']);
  addDataset(group, 'kernel', { shape, values }, more);
}

type Alteration = readonly [name: string, expect: Expectation, alter: (file: File) => void];

const KERNEL = [3, 3, 3, 6] as const;
const kernel = (fill = 0.1): Float32Array => new Float32Array(162).fill(fill);

const ALTERATIONS: readonly Alteration[] = [
  ['no model_config', 'refused', (file) => { file.delete_attribute('model_config'); }],
  ['no keras_version', 'refused', (file) => { file.delete_attribute('keras_version'); }],
  ['a version that is a number', 'refused', (file) => replaced(file, 'keras_version', new Float32Array([2]))],
  ['a version of a thousand strings', 'anyNetwork', (file) => replaced(file, 'keras_version', Array.from({ length: 1000 }, () => '2.15.0'))],
  ['a model_config of numbers', 'refused', (file) => replaced(file, 'model_config', new Int32Array(9))],
  ['an empty model_config', 'refused', (file) => replaced(file, 'model_config', '')],
  ['a model_config of 100,000 brackets', 'refused', (file) => replaced(file, 'model_config', '['.repeat(60_000))],
  ['a model_config that does not print', 'refused', (file) => replaced(file, 'model_config', '\u0001\u001b[2J')],
  ['no weights', 'refused', (file) => { file.get('model_weights'); replaced(layer(file, 'stem'), 'weight_names', ['other/kernel:0']); }],
  ['weight_names that are numbers', 'refused', (file) => replaced(layer(file, 'stem'), 'weight_names', new Float32Array(3))],
  ['weight_names twice the same', 'unchanged', (file) => replaced(layer(file, 'stem'), 'weight_names', ['stem/kernel:0', 'stem/kernel:0'])],
  ['weight_names that leave the group', 'refused', (file) => replaced(layer(file, 'stem'), 'weight_names', ['../../stem_norm/kernel:0'])],
  ['weight_names of what is a group', 'refused', (file) => { layer(file, 'stem').create_group('kernel'); replaced(layer(file, 'stem'), 'weight_names', ['kernel']); }],
  ['weight_names of itself', 'refused', (file) => replaced(layer(file, 'stem'), 'weight_names', ['.'])],
  ['a kernel of one row more', 'refused', (file) => weight(file, [4, 3, 3, 6], new Float32Array(216))],
  ['a kernel of other axes', 'refused', (file) => weight(file, [6, 3, 3, 3], kernel())],
  ['a kernel of one axis', 'refused', (file) => weight(file, [162], kernel())],
  ['a kernel in float64', 'sameLayers', (file) => { replaced(layer(file, 'stem'), 'weight_names', ['kernel']); layer(file, 'stem').create_dataset({ name: 'kernel', data: Float64Array.from(kernel()), shape: [...KERNEL] }); }],
  ['a kernel in float64 beyond float32', 'refused', (file) => { replaced(layer(file, 'stem'), 'weight_names', ['kernel']); layer(file, 'stem').create_dataset({ name: 'kernel', data: Float64Array.from(kernel()).fill(1e300), shape: [...KERNEL] }); }],
  ['a kernel of whole numbers', 'refused', (file) => { replaced(layer(file, 'stem'), 'weight_names', ['kernel']); layer(file, 'stem').create_dataset({ name: 'kernel', data: new Int32Array(162), shape: [...KERNEL] }); }],
  ['a kernel of text', 'refused', (file) => { replaced(layer(file, 'stem'), 'weight_names', ['kernel']); layer(file, 'stem').create_dataset({ name: 'kernel', data: ['a', 'b'] }); }],
  ...NOT_FINITE.map((value): Alteration => [`a kernel of ${value}`, 'refused', (file) => weight(file, KERNEL, kernel(value))]),
  ['a kernel compressed', 'sameLayers', (file) => weight(file, KERNEL, kernel(), { compression: 'gzip', chunks: [...KERNEL] })],
  ['a kernel of 10^12 values that are not stored', 'refused', (file) => {
    weight(file, [2, 2], new Float32Array(4), { maxshape: [null, null], chunks: [2, 2], compression: 'gzip' });
    (layer(file, 'stem').get('kernel') as Dataset).resize([1e6, 1e6]);
  }],
  ['a kernel of 4 GiB that are not stored', 'refused', (file) => {
    weight(file, [2, 2], new Float32Array(4), { maxshape: [null, null], chunks: [2, 2], compression: 'gzip' });
    (layer(file, 'stem').get('kernel') as Dataset).resize([2 ** 15, 2 ** 15]);
  }],
  ['a kernel of 64 MiB of zeros in 64 KiB', 'refused', (file) => weight(file, [4096, 4096], new Float32Array(4096 * 4096), { chunks: [512, 4096], compression: 'gzip' })],
  ['a kernel that is a link to itself', 'refused', (file) => { replaced(layer(file, 'stem'), 'weight_names', ['kernel']); layer(file, 'stem').create_soft_link('/model_weights/stem/kernel', 'kernel'); }],
  ['a kernel that is a link to nothing', 'refused', (file) => { replaced(layer(file, 'stem'), 'weight_names', ['kernel']); layer(file, 'stem').create_soft_link('/nowhere', 'kernel'); }],
  ['a kernel that is a link to another layer’s', 'refused', (file) => { replaced(layer(file, 'stem'), 'weight_names', ['kernel']); layer(file, 'stem').create_soft_link('/model_weights/logits/logits/kernel:0', 'kernel'); }],
  ...['/etc/passwd', '../secret.h5', 'model-1.h5'].map((path): Alteration => [`a kernel that is a link into the file ${path}`, 'refused', (file) => {
    replaced(layer(file, 'stem'), 'weight_names', ['kernel']);
    layer(file, 'stem').create_external_link(path, '/model_weights/stem/stem/kernel:0', 'kernel');
  }]),
  ['a group that holds itself', 'unchanged', (file) => { layer(file, 'stem').create_hard_link('/model_weights', 'again'); }],
  ['5,000 groups more', 'unchanged', (file) => { for (let k = 0; k < 5000; k++) file.create_group(`g${k}`); }],
];

/** Changes that the library itself writes, and changes of the description in the attribute that holds it. */
async function structural(sound: Sound, network: Network, seed: number): Promise<readonly FuzzCase[]> {
  const cases: FuzzCase[] = [];
  for (const [name, expect, alter] of ALTERATIONS) {
    const bytes = await kerasH5Of(network, alter);
    cases.push(caseOf(sound, name, expect, () => bytes));
  }
  for (let k = 0; k < 60; k++) {
    let done = '';
    const bytes = await kerasH5Of(network, (file) => {
      const config = file.get_attribute('model_config', true) as string;
      const { name, text } = mutateJson(JSON.parse(config) as Json, new Dice(seed * 1000 + 500 + k));
      done = name;
      replaced(file, 'model_config', text.length < 60_000 ? text : text.slice(0, 60_000));
    });
    cases.push(caseOf(sound, done, 'anyNetwork', () => bytes));
  }
  const empty = await hdf5Bytes(() => {});
  return [...cases, caseOf(sound, 'an empty HDF5 file', 'refused', () => empty)];
}
