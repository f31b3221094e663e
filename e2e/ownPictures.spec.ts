import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { zipSync } from 'fflate';
import { expect, test } from '@playwright/test';
import { PackedImages } from '../src/datasets/packedImages.ts';
import { seriousFindings } from './axeFindings.ts';
import { dropOnPage } from './drop.ts';
import { LabPage } from './lab.ts';

const DATA = new URL('../public/data/cifar10/', import.meta.url);
const COUNT = 120;
const QUICK = 'v=1&images=32&order=oneShot';

/** Shipped test pictures as PNGs: file name, class and pixels. */
async function shippedPngs() {
  const data = await PackedImages.open(async (file) => new Uint8Array(await readFile(new URL(file, DATA))));
  const labels = await data.labels('test');
  return Promise.all(
    Array.from({ length: COUNT }, async (_, k) => {
      const pixels = await data.pixels('test', [k]);
      return { name: `${k}.png`, label: data.classes[labels[k]], pixels, png: encode({ width: 32, height: 32, channels: 3, depth: 8, data: pixels }) };
    }),
  );
}

let folder: string;
test.beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'own-')), 'holiday');
  for (const { name, label, png } of await shippedPngs()) {
    await mkdir(join(folder, label), { recursive: true });
    await writeFile(join(folder, label, name), png);
  }
});
test.afterAll(() => rm(join(folder, '..'), { recursive: true }));

test('a folder of pictures is dropped, halved, measured by its classes, kept and found again after a reload', async ({ page }) => {
  const lab = new LabPage(page);
  await lab.open({ fragment: QUICK });
  await lab.calibrated(32);
  await dropOnPage(page, folder);
  const picker = page.getByRole('button', { name: /^Calibration: holiday · 32 pictures/ });
  await expect(picker).toBeVisible({ timeout: 60_000 });
  await lab.planShown('One-shot', '60');
  expect(await lab.cell('accuracy', 'intact')).toBeGreaterThan(80);
  const pruned = await lab.cell('accuracy', 'pruned');
  await expect(page).toHaveURL(/data=[0-9a-f]{16}\*holiday/, { timeout: 30_000 });

  await page.reload();
  await expect(picker).toBeVisible({ timeout: 60_000 });
  await lab.planShown('One-shot', '60');
  expect(await lab.cell('accuracy', 'pruned')).toBe(pruned);

  await picker.click();
  const panel = page.getByRole('dialog', { name: 'Calibration pictures' });
  await expect(panel.getByRole('radio', { name: /^holiday .* kept/ })).toBeChecked();
  await expect(panel).toContainText('120 pictures, halved by seed 1: 60 to score with, 60 to measure with. Their folders or labels name 10 classes.');

  // what is shown is what was dropped, pixel by pixel
  const preview = panel.getByRole('figure', { name: 'What the network sees' });
  await expect(preview).toContainText('32 × 32 × 3, values 0 to 255');
  const seen = await preview.getByRole('img').first().evaluate((canvas) => {
    const context = (canvas as HTMLCanvasElement).getContext('2d');
    return [...(context?.getImageData(0, 0, 32, 32).data ?? [])];
  });
  const rgb = Buffer.from(seen.filter((_, at) => at % 4 !== 3));
  expect((await shippedPngs()).filter(({ pixels }) => rgb.equals(pixels))).toHaveLength(1);

  await panel.getByText('What is done to them').click();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await seriousFindings(page)).toEqual([]);
  }
  // all of it is within reach on a small screen
  await page.keyboard.press('Escape');
  await page.setViewportSize({ width: 390, height: 844 });
  await picker.click();
  await expect(preview).toBeVisible();
  const { x, right } = await panel.evaluate((element) => ({ x: element.getBoundingClientRect().x, right: element.getBoundingClientRect().right }));
  expect([x >= 0, right <= 390, await panel.evaluate((element) => element.scrollWidth <= element.clientWidth)]).toEqual([true, true, true]);

  // and it can be removed; what is open goes on
  await panel.getByRole('button', { name: 'Remove holiday' }).click();
  await expect(panel.getByRole('radio', { name: /^holiday/ })).toHaveCount(0);
  await panel.getByRole('radio', { name: /^CIFAR-10/ }).click();
  await expect(page.getByRole('button', { name: /^Calibration: 32 training images/ })).toBeVisible();
  await lab.planShown('One-shot', '1,000');
  expect(lab.faults).toEqual([]);
});

test('a zip of unlabelled pictures of many kinds is judged by agreement, and what cannot be read is named', async ({ page }) => {
  const { files } = JSON.parse(await readFile(new URL('../src/datasets/fixtures/pictures.json', import.meta.url), 'utf8')) as { files: Record<string, { base64: string }> };
  const pngs = (await shippedPngs()).slice(0, 40);
  const zip = zipSync({
    ...Object.fromEntries(pngs.map(({ name, png }) => [name, png])),
    ...Object.fromEntries(Object.entries(files).map(([name, { base64 }]) => [name, Uint8Array.from(Buffer.from(base64, 'base64'))])),
    'torn.png': pngs[0].png.slice(0, 90),
    'torn.jpg': Uint8Array.from(Buffer.from(files['photo.jpg'].base64, 'base64')).slice(0, 60),
  });
  const readable = pngs.length + Object.keys(files).length;

  const lab = new LabPage(page);
  await lab.open({ fragment: QUICK });
  await lab.calibrated(32);
  await page.getByRole('button', { name: /^Calibration:/ }).click();
  const panel = page.getByRole('dialog', { name: 'Calibration pictures' });
  const chooser = page.waitForEvent('filechooser');
  await panel.getByRole('button', { name: 'Add pictures…' }).click();
  await (await chooser).setFiles({ name: 'mixed.zip', mimeType: 'application/zip', buffer: Buffer.from(zip) });

  await expect(lab.notices).toContainText('mixed counts as unlabelled', { timeout: 60_000 });
  await lab.planShown('One-shot', String(Math.floor(readable / 2)));
  await expect(lab.prune.getByRole('row', { name: /^accuracy/ })).toHaveCount(0);
  expect(await lab.cell('agreement', 'pruned')).toBeGreaterThan(0);
  await expect(lab.frontier).toContainText('Agreement with the intact network');
  await expect(lab.frontier.getByRole('heading', { level: 2 })).toHaveText(/of the predictions|no prediction/);
  await expect(lab.prune.getByRole('heading', { name: /Predictions that changed/ })).toBeVisible();
  await expect(lab.prune.getByText('Per class')).toHaveCount(0);

  await page.getByRole('button', { name: /^Calibration:/ }).click();
  await expect(panel).toContainText(`${readable} pictures, halved by seed 1`);
  await expect(panel).toContainText('Agreement with the intact network takes the place of accuracy');
  await panel.getByText('2 files were skipped').click();
  await expect(panel.getByRole('list').filter({ hasText: 'mixed/torn.png' })).toContainText(/mixed\/torn\.jpg is damaged/);

  // the form changes what the network gets, and the preview says so
  await panel.getByText('What is done to them').click();
  await panel.getByRole('combobox', { name: 'Values' }).selectOption('imagenet');
  await expect(panel.getByRole('textbox', { name: 'Mean' })).toHaveValue('0.485, 0.456, 0.406');
  await panel.getByRole('combobox', { name: 'Channels' }).selectOption('BGR');
  await panel.getByRole('button', { name: 'Apply' }).click();
  await expect(panel.getByRole('figure', { name: 'What the network sees' })).toContainText(/values −\d.* blue first/);
  await expect(page).toHaveURL(/pixels=crop;0\.00392156863;0\.485,0\.456,0\.406;0\.229,0\.224,0\.225;BGR/);
  await lab.planShown('One-shot', String(Math.floor(readable / 2)));
  expect(lab.faults).toEqual([]);
});

test('pictures of which none can be read leave the page as it was', async ({ page }) => {
  const lab = new LabPage(page);
  await lab.open({ fragment: QUICK });
  await lab.calibrated(32);
  await lab.planShown('One-shot', '1,000');
  await page.getByRole('button', { name: /^Calibration:/ }).click();
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Add pictures…' }).click();
  await (await chooser).setFiles([1, 2].map((k) => ({ name: `${k}.png`, mimeType: 'image/png', buffer: Buffer.from('no picture') })));
  await expect(lab.notices).toContainText('None of the 2 pictures can be read: 1.png is damaged');
  await expect(page.getByRole('button', { name: /^Calibration: 32 training images/ })).toBeVisible();
  await lab.planShown('One-shot', '1,000');
});
