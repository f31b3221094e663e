import { existsSync, readdirSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { computeLogits } from '../engine/evaluate.ts';
import { relativeError } from '../engine/fixtures/arrays.ts';
import { shippedImages } from '../engine/fixtures/shipped.ts';
import { startWasm } from '../engine/fixtures/wasmBackend.ts';
import { networkCosts } from '../network/costs.ts';
import { tokenInput } from '../network/sequenceLength.ts';
import { textLogits } from './huggingFace/fixtures/logits.ts';
import { exportOnnx } from './onnx.ts';
import { filesInMemory, openModel, openModelAndTokenizer, writeModel } from './modelFormats.ts';

// Expected values: zoo/export_transformers.py, by PyTorch in float64 from the weights as the files hold them.

const models = new URL('../../public/models/', import.meta.url);
const ids = readdirSync(models).filter((id) => existsSync(new URL(`${id}/config.json`, models)));

const readJson = async (url: URL): Promise<unknown> => JSON.parse(await readFile(url, 'utf8'));

async function shippedFiles(id: string) {
  const folder = new URL(`${id}/`, models);
  const names = (await readdir(folder)).filter((name) => name !== 'inversion');
  return filesInMemory(new Map(await Promise.all(names.map(async (name) => [name, new Uint8Array(await readFile(new URL(name, folder)))] as const))));
}

interface Card {
  readonly parameters: number;
  readonly macs: number;
}

interface PictureOracle {
  readonly testImages: readonly number[];
  readonly logits: readonly (readonly number[])[];
}

interface TextOracle {
  readonly ids: readonly (readonly number[])[];
  readonly text: string;
  readonly textIds: readonly number[];
  readonly lastLogits: readonly (readonly (readonly number[])[])[];
}

beforeAll(async () => {
  await startWasm();
});

describe.each(ids)('the shipped %s', (id) => {
  it('gives PyTorch’s logits to 1e-4, also after export and import', async () => {
    const files = await shippedFiles(id);
    const { network, tokenizer, beside } = await openModelAndTokenizer(files);
    const written = await writeModel(network, 'huggingFace', { beside });
    const again = await openModel(filesInMemory(new Map(Object.entries(written))));
    const oracle = await readJson(new URL(`fixtures/${id}.logits.json`, import.meta.url));
    for (const each of [network, again]) {
      if (tokenInput(network)) {
        const { ids: windows, text, textIds, lastLogits } = oracle as TextOracle;
        expect(tokenizer?.encode(text)).toEqual(textIds);
        expect(tokenizer?.decode(textIds)).toBe(text);
        for (const [k, window] of windows.entries()) {
          const expected = lastLogits[k].flat();
          expect(relativeError((await textLogits(each, window)).slice(-expected.length), expected)).toBeLessThan(1e-4);
        }
      } else {
        const { testImages, logits } = oracle as PictureOracle;
        const { values } = await computeLogits(each, (await shippedImages()).source('test', testImages));
        expect(relativeError(values, logits.flat())).toBeLessThan(1e-4);
      }
    }
  });

  it('has the costs that its card says', async () => {
    const network = await openModel(await shippedFiles(id));
    const card = (await readJson(new URL(`${id}/card.json`, models))) as Card;
    const { parameters, macs } = networkCosts(network);
    const positions = tokenInput(network)?.attributes.shape[0] ?? 1;
    expect(parameters).toBe(card.parameters);
    expect(macs / positions / card.macs).toBeCloseTo(1, 6);
  });

  it('is refused as ONNX by the name of a layer', async () => {
    const network = await openModel(await shippedFiles(id));
    expect(() => exportOnnx(network)).toThrow(/^Layer ".+" \(\w+\) cannot be written as ONNX yet/);
  });
});
