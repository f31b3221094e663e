import { expect, test } from '@playwright/test';
import { seriousFindings } from './axeFindings.ts';
import { LabPage } from './lab.ts';

// Working without data: other sources of calibration pictures, what they give, and what that costs.

test('a plan is measured on dead leaves, its price is shown, and pictures are made from the network', async ({ page }) => {
  const lab = new LabPage(page);
  await lab.open({ query: 'backend=wasm', fragment: 'v=1&images=16&order=oneShot&keep=macs:0.7' });
  await lab.calibrated(16);
  await lab.planShown('One-shot', '1,000');

  // what a source gives is seen before it is taken
  const button = page.getByRole('button', { name: /^Calibration: / });
  const panel = page.getByRole('dialog', { name: 'Calibration pictures' });
  await button.click();
  await panel.getByRole('combobox', { name: 'Source' }).selectOption({ label: 'Dead leaves' });
  await panel.getByText('What it gives').click();
  await expect(panel.getByRole('figure', { name: 'The first 24 of dead leaves' }).getByRole('img')).toHaveCount(24);
  expect(await seriousFindings(page)).toEqual([]);
  await panel.getByRole('combobox', { name: 'Mixed with' }).selectOption({ label: 'Gaussian noise' });
  await panel.getByRole('slider', { name: 'Share of Gaussian noise' }).fill('0.25');
  await expect(panel.getByRole('figure', { name: 'The first 24 of dead leaves with 25 % Gaussian noise' }).getByRole('img')).toHaveCount(24);
  await panel.getByRole('combobox', { name: 'Mixed with' }).selectOption({ label: 'nothing' });
  await panel.getByRole('button', { name: 'Score again' }).click();

  // the plan is measured on it, and stands beside the same plan on real pictures
  await expect(page.getByRole('button', { name: 'Calibration: 16 · dead leaves seed 1' })).toBeVisible();
  await expect(lab.frontier.getByText(/^Calibrated on dead leaves: [\d.]+ %, against [\d.]+ % with real pictures \(measured here\)\. /)).toBeVisible({ timeout: 120_000 });
  await expect(lab.prune.getByRole('button', { name: /, on dead leaves: / }).first()).toBeVisible();
  await expect(page).toHaveURL(/&source=deadLeaves&/);

  // a link brings it back
  await page.reload();
  await lab.calibrated(16);
  await expect(page.getByRole('button', { name: 'Calibration: 16 · dead leaves seed 1' })).toBeVisible();
  await expect(lab.frontier.getByText(/^Calibrated on dead leaves: /)).toBeVisible({ timeout: 120_000 });

  // pictures from the network: many are given up, a few are made
  await button.click();
  await panel.getByRole('combobox', { name: 'Source' }).selectOption({ label: 'Pictures from the network' });
  await panel.getByText('Make pictures from the network').click();
  await panel.getByRole('spinbutton', { name: 'Steps of what is made' }).fill('500');
  await panel.getByRole('button', { name: 'Make pictures' }).click();
  await expect(panel.getByRole('progressbar', { name: 'Making pictures from the network' })).toBeVisible();
  await panel.getByRole('button', { name: 'Cancel' }).click();
  await expect(panel.getByRole('progressbar')).toHaveCount(0);
  await expect(panel.getByRole('combobox', { name: 'Pictures', exact: true })).toHaveCount(0);
  await panel.getByRole('spinbutton', { name: 'Pictures of what is made' }).fill('8');
  await panel.getByRole('spinbutton', { name: 'Steps of what is made' }).fill('2');
  await panel.getByRole('button', { name: 'Make pictures' }).click();
  await expect(panel.getByRole('combobox', { name: 'Pictures', exact: true })).toHaveValue('0', { timeout: 120_000 });
  await panel.getByText('What it gives').click();
  await expect(panel.getByRole('figure', { name: 'The first 8 of pictures from the network (8 made in 2 steps)' }).getByRole('img')).toHaveCount(8);

  // at 390 px too, in the dark
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  expect(await panel.evaluate((dialog) => dialog.scrollWidth - dialog.clientWidth)).toBe(0);
  expect(await seriousFindings(page)).toEqual([]);
  expect(lab.faults).toEqual([]);
});
