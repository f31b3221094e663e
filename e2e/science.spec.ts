import { expect, test } from '@playwright/test';
import { LabPage } from './lab.ts';

// The science bench, on WebAssembly, on few images.

test('the best recipe is chosen by hand and measured, and a sweep goes on where a reload broke it off', async ({ page }) => {
  const lab = new LabPage(page);
  await lab.open({ fragment: 'v=1&images=96' });
  await lab.calibrated(96);
  await lab.planShown('Sequential', '1,000');

  // the rules stand under headings, and the chosen one says where it comes from and what it needs
  const select = lab.prune.getByRole('combobox', { name: 'Select' });
  await expect(select.locator('optgroup')).toHaveCount(2);
  await expect(select.locator('option')).toHaveCount(23);
  await expect(select.locator('option', { hasText: 'Taylor' })).toHaveText('Taylor (pictures, labels, gradients)');
  await expect(select).toHaveAccessibleDescription(/Needs pictures\. .*arXiv 2511\.19566/);

  // greedy, least squares, sequential; the theory's slopes are measured first, with progress
  await select.selectOption('greedy');
  await expect(select).toHaveAccessibleDescription(/Forward greedy on subset fidelity/);
  await lab.planShown('Sequential', '1,000');
  const uniform = await lab.cell('accuracy', 'pruned');
  await lab.prune.getByRole('combobox', { name: 'Allocate' }).selectOption('theory');
  await expect(lab.prune.getByRole('progressbar', { name: 'Cutting group after group' })).toBeVisible();
  await expect(lab.prune.getByRole('list', { name: 'Plans that were tried' })).toContainText('greedy + least squares, by theory', { timeout: 240_000 });
  await lab.planShown('Sequential', '1,000');
  const byTheory = await lab.cell('accuracy', 'pruned');
  expect(uniform).toBeGreaterThan(50);
  expect(byTheory).toBeGreaterThan(uniform - 5);
  expect(page.url()).toContain('select=greedy&compensate=leastSquares&order=sequential&allocate=theory');

  // a sweep of two methods in the dialog
  await lab.frontier.getByRole('button', { name: 'Measure', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Measure the frontier' });
  await dialog.getByRole('button', { name: 'Take all out' }).click();
  await dialog.getByText('Combine rules').click();
  await dialog.getByRole('checkbox', { name: /^L1/ }).check();
  await dialog.getByRole('checkbox', { name: /^FPGM/ }).check();
  await dialog.getByRole('checkbox', { name: 're-estimated' }).check();
  await dialog.getByRole('checkbox', { name: 'as they are' }).uncheck();
  await dialog.getByRole('button', { name: 'Add 2 combinations' }).click();
  await dialog.getByRole('textbox', { name: /MACs to keep/ }).fill('80, 50, 35');
  await dialog.getByRole('button', { name: 'Measure 6 points' }).click();

  // it is cancelled on its way; what is left is known after a reload, and goes on from there
  const sweeping = lab.frontier.getByRole('progressbar', { name: /^Measuring / });
  await expect.poll(() => sweeping.evaluate((bar) => (bar as HTMLProgressElement).value), { timeout: 120_000, intervals: [100] }).toBeGreaterThanOrEqual(2);
  await lab.frontier.getByRole('button', { name: 'Cancel sweep' }).click();
  const goOn = lab.frontier.getByRole('button', { name: /^Go on: \d points? left$/ });
  await expect(goOn).toBeVisible();
  const left = Number.parseInt((await goOn.innerText()).replace(/\D+/, ''), 10);
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(6);
  await page.reload();
  await expect(goOn).toBeEnabled({ timeout: 200_000 });
  await expect(goOn).toHaveText(`Go on: ${left} ${left === 1 ? 'point' : 'points'} left`);
  await goOn.click();
  await expect(lab.frontier.getByRole('button', { name: 'Measure', exact: true })).toBeVisible({ timeout: 120_000 });
  await expect(goOn).toBeHidden();

  // every method of the frontier stands in the list, with what it needs; one is highlighted, one hidden
  const list = lab.frontier.getByRole('region', { name: 'Methods that were compared' });
  if (!(await list.isVisible())) await lab.frontier.getByRole('button', { name: 'Methods', exact: true }).click();
  const row = list.getByRole('row', { name: /FPGM, norms again/ });
  await expect(row).toContainText('needs pictures');
  await row.getByRole('button', { name: /^Highlight/ }).click();
  await expect(row.getByRole('button', { name: /^Highlight/ })).toHaveAttribute('aria-pressed', 'true');
  await expect(lab.frontier.getByRole('img').first()).toHaveAttribute('aria-label', /FPGM, norms again: 3 points/);
  await row.getByRole('checkbox', { name: /^Show/ }).uncheck();
  await expect(lab.frontier.getByRole('img').first()).not.toHaveAttribute('aria-label', /FPGM, norms again/);
  expect(lab.faults).toEqual([]);
});
