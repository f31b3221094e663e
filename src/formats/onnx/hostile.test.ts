import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { seededRandom, type Random } from '../../fidelity/random.ts';
import { NetworkStructureError, NonFiniteWeightsError, ShapeError, WeightShapeError } from '../../network/networkErrors.ts';
import { validateNetwork } from '../../network/shapes.ts';
import {
  importOnnx, OnnxExternalDataError, OnnxFileError, OnnxTensorSizeError, UnsupportedOnnxModelError, UnsupportedOnnxOperatorError,
  UnsupportedOnnxTensorError,
} from '../onnx.ts';

const NAMED = [
  OnnxFileError, OnnxTensorSizeError, OnnxExternalDataError, UnsupportedOnnxModelError, UnsupportedOnnxOperatorError,
  UnsupportedOnnxTensorError, NetworkStructureError, ShapeError, WeightShapeError, NonFiniteWeightsError,
];

const folder = new URL('../fixtures/onnx/', import.meta.url);
const names = readdirSync(folder).filter((file) => file.endsWith('.onnx'));
const CASES = 70;

type Mutation = (bytes: Uint8Array, random: Random) => Uint8Array;

const place = (bytes: Uint8Array, random: Random): number => Math.floor(random() * bytes.length);

const mutations: readonly Mutation[] = [
  function truncated(bytes, random) {
    return bytes.slice(0, place(bytes, random));
  },
  function flipped(bytes, random) {
    const copy = bytes.slice();
    for (let k = 0; k < 1 + Math.floor(random() * 6); k++) copy[place(bytes, random)] ^= 1 << Math.floor(random() * 8);
    return copy;
  },
  function overwritten(bytes, random) {
    const copy = bytes.slice();
    const at = place(bytes, random);
    for (let k = 0; k < 9; k++) copy[Math.min(copy.length - 1, at + k)] = [0xff, 0x7f, 0x00][Math.floor(random() * 3)];
    return copy;
  },
  function cutOut(bytes, random) {
    const [a, b] = [place(bytes, random), place(bytes, random)].sort((x, y) => x - y);
    return Uint8Array.from([...bytes.subarray(0, a), ...bytes.subarray(Math.min(b, a + 200))]);
  },
  function repeated(bytes, random) {
    const at = place(bytes, random);
    return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(Math.max(0, at - 150))]);
  },
  // text is where names, operators and attributes are: what a parser takes for its own most easily
  function renamed(bytes, random) {
    const copy = bytes.slice();
    let at = place(bytes, random);
    for (let k = 0; k < bytes.length && !isLetter(copy[at]); k++) at = (at + 1) % bytes.length;
    copy[at] = 97 + Math.floor(random() * 26);
    return copy;
  },
];

function isLetter(byte: number): boolean {
  return (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122);
}

describe('damaged files', () => {
  it.each(names)('of %s end in a named error or in a sound network', async (name) => {
    const bytes = new Uint8Array(await readFile(new URL(name, folder)));
    const data = new Uint8Array(await readFile(new URL('external.bin', folder)));
    const random = seededRandom(names.indexOf(name) + 1);
    let refused = 0;
    for (let k = 0; k < CASES; k++) {
      const mutation = mutations[k % mutations.length];
      const damaged = mutation(bytes, random);
      try {
        const network = await importOnnx(damaged, async () => data);
        validateNetwork(network);
      } catch (error) {
        refused += 1;
        const isNamed = NAMED.some((kind) => error instanceof kind);
        expect(isNamed, `${mutation.name}, case ${k}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`).toBe(true);
      }
    }
    expect(refused).toBeGreaterThan(CASES / 4);
  });
});
