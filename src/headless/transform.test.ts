import { writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { computeLogits } from '../engine/evaluate.ts';
import { relativeError } from '../engine/fixtures/arrays.ts';
import { NETWORK_TRANSFORMS } from '../engine/transforms/table.ts';
import { writeNpy } from '../formats/npy.ts';
import { networkCosts } from '../network/costs.ts';
import { tokenInput } from '../network/sequenceLength.ts';
import { transformCommand } from './commands/transform.ts';
import { InputError, readImages, readModel } from './files.ts';
import { at, json, runHere } from './fixtures/workFolder.ts';

const decoder = new URL('../formats/fixtures/hf/llama', import.meta.url).pathname;

interface Report {
  readonly transform: string;
  readonly params: { readonly before: number; readonly after: number };
}

beforeAll(async () => {
  const { shape, vocabulary = 0 } = tokenInput(await readModel(decoder))?.attributes ?? { shape: [] };
  await writeFile(at('ids.npy'), writeNpy([6, ...shape], Float32Array.from({ length: 6 * shape[0] }, (_, k) => (k * k + 3 * k) % vocabulary)));
});

describe('lab transform', () => {
  it('leaves out blocks of a Hugging Face folder, and writes one', async () => {
    await runHere(transformCommand(), { model: decoder, images: at('ids.npy'), kind: 'shortGpt', target: 'params=0.8', out: at('short') });
    const [network, smaller, images] = [await readModel(decoder), await readModel(at('short')), await readImages(at('ids.npy'))];
    const report = await json<Report>('short', 'report.json');
    expect(report).toMatchObject({ transform: 'shortGpt', params: { before: networkCosts(network).parameters, after: networkCosts(smaller).parameters } });
    expect(report.params.after / report.params.before).toBeLessThanOrEqual(0.8);
    const expected = await NETWORK_TRANSFORMS.shortGpt({ network, images, correlator: undefined, share: { kind: 'params', value: 0.8 }, seed: 1 });
    expect(relativeError((await computeLogits(smaller, images)).values, (await computeLogits(expected, images)).values)).toBeLessThan(1e-6);
  });

  it('slices, and writes what no family has a place for as safetensors', async () => {
    const options = { model: decoder, images: at('ids.npy'), kind: 'sliceGpt', target: 'macs=0.8' };
    await runHere(transformCommand(), { ...options, to: 'safetensors', out: at('slice') });
    const report = await json<Report & { readonly macs: Report['params'] }>('slice', 'report.json');
    expect(report.macs.after / report.macs.before).toBeLessThanOrEqual(0.8);
    expect(report.macs.after / report.macs.before).toBeGreaterThan(0.6);
    await expect(runHere(transformCommand(), { ...options, out: at('no') })).rejects.toThrow('residual_shortcut');
  });

  it('takes shares of costs alone', async () => {
    await expect(runHere(transformCommand(), { model: decoder, images: at('ids.npy'), kind: 'shortGpt', target: 'eta=0.9', out: at('no') })).rejects.toThrow(InputError);
  });
});
