import { isDeepStrictEqual } from 'node:util';
import type { Network, Weight } from '../../../network/network.ts';
import { residualNetwork } from '../../../network/fixtures/networks.ts';
import { weightsOf } from '../../../network/shapes.ts';
import { exportPlan } from '../../planFiles.ts';
import { readSafetensors, writeSafetensors, type Safetensors } from '../../safetensors.ts';
import { Dice } from '../dice.ts';
import type { FuzzCase, FuzzFamily } from '../fuzzCase.ts';
import { cuts, joined, mutateBytes, mutateWithin } from '../mutators/bytes.ts';
import { mutateJson, type Json } from '../mutators/json.ts';
import { modelCase } from '../networkOracle.ts';
import { encoded, soundNetworks } from './sources.ts';

type Expectation = 'refused' | 'unchanged' | 'sameShapes' | 'anyTensors';

/** Safetensors files; and the files of a plan, of which no network can be opened. */
export const safetensorsFiles: FuzzFamily = {
  async cases(seed) {
    const sounds = soundNetworks().slice(0, 2).map((network) => writeSafetensors(tensorsOf(network), { format: 'test', network: network.name }));
    const each = <T>(count: number, offset: number, make: (sound: Uint8Array, dice: Dice) => T): readonly T[] =>
      Array.from({ length: count }, (_, k) => make(sounds[k % sounds.length], new Dice(seed * 1000 + offset + k)));
    return [
      ...sounds.flatMap((sound) => cuts(sound, 25).map((length) => caseOf(sound, `cut to ${length} bytes`, 'refused', () => sound.slice(0, length)))),
      ...sounds.map((sound) => caseOf(sound, 'a byte more', 'refused', () => joined(sound, new Uint8Array(1)))),
      ...each(60, 0, (sound, dice) => {
        const { name, bytes } = mutateBytes(sound, dice);
        return caseOf(sound, name, 'anyTensors', () => bytes);
      }),
      ...each(20, 100, (sound, dice) => {
        const { name, bytes } = mutateWithin(sound, 8 + headerLength(sound), sound.length, dice);
        return caseOf(sound, name, 'sameShapes', () => bytes);
      }),
      ...each(120, 200, (sound, dice) => {
        const header = JSON.parse(new TextDecoder().decode(sound.subarray(8, 8 + headerLength(sound)))) as Json;
        const { name, text } = mutateJson(header, dice);
        return caseOf(sound, name, 'anyTensors', () => withHeader(sound, encoded(text)));
      }),
      ...lengths(sounds[0]),
      ...(await plans(seed)),
    ];
  },
};

function tensorsOf({ nodes }: Network): readonly (readonly [string, Weight])[] {
  return nodes.flatMap((node) => weightsOf(node).map(([name, weight]) => [`${node.id}.${name}`, weight] as const));
}

function headerLength(file: Uint8Array): number {
  return new DataView(file.buffer, file.byteOffset).getUint32(0, true);
}

function withLength(length: bigint, rest: Uint8Array): Uint8Array {
  const start = new Uint8Array(8);
  new DataView(start.buffer).setBigUint64(0, length, true);
  return joined(start, rest);
}

function withHeader(file: Uint8Array, header: Uint8Array): Uint8Array {
  return withLength(BigInt(header.length), joined(header, file.subarray(8 + headerLength(file))));
}

function caseOf(sound: Uint8Array, name: string, expect: Expectation, bytes: () => Uint8Array): FuzzCase {
  return {
    name: `${name} (${expect})`,
    make: () => {
      const made = bytes();
      return { open: async () => readSafetensors(made), faultIn: (opened) => faultIn(opened as Safetensors, expect, readSafetensors(sound)) };
    },
  };
}

function faultIn(opened: Safetensors, expect: Expectation, sound: Safetensors): string | undefined {
  if (expect === 'refused') return 'opened, though the damage must be noticed';
  if (expect === 'unchanged' && !isDeepStrictEqual(opened, sound)) return 'opened as other tensors, in silence';
  if (expect === 'sameShapes' && !isDeepStrictEqual(shapes(opened), shapes(sound))) return 'opened with other shapes, in silence';
  for (const [name, { shape, values }] of opened.tensors) {
    if (shape.reduce((product, size) => product * size, 1) !== values.length) return `tensor "${name}" of ${shape.join(' × ')} has ${values.length} values`;
  }
  return undefined;
}

const shapes = ({ tensors }: Safetensors): unknown => [...tensors].map(([name, { shape }]) => [name, shape]);

/** Headers that lie about lengths, and tensors that overlap, leave gaps or reach beyond the file. */
function lengths(sound: Uint8Array): readonly FuzzCase[] {
  const refused = (name: string, bytes: () => Uint8Array): FuzzCase => caseOf(sound, name, 'refused', bytes);
  const header = (name: string, entries: object, data: number): FuzzCase =>
    refused(name, () => withHeader(joined(new Uint8Array(8), new Uint8Array(data)), encoded(JSON.stringify(entries))));
  const tensor = (dtype: string, shape: readonly number[], start: number, end: number) => ({ dtype, shape, data_offsets: [start, end] });
  return [
    ...[0n, 1n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n].map((length) => refused(`a header of ${length} bytes`, () => withLength(length, sound.subarray(8)))),
    header('tensors that overlap', { a: tensor('F32', [2], 0, 8), b: tensor('F32', [2], 4, 12) }, 12),
    header('two tensors in one place', { a: tensor('F32', [2], 0, 8), b: tensor('F32', [2], 0, 8) }, 8),
    header('a gap', { a: tensor('F32', [2], 0, 8), b: tensor('F32', [2], 12, 20) }, 20),
    header('data of no tensor', { a: tensor('F32', [2], 0, 8) }, 12),
    header('an end before the start', { a: tensor('F32', [2], 8, 0) }, 8),
    header('10^18 values', { a: tensor('F32', [1e9, 1e9], 0, 4e18) }, 8),
    header('a product beyond 2^53', { a: tensor('F32', [2 ** 53, 2 ** 53], 0, 8) }, 8),
    header('no values, infinitely many', { a: tensor('F32', [0, ...Array.from({ length: 60 }, () => 2 ** 53)], 0, 0), b: tensor('F32', [1], 0, 8) }, 8),
    header('float64', { a: tensor('F64', [1], 0, 8) }, 8),
    header('a type that objects have', { a: tensor('constructor', [1], 0, 8) }, 8),
    header('metadata that is no text', { __metadata__: { a: 1 } }, 0),
    refused('a name twice', () => withHeader(joined(new Uint8Array(8), new Uint8Array(8)), encoded('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}'))),
    refused('a header that is a list', () => withHeader(sound, encoded('[]'))),
    refused('a header that is no UTF-8', () => withHeader(sound, Uint8Array.of(0x22, 0xff, 0x22))),
    refused('100,000 tensors of nothing', () => withHeader(joined(new Uint8Array(8), new Uint8Array(4)), encoded(JSON.stringify(Object.fromEntries(Array.from({ length: 100_000 }, (_, k) => [`t${k}`, tensor('F32', [0], 0, 0)])))))),
  ];
}

/** Dropped on the page, a plan and its weights are refused, and it is said what would be opened. */
async function plans(seed: number): Promise<readonly FuzzCase[]> {
  const network = residualNetwork();
  const files = exportPlan(network, { keep: {}, weights: {} }, network);
  const plan = JSON.parse(new TextDecoder().decode(files['plan.json'])) as Json;
  const refused = (name: string, made: () => Readonly<Record<string, Uint8Array>>): FuzzCase => modelCase({ name: `plan: ${name}`, files: made, expect: 'refused', sound: network });
  return [
    refused('as it is', () => files),
    refused('alone', () => ({ 'plan.json': files['plan.json'] })),
    refused('its weights alone', () => ({ 'weights.safetensors': files['weights.safetensors'] })),
    refused('called a model', () => ({ ...files, 'model.json': files['plan.json'] })),
    ...Array.from({ length: 24 }, (_, k) => {
      const { name, text } = mutateJson(plan, new Dice(seed * 1000 + 700 + k));
      return refused(name, () => ({ 'model.json': encoded(text), 'weights.safetensors': files['weights.safetensors'] }));
    }),
  ];
}
