import { expect, test } from '@playwright/test';
import { seriousFindings } from './axeFindings.ts';
import { LabPage, saved } from './lab.ts';

// Pick a class, press Forget, and the network no longer knows it; no gradient step, in the tab.

test('a class is forgotten, and the page says what that did', async ({ page }) => {
  const lab = new LabPage(page);
  await lab.open({ fragment: 'v=1&images=16&order=oneShot' });
  await lab.planShown('One-shot', '1,000');
  await lab.prune.getByRole('button', { name: 'Forget a class' }).press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Forget a class' });
  const status = dialog.getByRole('region', { name: 'What came out' });
  const forget = dialog.getByRole('button', { name: 'Forget', exact: true });
  const pick = (name: string) => dialog.getByRole('checkbox', { name, exact: true });
  await expect(pick('airplane')).toBeChecked();

  // what makes no sense is told, and nothing is lost
  await pick('airplane').press('Space');
  await forget.click();
  await expect(status.getByRole('alert')).toHaveText(/No class to forget was chosen/);

  // a run can be stopped
  await pick('cat').press('Space');
  await forget.press('Enter');
  await expect(status.getByRole('progressbar', { name: /^Forgetting “cat”/ })).toBeVisible();
  await status.getByRole('button', { name: 'Cancel' }).click();
  await expect(forget).toBeEnabled();
  await expect(status.getByRole('alert')).toHaveCount(0);
  await expect(status.getByRole('heading')).toHaveText('Choose a class, and press Forget');

  await forget.click();
  await expect(status.getByRole('heading')).toHaveText(/^The network no longer knows “cat”: \d\.\d % forget, \d+\.\d % retain \([−±+]\d\.\d points\), /, { timeout: 120_000 });
  const [, left, kept] = /: (\d+\.\d) % forget, (\d+\.\d) % retain/.exec(await status.getByRole('heading').innerText()) ?? [];
  expect(Number(left)).toBeLessThanOrEqual(0.5);
  expect(Number(kept)).toBeGreaterThan(88);
  await expect(status.getByText(/no gradient step · 1,000 test images · 256 forget and 256 retain training pictures/)).toBeVisible();
  // the whole test set follows, and can wait
  await status.getByRole('button', { name: 'Cancel' }).click();

  await expect(dialog.getByRole('img', { name: /^\d+ % of the channels removed is enough/ }).locator('svg.recharts-surface')).toBeVisible();
  const moved = dialog.getByRole('region', { name: 'Where the pictures go now' });
  await expect(moved.getByRole('heading')).toHaveText(/^“cat” is now taken for “dog” \(\d+ %/);
  await expect(moved.getByRole('img', { name: /^Test image \d+: cat before, \w+ now$/ }).first()).toBeVisible();
  await expect(dialog.getByRole('region', { name: 'How deep?' }).getByRole('heading')).toHaveText(/^A probe regains \d+ % of “cat” from the features \(\d+ % before/);
  const channels = dialog.getByRole('region', { name: 'The channels that carried it' });
  await expect(channels.getByRole('heading')).toHaveText(/^\d+ channels in \d+ layers carried “cat”$/);
  await expect(channels.getByRole('img', { name: /^Test image \d+, \w+$/ })).toHaveCount(8);

  // the confusion matrix as a table: the cats' row is the same pictures, none of which is a cat now
  const confusion = dialog.getByRole('region', { name: 'Confusion matrix', exact: true });
  await confusion.getByRole('button', { name: 'Confusion matrix as a table' }).click();
  const row = async (side: 'before' | 'after') => {
    const cells = await confusion.getByRole('table', { name: `Confusion matrix ${side}` }).getByRole('row', { name: /^cat / }).getByRole('cell').allInnerTexts();
    return cells.slice(1).map(Number);
  };
  const [before, after] = [await row('before'), await row('after')];
  expect(after.reduce((sum, count) => sum + count)).toBe(before.reduce((sum, count) => sum + count));
  expect(before[3]).toBeGreaterThan(60);
  expect(after[3]).toBe(0);
  expect(await seriousFindings(page)).toEqual([]);

  const download = page.waitForEvent('download');
  await dialog.getByRole('button', { name: 'Report' }).click();
  expect(JSON.parse((await saved(await download)).bytes.toString())).toMatchObject({ forgotten: ['cat'], gradientSteps: 0 });

  // what was found is still there when the dialog is opened again; at 390 px, in the dark
  await dialog.getByRole('button', { name: 'Close' }).click();
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 390, height: 844 });
  await lab.prune.getByRole('button', { name: 'Forget a class' }).click();
  await expect(status.getByRole('heading')).toHaveText(/^The network no longer knows “cat”/);
  expect(await dialog.evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0);
  expect(await seriousFindings(page)).toEqual([]);
  expect(lab.faults).toEqual([]);
});
