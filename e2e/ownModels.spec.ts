import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encode } from 'fast-png';
import { expect, test } from '@playwright/test';
import { dropOnPage } from './drop.ts';
import { LabPage } from './lab.ts';

const MODELS = new URL('../public/models/', import.meta.url);
const QUICK = 'v=1&images=32&order=oneShot&select=l1&compensate=none';

let folder: string;
test.beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'own-')), 'my net');
  const wanted = /my net$|vgg-cifar10\/?$|model\.json$|\.bin$/;
  await cp(fileURLToPath(new URL('vgg-cifar10/', MODELS)), folder, { recursive: true, filter: (source) => wanted.test(source) });
});
test.afterAll(() => rm(join(folder, '..'), { recursive: true }));

test('a model’s folder is dropped, kept with its size, found again after a reload, and removed', async ({ page }) => {
  const lab = new LabPage(page);
  await lab.open({ fragment: QUICK });
  await lab.calibrated(32);
  await dropOnPage(page, folder);
  const picker = page.getByRole('button', { name: /^Model: my net/ });
  await expect(picker).toBeVisible({ timeout: 60_000 });
  await expect(lab.network.getByRole('listbox')).toHaveCount(6);
  await expect(page).toHaveURL(/kept=[0-9a-f]{16}\*my%20net/, { timeout: 30_000 });
  await lab.planShown('One-shot', '1,000');
  const accuracy = await lab.cell('accuracy', 'pruned');

  await page.reload();
  await expect(picker).toBeVisible({ timeout: 60_000 });
  await lab.planShown('One-shot', '1,000');
  expect(await lab.cell('accuracy', 'pruned')).toBe(accuracy);
  await picker.click();
  const panel = page.getByRole('dialog', { name: 'Model', exact: true });
  await expect(panel.getByRole('radio', { name: 'my net 2.60 MB, kept' })).toBeChecked();
  // what was fetched of the shipped model is kept too
  await panel.getByText(/^Fetched copies/).click();
  await expect(panel.getByText(/models\/resnet20-cifar10\/model\.json/)).toBeVisible();

  await panel.getByRole('button', { name: 'Remove my net' }).click();
  await expect(panel.getByRole('radio', { name: /^my net/ })).toHaveCount(0);
  await page.reload();
  await expect(lab.notices).toContainText('my net could not be opened: my net is not kept in this browser', { timeout: 60_000 });
  await expect(page.getByRole('button', { name: /^Model: ResNet-20/ })).toBeVisible();
  await lab.planShown('One-shot', '1,000');
  expect(lab.faults).toEqual([]);
});

test('a network of another input size is shown, and scored once there are pictures, which are brought to its size', async ({ page }) => {
  const home = join(folder, '..');
  const large = join(home, 'large');
  await cp(fileURLToPath(new URL('resnet20-cifar10/', MODELS)), large, { recursive: true, filter: (source) => /resnet20-cifar10\/?$|model\.json$|\.bin$/.test(source) });
  const json = await readFile(join(large, 'model.json'), 'utf8');
  const changed = json.replace(/("batch_(?:input_)?shape":\s*\[null, )32, 32/, '$148, 48');
  expect(changed).not.toBe(json);
  await writeFile(join(large, 'model.json'), changed);
  await mkdir(join(home, 'shots'));
  for (let k = 0; k < 24; k++) {
    const data = Uint8Array.from({ length: 60 * 80 * 3 }, (_, at) => (at * (k + 3)) % 251);
    await writeFile(join(home, 'shots', `${k}.png`), encode({ width: 80, height: 60, channels: 3, depth: 8, data }));
  }
  const lab = new LabPage(page);
  await lab.open({ fragment: QUICK });
  await lab.calibrated(32);
  await dropOnPage(page, large);
  await expect(page.getByRole('button', { name: /^Model: large/ })).toBeVisible({ timeout: 60_000 });
  await expect(lab.notices).toContainText('The pictures of CIFAR-10 are 32 × 32 × 3, but this network takes 48 × 48 × 3.');
  await expect(lab.network.getByRole('listbox')).toHaveCount(12);
  await dropOnPage(page, join(home, 'shots'));
  await lab.calibrated(12);
  await lab.planShown('One-shot', '12');
  expect(await lab.cell('agreement', 'pruned')).toBeGreaterThanOrEqual(0);
  await page.getByRole('button', { name: /^Calibration: shots/ }).click();
  await expect(page.getByRole('figure', { name: 'What the network sees' })).toContainText('48 × 48 × 3');
  expect(lab.faults).toEqual([]);
});

/** Another site, which lets pages read a model, and whose line breaks in the middle of the first answer. */
function otherSite(): Promise<{ server: Server; asked: string[]; address: string }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const content = await readFile(new URL(`vgg-cifar10/${(request.url ?? '').split('/').at(-1)}`, MODELS));
      const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      asked.push(`${request.method} ${request.url}${start > 0 ? ` from ${start}` : ''}`);
      const headers = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Expose-Headers': 'ETag, Content-Range', ETag: '"1"', 'Content-Length': content.length - start };
      response.writeHead(start > 0 ? 206 : 200, start > 0 ? { ...headers, 'Content-Range': `bytes ${start}-${content.length - 1}/${content.length}` } : headers);
      if (request.method === 'HEAD') return response.end();
      const breaks = request.url?.endsWith('.bin') && asked.filter((line) => line.startsWith('GET') && line.includes('.bin')).length === 1;
      if (!breaks) return response.end(content.subarray(start));
      response.write(content.subarray(0, 1_500_000));
      return setTimeout(() => response.destroy(), 500);
    })().catch(() => response.writeHead(404).end());
  });
  return new Promise((resolve) => {
    server.listen(0, 'localhost', () => resolve({ server, asked, address: `http://localhost:${(server.address() as AddressInfo).port}/models/theirs/` }));
  });
}

test('a model on another site is fetched where the person gives its address, goes on where the line broke, and is kept', async ({ page }) => {
  const { server, asked, address } = await otherSite();
  try {
    const lab = new LabPage(page);
    await lab.open({ fragment: QUICK });
    await lab.calibrated(32);
    const openTyped = async () => {
      await page.getByRole('button', { name: /^Model:/ }).click();
      await page.getByRole('textbox', { name: 'Open from URL…' }).fill(address);
      await page.getByRole('button', { name: 'Open', exact: true }).click();
    };
    await openTyped();
    await expect(page.getByRole('button', { name: /^Model: theirs/ })).toBeVisible({ timeout: 60_000 });
    await expect(lab.network.getByRole('listbox')).toHaveCount(6);
    const shard = asked.filter((line) => line.startsWith('GET') && line.includes('.bin'));
    expect(shard).toHaveLength(2);
    expect(shard[1]).toMatch(/ from \d+$/);

    // a second time nothing but whether it has changed is asked
    asked.length = 0;
    await page.getByRole('button', { name: /^Model:/ }).click();
    await page.getByRole('radio', { name: /^ResNet-20/ }).click();
    // the button names a model as soon as it is asked for; its groups are there when it is
    await expect(lab.network.getByRole('listbox')).toHaveCount(12, { timeout: 60_000 });
    await openTyped();
    await expect(lab.network.getByRole('listbox')).toHaveCount(6, { timeout: 60_000 });
    expect(asked.every((line) => line.startsWith('HEAD'))).toBe(true);
    expect(asked).toHaveLength(2);
    expect(lab.faults.filter((fault) => !/ERR_(INCOMPLETE_CHUNKED_ENCODING|CONTENT_LENGTH_MISMATCH|CONNECTION_RESET|EMPTY_RESPONSE)/.test(fault))).toEqual([]);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test('a full disk is told with what is needed, and nothing on screen is lost', async ({ page, baseURL }) => {
  const lab = new LabPage(page);
  await lab.open({ fragment: QUICK });
  await lab.calibrated(32);
  const client = await page.context().newCDPSession(page);
  await client.send('Storage.overrideQuotaForOrigin', { origin: new URL(baseURL ?? '').origin, quotaSize: 1_500_000 });
  await dropOnPage(page, folder);
  await expect(lab.notices).toContainText(/my net is not kept: There is no room left to keep it: 2\.6 MB are needed/, { timeout: 60_000 });
  await expect(lab.notices).toContainText(/What takes most room: .*resnet20-cifar10/);
  await expect(page.getByRole('button', { name: /^Model: my net/ })).toBeVisible();
  await lab.planShown('One-shot', '1,000');
  await page.getByRole('button', { name: /^Model:/ }).click();
  await expect(page.getByRole('radio', { name: 'my net 2.60 MB, until the page is closed' })).toBeChecked();
});

test('where the browser keeps no files that is said, and what was opened stays until the page is closed', async ({ page }) => {
  await page.route(/engine\.worker/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `StorageManager.prototype.getDirectory = undefined;\n${await response.text()}` });
  });
  const lab = new LabPage(page);
  await lab.open({ fragment: QUICK });
  await lab.calibrated(32);
  await dropOnPage(page, folder);
  await expect(lab.notices).toContainText('This browser keeps no files for this page', { timeout: 60_000 });
  await lab.planShown('One-shot', '1,000');
  await page.getByRole('button', { name: /^Model: my net/ }).click();
  const panel = page.getByRole('dialog', { name: 'Model', exact: true });
  await expect(panel).toContainText('What you add stays until the page is closed');
  await panel.getByRole('radio', { name: /^ResNet-20/ }).click();
  await expect(page.getByRole('button', { name: /^Model: ResNet-20/ })).toBeVisible({ timeout: 60_000 });
  await page.getByRole('button', { name: /^Model:/ }).click();
  await page.getByRole('radio', { name: /^my net/ }).click();
  await expect(page.getByRole('button', { name: /^Model: my net/ })).toBeVisible({ timeout: 60_000 });
});
