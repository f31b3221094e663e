import { expect, test } from '@playwright/test';
import { seriousFindings } from './axeFindings.ts';
import { LabPage, saved } from './lab.ts';

// The curves of every search, all groups at a glance, and the claims of the paper, checked here.

test('HiFi sets at a chosen η, all groups at a glance, and claims checked on the network', async ({ page }) => {
  const lab = new LabPage(page);
  await lab.open({ fragment: 'v=1&images=16&order=oneShot&group=stage1_block1_conv1' });
  await lab.calibrated(16);

  // every search stands beside the others, with what it needs for η
  const needs = lab.curve.getByRole('list', { name: 'Channels that reach η = 0.8' });
  await expect(needs.getByText(/^exact \d+$/)).toBeVisible({ timeout: 120_000 });
  const needed = async (search: string) => Number.parseInt((await needs.getByRole('listitem').filter({ hasText: new RegExp(`^${search} `) }).innerText()).slice(search.length), 10);
  expect(await needed('exact')).toBeLessThanOrEqual(Math.min(await needed('greedy'), await needed('backward'), await needed('singleton')));
  expect(await needed('singleton')).toBeLessThanOrEqual(16);

  // a greater η takes more of them, and they can be kept
  const before = await needed('singleton');
  await lab.curve.getByRole('slider', { name: 'η of the HiFi sets' }).fill('0.95');
  const more = lab.curve.getByRole('list', { name: 'Channels that reach η = 0.95' });
  await expect(more).toBeVisible();
  await expect(lab.curve.getByRole('heading', { level: 2 })).toHaveText(/^\d+ of 16 channels rebuild 95 % of this layer$/);
  const after = Number.parseInt((await more.getByRole('listitem').filter({ hasText: /^singleton / }).innerText()).slice('singleton '.length), 10);
  expect(after).toBeGreaterThan(before);
  await lab.curve.getByRole('button', { name: 'HiFi set' }).click();
  const keep = page.getByRole('dialog', { name: 'HiFi set of Stage 1, block 1' }).getByRole('button', { name: /^Keep these \d+ channels$/ });
  const kept = Number.parseInt((await keep.innerText()).slice('Keep these '.length), 10);
  await keep.click();
  await expect(lab.network.getByRole('listbox', { name: `Channels of Stage 1, block 1, best first, ${kept} of 16 kept` })).toBeVisible();

  // all groups at a glance; one of them enlarges
  await lab.curve.getByRole('button', { name: 'All groups' }).press('Enter');
  const all = page.getByRole('dialog', { name: 'All groups' });
  await expect(all.getByRole('heading', { level: 2 })).toHaveText(/^All 12 groups reach η = 0\.95 with at most \d+ % of their channels$/);
  await expect(all.getByRole('list', { name: 'Fidelity curves of all groups' }).getByRole('listitem')).toHaveCount(12);
  await expect(all.getByText(/Band: 200 random orders, 5–95 %\./)).toBeVisible({ timeout: 120_000 });
  await expect(all.getByRole('row', { name: /^Stage 3, block 2 64 \d+ \d+ % \d+ \d+ %$/ })).toBeVisible();
  expect(await seriousFindings(page)).toEqual([]);
  const csv = page.waitForEvent('download');
  await all.getByRole('button', { name: 'Save as CSV' }).click();
  expect((await saved(await csv)).bytes.toString()).toMatch(/^group,channels,k_at_0\.8,share_at_0\.8,k_at_0\.95,share_at_0\.95\r\n/);
  await all.getByRole('button', { name: /^Stage 3, block 2 \d+ % \(\d+ of 64 channels reach η = 0\.95\): enlarge$/ }).press('Enter');
  await expect(all).toBeHidden();
  await expect(lab.curve.getByRole('slider', { name: 'Channels kept in Stage 3, block 2' })).toBeVisible();

  // claims: each with what it says and what is found here
  await page.getByRole('button', { name: 'Theory', exact: true }).click();
  const theory = page.getByRole('dialog', { name: 'Theory' });
  const correlation = theory.getByRole('region', { name: 'When are singleton scores enough?' });
  const lipschitz = theory.getByRole('region', { name: 'Are norm layers Lipschitz on the data?' });
  await expect(correlation).toContainText('Theorem 3.7');
  await theory.getByRole('button', { name: /^Check: When are singleton/ }).click();
  await theory.getByRole('button', { name: /^Check: Are norm layers/ }).click();
  await expect(lipschitz.getByRole('progressbar')).toBeVisible();
  await expect(correlation.getByRole('heading')).toHaveText(/^Singleton loses .* points? of fidelity, at Stage /, { timeout: 240_000 });
  await expect(lipschitz.getByRole('heading')).toHaveText(/^All 21 norm layers stay within the bound, at most at \d+ % of it; least deviation /, { timeout: 240_000 });
  await expect(lipschitz.getByText('holds here')).toBeVisible();
  await expect(correlation.getByRole('img', { name: /^Singleton loses/ }).locator('svg.recharts-surface')).toBeVisible();
  expect(await seriousFindings(page)).toEqual([]);
  await correlation.getByRole('button', { name: /as a table$/ }).click();
  await expect(correlation.getByRole('row')).toHaveCount(13);
  const file = page.waitForEvent('download');
  await lipschitz.getByRole('button', { name: /as CSV$/ }).click();
  expect((await saved(await file)).bytes.toString()).toMatch(/^norm_layer,median_ratio,greatest_ratio,bound,least_deviation\r\nstem_conv_norm,/);

  // at 390 px too, in the dark
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await theory.evaluate((dialog) => dialog.scrollWidth - dialog.clientWidth)).toBe(0);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  expect(await seriousFindings(page)).toEqual([]);
  expect(lab.faults).toEqual([]);
});
