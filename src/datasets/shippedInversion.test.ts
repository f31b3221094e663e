import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { PackedImages } from './packedImages.ts';

describe.each(['resnet20-cifar10', 'vgg-cifar10'])('the pictures made from %s', (model) => {
  const folder = new URL(`../../public/models/${model}/inversion/`, import.meta.url);
  const open = () => PackedImages.open(async (file) => new Uint8Array(await readFile(new URL(file, folder))));

  it('are 1,000 for calibration and none to measure with, every class as often, no two alike', async () => {
    const images = await open();
    expect([images.count('train'), images.count('test'), images.shape]).toEqual([1000, 0, [32, 32, 3]]);
    const labels = await images.labels('train');
    for (let c = 0; c < 10; c++) expect(labels.filter((label) => label === c)).toHaveLength(100);
    expect(await images.labels('test')).toHaveLength(0);
    const indices = images.calibrationIndices(1000, 1);
    const pixels = await images.pixels('train', indices);
    expect(new Set(indices.map((_, k) => pixels.subarray(k * 3072, (k + 1) * 3072).join())).size).toBe(1000);
    expect((await readFile(new URL('train-00.png', folder))).length).toBeLessThan(3_000_000);
  });
});
