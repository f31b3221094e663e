import { longest, longTasks, onBuiltPage } from './builtPage.ts';
import { table } from './subject.ts';

const TARGETS = '77, 62.5, 47.6, 33.3, 25';

/**
 * A frontier of eight methods at five budgets in the page: the seven that a sweep is offered with
 * (two of them sequential least squares, one sequential scale) and FPGM with norms measured again;
 * ResNet-20, 512 calibration images, 1,000 test images. Beside it, whether the page stayed usable.
 */
export function benchSweep(): Promise<void> {
  return onBuiltPage(async (page) => {
    await page.getByText(/Sequential plan, 10,000 test images/).first().waitFor({ timeout: 600_000 });
    const frontier = page.getByRole('region', { name: 'Frontier' });
    await frontier.getByRole('button', { name: 'Measure', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Measure the frontier' });
    await dialog.getByText('Combine rules').click();
    await dialog.getByRole('checkbox', { name: /^FPGM/ }).check();
    await dialog.getByRole('checkbox', { name: 're-estimated' }).check();
    await dialog.getByRole('checkbox', { name: 'as they are' }).uncheck();
    await dialog.getByRole('button', { name: /^Add 1 combination/ }).click();
    await dialog.getByRole('textbox', { name: /MACs to keep/ }).fill(TARGETS);
    const tasks = (await longTasks(page)).length;
    const began = performance.now();
    await dialog.getByRole('button', { name: 'Measure 40 points' }).click();
    await frontier.getByRole('button', { name: 'Cancel sweep' }).waitFor({ timeout: 60_000 });
    await frontier.getByRole('button', { name: 'Measure', exact: true }).waitFor({ timeout: 1_800_000 });
    const seconds = (performance.now() - began) / 1000;
    const during = (await longTasks(page)).slice(tasks);
    table(['', ''], [
      ['8 methods × 5 budgets, 1,000 test images, s', seconds.toFixed(0)],
      ['main-thread tasks over 50 ms meanwhile', during.length],
      ['  longest, ms', longest(during)],
    ]);
  });
}
