import { readFile } from 'node:fs/promises';
import { expect, test, type Page } from '@playwright/test';
import { LabPage } from './lab.ts';

const FOLDER = new URL('../public/models/resnet20-cifar10/', import.meta.url);
const SHARD = 'group1-shard1of1.bin';

interface ModelFiles {
  json: string;
  weights: Buffer;
}

async function shipped(): Promise<ModelFiles> {
  return { json: await readFile(new URL('model.json', FOLDER), 'utf8'), weights: await readFile(new URL(SHARD, FOLDER)) };
}

async function openFiles(page: Page, { json, weights }: ModelFiles): Promise<void> {
  await page.getByRole('button', { name: /^Model:/ }).click();
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: /Open model files/ }).click();
  await (await chooser).setFiles([
    { name: 'model.json', mimeType: 'application/json', buffer: Buffer.from(json) },
    { name: SHARD, mimeType: 'application/octet-stream', buffer: weights },
  ]);
}

const broken: { name: string; damage: (files: ModelFiles) => ModelFiles; says: RegExp }[] = [
  { name: 'truncated weights', damage: ({ json, weights }) => ({ json, weights: weights.subarray(0, weights.length - 100) }), says: /byte/ },
  {
    name: 'NaN weights',
    damage: ({ json, weights }) => {
      const bytes = Buffer.from(weights);
      bytes.writeFloatLE(Number.NaN, 400);
      return { json, weights: bytes };
    },
    says: /NaN|not finite|finite/,
  },
  { name: 'an unknown layer', damage: ({ json, weights }) => ({ json: json.replace('"GlobalAveragePooling2D"', '"SpectralMixer"'), weights }), says: /SpectralMixer/ },
  { name: 'wrong shapes', damage: ({ json, weights }) => ({ json: json.replace(/"shape":\s*\[3, 3, 16, 16\]/, '"shape": [3, 3, 8, 32]'), weights }), says: /shape|3 × 3|8/ },
  { name: 'a model.json that is no JSON', damage: ({ weights }) => ({ json: '<!doctype html>', weights }), says: /not JSON/ },
];

test('broken model files are each refused by name, and nothing on screen is lost', async ({ page }) => {
  const lab = new LabPage(page);
  await lab.open({ fragment: 'v=1&images=32' });
  await lab.calibrated(32);
  await lab.planShown('Sequential', '1,000');
  const before = await lab.prune.getByRole('table', { name: 'Before and after' }).innerText();
  for (const { name, damage, says } of broken) {
    await test.step(name, async () => {
      const files = await shipped();
      const damaged = damage(files);
      expect(damaged.json === files.json && damaged.weights.equals(files.weights), 'the damage was done').toBe(false);
      await openFiles(page, damaged);
      await expect(lab.notices).toContainText(says, { timeout: 60_000 });
      await expect(page.getByRole('button', { name: /^Model: ResNet-20/ })).toBeVisible();
      const shown = (await lab.prune.getByRole('table', { name: 'Before and after' }).innerText()).split('\n');
      expect(shown.slice(0, 3)).toEqual(before.split('\n').slice(0, 3));
      for (const dismiss of await lab.notices.getByRole('button', { name: /Dismiss/ }).all()) await dismiss.click();
      await expect(lab.notices.getByRole('button', { name: /Dismiss/ })).toHaveCount(0);
    });
  }
});

test('hostile and outdated links open the lab and say what was ignored', async ({ page }) => {
  const lab = new LabPage(page);
  const links = [
    'v=99&keep=macs:0.1',
    'v=1&images=32&keep=macs:1e999&select=<script>alert(1)</script>&seed=-5&pins=__proto__*k0-99999',
    `v=1&images=32&url=${encodeURIComponent('javascript:alert(1)')}&group=%E0%A4%A`,
  ];
  for (const fragment of links) {
    await lab.open({ fragment });
    await expect(lab.notices).toContainText(/ignored/i, { timeout: 30_000 });
    await expect(lab.network.getByRole('listbox')).toHaveCount(12);
  }
  // a model elsewhere is never fetched unasked
  await lab.open({ fragment: `v=1&url=${encodeURIComponent('https://example.com/model/')}` });
  await expect(page.getByRole('dialog')).toContainText('https://example.com');
  expect(lab.faults).toEqual([]);
});

test('a worker that dies is replaced, the run goes on, and what was shown stays', async ({ page }) => {
  const lab = new LabPage(page);
  await lab.open({ fragment: 'v=1&images=1500' });
  await expect(lab.scoring).toBeVisible({ timeout: 60_000 });
  const engine = page.workers().find((worker) => worker.url().includes('engine'));
  await engine?.evaluate(() => void setTimeout(() => { throw new Error('out of memory, said the test'); }));
  await expect(lab.notices).toContainText(/engine stopped/i, { timeout: 60_000 });
  await expect(lab.network.getByRole('listbox')).toHaveCount(12);
  await lab.calibrated(1500);
});
