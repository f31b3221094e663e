import { spawnSync } from 'node:child_process';
import { chromium } from '@playwright/test';
import { preview } from 'vite';
import { findChromium } from '../e2e/browser.ts';
import { table } from './subject.ts';

const TARGETS = '77, 62.5, 47.6, 33.3, 25';

/**
 * A frontier of eight methods at five budgets in the page: the seven that a sweep is offered with
 * (two of them sequential least squares, one sequential scale) and FPGM with norms measured again;
 * ResNet-20, 512 calibration images, 1,000 test images. Beside it, whether the page stayed usable.
 */
export async function benchSweep(): Promise<void> {
  if (spawnSync('npx', ['vite', 'build', '--logLevel', 'error'], { stdio: 'inherit' }).status !== 0) throw new Error('The build failed.');
  const server = await preview({ preview: { port: 4318, strictPort: true }, logLevel: 'error' });
  const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox', '--disable-background-networking'] });
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.addInitScript(() => {
      const seen: number[] = [];
      Object.assign(window, { longTasks: seen });
      new PerformanceObserver((list) => list.getEntries().forEach((entry) => seen.push(entry.duration))).observe({ type: 'longtask', buffered: true });
    });
    await page.goto('http://localhost:4318/');
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
    const tasks = await page.evaluate(() => (window as unknown as { longTasks: number[] }).longTasks.length);
    const began = performance.now();
    await dialog.getByRole('button', { name: 'Measure 40 points' }).click();
    await frontier.getByRole('button', { name: 'Cancel sweep' }).waitFor({ timeout: 60_000 });
    await frontier.getByRole('button', { name: 'Measure', exact: true }).waitFor({ timeout: 1_800_000 });
    const seconds = (performance.now() - began) / 1000;
    const during = (await page.evaluate(() => (window as unknown as { longTasks: number[] }).longTasks)).slice(tasks);
    table(['', ''], [
      ['8 methods × 5 budgets, 1,000 test images, s', seconds.toFixed(0)],
      ['main-thread tasks over 50 ms meanwhile', during.length],
      ['  longest, ms', during.length === 0 ? '–' : Math.max(...during).toFixed(0)],
    ]);
  } finally {
    await browser.close();
    await server.close();
  }
}
