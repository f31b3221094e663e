// Takes the README's pictures of the built page: `npm run screenshot`.
import { spawnSync } from 'node:child_process';
import { chromium } from '@playwright/test';
import { preview } from 'vite';
import { findChromium } from '../e2e/browser.ts';

if (spawnSync('npx', ['vite', 'build', '--logLevel', 'error'], { stdio: 'inherit' }).status !== 0) throw new Error('The build failed.');
const server = await preview({ preview: { port: 4319, strictPort: true }, logLevel: 'error' });
const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox', '--disable-background-networking'] });
try {
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme });
    await page.goto('http://localhost:4319/');
    await page.getByText(/Sequential plan, 10,000 test images/).first().waitFor({ timeout: 400_000 });
    // details of the curve and the timing come last
    await page.getByRole('progressbar').first().waitFor({ state: 'hidden', timeout: 120_000 });
    await page.screenshot({ path: `docs/lab-${colorScheme}.png` });
    await page.close();
  }
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme: 'light' });
  await page.goto('http://localhost:4319/#v=1&model=novels-lm&keep=params:0.8&select=greedy');
  await page.getByText(/Sequential plan, 32 test windows/).first().waitFor({ timeout: 400_000 });
  const writing = page.getByRole('region', { name: 'What it writes' });
  await writing.getByRole('button', { name: 'Write on' }).click();
  await writing.getByRole('status').filter({ hasText: /^Written/ }).waitFor({ state: 'attached', timeout: 120_000 });
  await writing.getByRole('region', { name: 'Written after' }).scrollIntoViewIfNeeded();
  await page.screenshot({ path: 'docs/lab-text.png' });
  await page.close();
} finally {
  await browser.close();
  await server.close();
}
