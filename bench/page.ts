import { spawnSync } from 'node:child_process';
import { chromium, type Page } from '@playwright/test';
import { preview } from 'vite';
import { findChromium } from '../e2e/browser.ts';
import { median, table } from './subject.ts';

/** The built page in a browser: long tasks while calibration runs, and what a move of the budget costs its main thread. */
export async function benchPage(): Promise<void> {
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
    await page.getByRole('progressbar', { name: /Scoring/ }).waitFor({ timeout: 120_000 });
    const atStart = (await longTasks(page)).length;
    await page.getByText(/Scored 512 of 512/).first().waitFor({ timeout: 300_000 });
    const during = (await longTasks(page)).slice(atStart);
    const moves = await sliderMoves(page);
    table(['', ''], [
      ['main-thread tasks over 50 ms while calibration ran', during.length],
      ['  longest, ms', during.length === 0 ? '–' : Math.max(...during).toFixed(0)],
      ['tasks over 50 ms while the page loaded', atStart],
      ['a move of the budget: scripting and layout, median ms', median(moves).toFixed(1)],
      ['  worst of the moves, ms', Math.max(...moves).toFixed(1)],
    ]);
  } finally {
    await browser.close();
    await server.close();
  }
}

function longTasks(page: Page): Promise<number[]> {
  return page.evaluate(() => (window as unknown as { longTasks: number[] }).longTasks);
}

/** Main-thread milliseconds (script, style, layout) of each of 30 arrow-key moves, by the browser's own counters. */
async function sliderMoves(page: Page): Promise<number[]> {
  const slider = page.getByRole('slider', { name: /^Keep/ });
  await slider.focus();
  const client = await page.context().newCDPSession(page);
  await client.send('Performance.enable');
  const busy = async () => {
    const { metrics } = await client.send('Performance.getMetrics');
    const value = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? 0;
    return 1000 * (value('ScriptDuration') + value('LayoutDuration') + value('RecalcStyleDuration'));
  };
  const moves: number[] = [];
  for (let move = 0; move < 30; move++) {
    const before = await busy();
    await slider.press(move % 2 === 0 ? 'ArrowLeft' : 'ArrowRight');
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    moves.push((await busy()) - before);
  }
  return moves;
}
