import { spawnSync } from 'node:child_process';
import { chromium, type Page } from '@playwright/test';
import { preview } from 'vite';
import { findChromium } from '../e2e/browser.ts';

/** Builds the page, opens it in a browser, and closes both after `measure`. Main-thread tasks over 50 ms are noted from the start. */
export async function onBuiltPage(measure: (page: Page) => Promise<void>): Promise<void> {
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
    await measure(page);
  } finally {
    await browser.close();
    await server.close();
  }
}

/** Milliseconds of each main-thread task over 50 ms so far. */
export function longTasks(page: Page): Promise<number[]> {
  return page.evaluate(() => (window as unknown as { longTasks: number[] }).longTasks);
}

export function longest(tasks: readonly number[]): string {
  return tasks.length === 0 ? '–' : Math.max(...tasks).toFixed(0);
}
