import type { Page } from '@playwright/test';
import { longest, longTasks, onBuiltPage } from './builtPage.ts';
import { median, table } from './subject.ts';

/** The built page in a browser: long tasks while calibration runs, and what a move of the budget costs its main thread. */
export function benchPage(): Promise<void> {
  return onBuiltPage(async (page) => {
    await page.getByRole('progressbar', { name: /Scoring/ }).waitFor({ timeout: 120_000 });
    const atStart = (await longTasks(page)).length;
    await page.getByText(/Scored 512 of 512/).first().waitFor({ timeout: 300_000 });
    const during = (await longTasks(page)).slice(atStart);
    const moves = await sliderMoves(page);
    table(['', ''], [
      ['main-thread tasks over 50 ms while calibration ran', during.length],
      ['  longest, ms', longest(during)],
      ['tasks over 50 ms while the page loaded', atStart],
      ['a move of the budget: scripting and layout, median ms', median(moves).toFixed(1)],
      ['  worst of the moves, ms', Math.max(...moves).toFixed(1)],
    ]);
  });
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
