import { expect, test } from '@playwright/test';
import { LabPage } from './lab.ts';

// The whole main job, on WebAssembly, at real size.

test('a newcomer opens the page, sees results at once, then live curves, prunes, takes the model home and opens it again', async ({ page }) => {
  const lab = new LabPage(page);
  await lab.open();

  // never empty: precomputed results stand there while the model loads
  await expect(lab.page.getByText(/precomputed/i).first()).toBeVisible({ timeout: 5_000 });
  await expect(lab.network.getByRole('listbox')).toHaveCount(12);

  // scores refine live and settle
  await expect(lab.scoring).toBeVisible({ timeout: 60_000 });
  await lab.calibrated(512);
  await expect(lab.curve.getByRole('heading', { level: 2 })).toHaveText(/^\d+ of \d+ channels rebuild 80 % of this layer$/);
  await expect(lab.page.getByRole('button', { name: /^Backend: WebAssembly/ })).toBeVisible();

  // the sequential plan at the default budget, on 1,000 images
  await lab.planShown('Sequential', '1,000');
  expect(await lab.cell('accuracy', 'intact')).toBeGreaterThan(89);
  expect(await lab.cell('agreement', 'pruned')).toBeGreaterThan(60);
  const half = await lab.cell('accuracy', 'pruned');
  expect(half).toBeGreaterThan(60);

  // moving the budget shows the one-shot plan, then the sequential one
  await lab.keep.fill('0.8');
  await expect(lab.network.getByRole('heading', { level: 2 })).not.toHaveText(/139 k/);
  await lab.planShown('Sequential', '1,000');
  await expect.poll(() => lab.cell('accuracy', 'pruned'), { timeout: 120_000 }).toBeGreaterThan(half);
  await expect(lab.frontier.getByRole('img').first()).toHaveAttribute('aria-label', /singleton \+ least squares/);
  await expect(lab.prune.getByRole('heading', { name: /Predictions that changed/ })).toBeVisible();

  // the pruned model goes home and comes back as a model of its own, already that small
  const parameters = await lab.prune.getByRole('row', { name: /^parameters/ }).getByRole('cell').nth(1).innerText();
  const { name, bytes } = await lab.exported(/Pruned model TensorFlow/);
  expect(name).toMatch(/\.zip$/);
  await page.getByRole('button', { name: /^Model:/ }).click();
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: /Open model files/ }).click();
  await (await chooser).setFiles({ name, mimeType: 'application/zip', buffer: bytes });
  await expect(lab.network.getByRole('heading', { level: 2 })).toContainText(`of ${parameters}`, { timeout: 60_000 });
  await lab.calibrated(512);
  expect(lab.faults).toEqual([]);
});

test('a link reopens the same experiment, also after a reload', async ({ page, context }) => {
  const lab = new LabPage(page);
  await lab.open({ fragment: 'v=1&images=64&seed=7&keep=params:0.6&select=l1&compensate=scale&order=oneShot&group=stage3_block1_conv1' });
  await lab.calibrated(64);
  await lab.planShown('One-shot', '1,000');
  const accuracy = await lab.cell('accuracy', 'pruned');
  const widths = await lab.network.getByRole('listbox').evaluateAll((strips) => strips.map((strip) => strip.getAttribute('aria-label')));

  const sent = page.url();
  const other = new LabPage(await context.newPage());
  await other.page.goto(sent);
  await other.calibrated(64);
  await other.planShown('One-shot', '1,000');
  expect(await other.cell('accuracy', 'pruned')).toBe(accuracy);
  expect(await other.network.getByRole('listbox').evaluateAll((strips) => strips.map((strip) => strip.getAttribute('aria-label')))).toEqual(widths);
  await expect(other.prune.getByRole('combobox', { name: 'Select' })).toHaveValue('l1');
  await expect(other.page.getByRole('button', { name: /seed 7/ })).toBeVisible();

  await page.reload();
  await lab.calibrated(64);
  expect(page.url()).toBe(sent);
  // plans that were tried are still there
  await expect(lab.prune.getByRole('list', { name: 'Plans that were tried' })).toContainText('60 %');
  expect([...lab.faults, ...other.faults]).toEqual([]);
});

test('calibration can be cancelled and begun again, and another model may be chosen in the middle of it', async ({ page }) => {
  const lab = new LabPage(page);
  await lab.open({ fragment: 'v=1&images=2000' });
  await expect(lab.scoring).toBeVisible({ timeout: 60_000 });
  await page.getByRole('banner').getByRole('button', { name: /^Cancel/ }).click();
  await expect(lab.scoring).toBeHidden();
  await expect(page.getByRole('banner')).toContainText(/Stopped at|Not scored yet/);

  await page.getByRole('button', { name: /^Calibration:/ }).click();
  await page.getByRole('combobox', { name: 'Training images' }).selectOption('2048');
  await page.getByRole('button', { name: 'Score again' }).click();
  await expect(lab.scoring).toBeVisible();
  await page.getByRole('button', { name: /^Model:/ }).click();
  await page.getByRole('radio', { name: /^VGG/ }).click();
  await expect(page.getByRole('button', { name: /^Model: VGG/ })).toBeVisible({ timeout: 60_000 });
  await expect(lab.network.getByRole('listbox')).toHaveCount(6, { timeout: 60_000 });
  await expect(lab.scoring).toBeVisible({ timeout: 60_000 });
  expect(lab.faults).toEqual([]);
});
