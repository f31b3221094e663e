import { beforeAll, describe, expect, it } from 'vitest';
import { computeLogits } from '../engine/evaluate.ts';
import { arraySource, relativeError } from '../engine/fixtures/arrays.ts';
import { startWasm } from '../engine/fixtures/wasmBackend.ts';
import { coupling } from '../network/coupling.ts';
import { networkCosts } from '../network/costs.ts';
import { UnsupportedHuggingFaceModelError } from './huggingFace.ts';
import { inMemory, modelFolder, oracleOf, withConfig } from './huggingFace/fixtures/folders.ts';
import { MissingFileError, openModel } from './modelFormats.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';

// Expected values: zoo/oracles/hf_tiny_vision.py, by PyTorch in float64.

interface Oracle {
  readonly pixels: readonly (readonly number[])[];
  readonly logits: readonly (readonly number[])[];
}

beforeAll(async () => {
  await startWasm();
});

describe.each([['vit', 3], ['swin', 3]] as const)('%s in Hugging Face’s layout', (name, classes) => {
  it('gives PyTorch’s logits of pixels from 0 to 255', async () => {
    const network = await openModel(inMemory(await modelFolder(name)));
    const { pixels, logits } = await oracleOf<Oracle>(name);
    const { values } = await computeLogits(network, arraySource(Float32Array.from(pixels.flat()), [16, 16, 3]));
    expect(values).toHaveLength(2 * classes);
    expect(relativeError(values, logits.flat())).toBeLessThan(1e-4);
  });

  it('counts the parameters of its file, and none for the normalisation', async () => {
    const files = await modelFolder(name);
    const length = new DataView(files['model.safetensors'].buffer).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(files['model.safetensors'].subarray(8, 8 + length))) as Record<string, { dtype?: string; shape: number[] }>;
    const count = Object.values(header).filter(({ dtype }) => dtype === 'F32').reduce((sum, { shape }) => sum + shape.reduce((product, axis) => product * axis, 1), 0);
    expect(networkCosts(await openModel(inMemory(files))).parameters).toBe(count);
  });

  it('has a group for the neurons and one for the heads of every block', async () => {
    const network = await openModel(inMemory(await modelFolder(name)));
    const free = coupling(network).groups.filter(({ frozen }) => frozen === undefined).map(({ name: group, channels }) => [group, channels]);
    expect(free).toEqual(name === 'vit'
      ? [0, 1].flatMap((i) => [[`vit.encoder.layer.${i}.attention.attention.query`, 3], [`vit.encoder.layer.${i}.intermediate.dense`, 20]])
      : [[0, 0, 2, 20], [0, 1, 2, 20], [1, 0, 4, 40]].flatMap(([stage, block, heads, neurons]) => {
        const at = `swin.encoder.layers.${stage}.blocks.${block}`;
        return [[`${at}.attention.self.query`, heads], [`${at}.intermediate.dense`, neurons]];
      }));
  });

  it('needs to know how pixels are normalised', async () => {
    const { 'preprocessor_config.json': _, ...files } = await modelFolder(name);
    await expect(openModel(inMemory(files))).rejects.toThrow(MissingFileError);
  });
});

describe('pictures in Hugging Face’s layout', () => {
  it.each<[string, string, Record<string, unknown>, RegExp]>([
    ['absolute embeddings', 'swin', { use_absolute_embeddings: true }, /"use_absolute_embeddings" is true/],
    ['patches that do not divide the picture', 'vit', { patch_size: 5 }, /patches of 5 pixels .* must divide pictures of 16 × 16/],
    ['relative positions', 'vit', { position_embedding_type: 'relative_key' }, /"position_embedding_type" is "relative_key"/],
  ])('%s are refused', async (_, name, changes, message) => {
    const opening = openModel(inMemory(withConfig(await modelFolder(name), changes)));
    await expect(opening).rejects.toThrow(UnsupportedHuggingFaceModelError);
    await expect(opening).rejects.toThrow(message);
  });

  it('windows that do not divide the picture name the layer', async () => {
    await expect(openModel(inMemory(withConfig(await modelFolder('swin'), { window_size: 3 })))).rejects.toThrow(/relative_position_bias_table" is \[49, 2\] instead of \[25, 2\]/);
  });

  it('a ViT with a pooler, which its classifier does not read, is the same', async () => {
    const files = await modelFolder('vit');
    const { tensors } = readSafetensors(files['model.safetensors']);
    const pooler = [['vit.pooler.dense.weight', { shape: [1], values: Float32Array.of(1) }]] as const;
    const network = await openModel(inMemory({ ...files, 'model.safetensors': writeSafetensors([...tensors, ...pooler]) }));
    expect(network).toStrictEqual(await openModel(inMemory(files)));
  });
});
