import { expect, test } from '@playwright/test';
import { seriousFindings } from './axeFindings.ts';
import { LabPage } from './lab.ts';

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing serious, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    const lab = new LabPage(page);
    await lab.open({ fragment: 'v=1&images=32' });
    await lab.calibrated(32);
    await lab.planShown('Sequential', '1,000');
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Help' }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
    expect(await seriousFindings(page)).toEqual([]);
  });
}

test('everything is reachable at 390 px, without sideways scrolling', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const lab = new LabPage(page);
  await lab.open({ fragment: 'v=1&images=32' });
  await lab.calibrated(32);
  await lab.planShown('Sequential', '1,000');
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  for (const region of [lab.network, lab.curve, lab.frontier, lab.prune]) {
    await region.scrollIntoViewIfNeeded();
    await expect(region).toBeInViewport();
  }
  expect(await seriousFindings(page)).toEqual([]);
});

test('the budget and a channel can be changed from the keyboard alone', async ({ page }) => {
  const lab = new LabPage(page);
  await lab.open({ fragment: 'v=1&images=32&order=oneShot' });
  await lab.calibrated(32);
  await lab.planShown('One-shot', '1,000');
  await lab.keep.focus();
  const before = await lab.network.getByRole('heading', { level: 2 }).innerText();
  for (let press = 0; press < 5; press++) await page.keyboard.press('ArrowRight');
  await expect(lab.network.getByRole('heading', { level: 2 })).not.toHaveText(before);

  const strip = lab.network.getByRole('listbox').nth(3);
  const kept = async () => Number(/, (\d+) of/.exec((await strip.getAttribute('aria-label')) ?? '')?.[1]);
  const width = await kept();
  await strip.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Space');
  await expect.poll(kept).toBe(width - 1);
});
