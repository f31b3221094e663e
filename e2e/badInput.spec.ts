import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { strToU8, zipSync } from 'fflate';
import { dropOnPage } from './drop.ts';
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

const FIXTURES = new URL('../src/formats/fixtures/', import.meta.url);
const fixture = (name: string): Promise<Buffer> => readFile(new URL(name, FIXTURES));

/** A graph whose two nodes read each other. */
const CYCLE = {
  format: 'graph-model',
  modelTopology: { node: [{ name: 'x', op: 'Placeholder', attr: { dtype: { type: 'DT_FLOAT' }, shape: { shape: { dim: [{ size: '-1' }, { size: '4' }] } } } }, { name: 'a', op: 'AddV2', input: ['x', 'b'] }, { name: 'b', op: 'Relu', input: ['a'] }] },
  signature: { outputs: { y: { name: 'b:0' } } },
  weightsManifest: [],
};

/** What is dropped, by file name, and what is said of it. */
const brokenFiles: readonly { readonly name: string; readonly files: () => Promise<Readonly<Record<string, Uint8Array>>>; readonly says: RegExp }[] = [
  { name: 'a Keras .h5 that is cut short', files: async () => ({ 'cut.h5': (await fixture('keras/keras2.h5')).subarray(0, 40_000) }), says: /HDF5 file is damaged/ },
  {
    name: 'a .keras file with a byte changed',
    files: async () => {
      const bytes = Buffer.from(await fixture('keras/keras3.keras'));
      bytes[Math.floor(bytes.length / 2)] ^= 1;
      return { 'changed.keras': bytes };
    },
    says: /"model\.weights\.h5" in the zip is damaged/,
  },
  {
    name: 'ONNX with an unknown operator',
    files: async () => ({ 'unknown.onnx': Buffer.from((await fixture('onnx/residual.onnx')).toString('latin1').replaceAll('Relu', 'Rolu'), 'latin1') }),
    says: /Rolu/,
  },
  { name: 'ONNX without its weight file', files: async () => ({ 'alone.onnx': await fixture('onnx/residual.external.onnx') }), says: /"external\.bin" is needed/ },
  { name: 'a graph that reads from itself', files: async () => ({ 'model.json': strToU8(JSON.stringify(CYCLE)) }), says: /the graph has a cycle/ },
  {
    name: 'a zip with a path that leads out of it',
    files: async () => ({ 'outside.zip': zipSync({ 'model.json': await readFile(new URL('model.json', FOLDER)), '../../evil.bin': new Uint8Array(9) }) }),
    says: /outside|leads out/,
  },
  {
    name: 'a zip that unpacks to a thousand times its size',
    files: async () => ({ 'bomb.zip': zipSync({ 'model.json': await readFile(new URL('model.json', FOLDER)), [SHARD]: new Uint8Array(100 * 1024 ** 2) }) }),
    says: /claims to unpack/,
  },
];

test('broken files of every other format, dropped on the page, are each refused by name, and nothing on screen is lost', async ({ page }) => {
  const home = await mkdtemp(join(tmpdir(), 'broken-'));
  const lab = new LabPage(page);
  await lab.open({ fragment: 'v=1&images=32&order=oneShot&select=l1&compensate=none' });
  await lab.calibrated(32);
  await lab.planShown('One-shot', '1,000');
  const table = lab.prune.getByRole('table', { name: 'Before and after' });
  const before = (await table.innerText()).split('\n').slice(0, 3);
  for (const [k, { name, files, says }] of brokenFiles.entries()) {
    await test.step(name, async () => {
      const folder = join(home, String(k));
      await mkdir(folder);
      const paths = await Promise.all(Object.entries(await files()).map(async ([path, bytes]) => {
        await writeFile(join(folder, path), bytes);
        return join(folder, path);
      }));
      await dropOnPage(page, ...paths);
      await expect(lab.notices).toContainText(says, { timeout: 60_000 });
      await expect(page.getByRole('button', { name: /^Model: ResNet-20/ })).toBeVisible();
      await expect(lab.network.getByRole('listbox')).toHaveCount(12);
      expect((await table.innerText()).split('\n').slice(0, 3)).toEqual(before);
      for (const dismiss of await lab.notices.getByRole('button', { name: /Dismiss/ }).all()) await dismiss.click();
      await expect(lab.notices.getByRole('button', { name: /Dismiss/ })).toHaveCount(0);
    });
  }
  await rm(home, { recursive: true });
  expect(lab.faults).toEqual([]);
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
