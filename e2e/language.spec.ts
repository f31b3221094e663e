import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@playwright/test';
import { seriousFindings } from './axeFindings.ts';
import { dropOnPage } from './drop.ts';
import { LabPage } from './lab.ts';

/** A Llama of two blocks with random weights, as it is downloaded. */
const FIXTURE = fileURLToPath(new URL('../src/formats/fixtures/hf/llama/', import.meta.url));
const TEXT = Array.from({ length: 60 }, (_, k) => `On day ${k} the old ship left the harbour, and ${k % 7} gulls followed it until the light was gone.`).join('\n');

let folder: string;
test.beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'own-')), 'tiny llama');
  await cp(FIXTURE, folder, { recursive: true, filter: (source) => !source.endsWith('oracle.json') });
});
test.afterAll(() => rm(join(folder, '..'), { recursive: true }));

test('a language model’s folder and a pasted text: scored, pruned to half, written on side by side, and found again', async ({ page }) => {
  const lab = new LabPage(page);
  await lab.open({ query: 'backend=wasm', fragment: 'v=1&images=32&order=oneShot&select=l1&compensate=none&keep=channels:0.5' });
  await lab.calibrated(32);
  await dropOnPage(page, folder);
  await expect(page.getByRole('button', { name: /^Model: tiny llama/ })).toBeVisible();

  // its blocks are read off its structure, and what leaves is called what it is
  await expect(lab.network.getByRole('listbox', { name: /^Neurons of Block 2, MLP neurons/ })).toBeVisible();
  await expect(lab.network.getByRole('button', { name: /^Block 1, head groups, 1 of 2 head groups kept/ })).toBeVisible();

  await page.getByRole('button', { name: /^Calibration: Novels/ }).click();
  await page.getByRole('textbox', { name: 'Or paste or type one' }).fill(TEXT);
  await page.getByRole('button', { name: 'Use this text' }).click();
  const calibration = page.getByRole('button', { name: /^Calibration: “On day 0 the…”/ });
  await expect(calibration).toBeVisible();
  await expect(lab.prune.getByText(/^One-shot plan, 32 test windows/)).toBeVisible();
  const [intact, pruned] = [await lab.cell('perplexity', 'intact'), await lab.cell('perplexity', 'pruned')];
  expect(intact).toBeGreaterThan(1);
  expect(pruned).toBeGreaterThan(1);
  expect(pruned).not.toBe(intact);
  expect(await lab.cell('KL divergence', 'pruned')).toBeGreaterThan(0);
  expect(await lab.cell('next-token agreement', 'pruned')).toBeLessThan(100);
  await expect(lab.frontier).toContainText('Perplexity (lower is better, logarithmic) on 32 windows');
  await expect(page.getByRole('button', { name: 'Forget a class' })).toHaveCount(0);

  const writing = page.getByRole('region', { name: 'What it writes' });
  await writing.getByRole('textbox', { name: 'Prompt' }).fill('On day 1');
  await writing.getByRole('spinbutton', { name: 'Tokens to write' }).fill('12');
  await writing.getByRole('button', { name: 'Write on' }).click();
  for (const side of ['before', 'after']) await expect(writing.getByRole('region', { name: `Written ${side}` })).toContainText(/On day 1.*12 tokens/s);
  await expect(writing.getByRole('status').filter({ hasText: 'Written: 12 tokens before and 12 after.' })).toHaveCount(1);

  await writing.getByRole('spinbutton', { name: 'Tokens to write' }).fill('256');
  await writing.getByRole('button', { name: 'Write on' }).click();
  await writing.getByRole('button', { name: 'Stop writing' }).click();
  await expect(writing).toContainText('stopped');
  await expect(writing.getByRole('button', { name: 'Write on' })).toBeVisible();

  await lab.network.getByRole('button', { name: 'Look inside' }).first().click();
  await expect(page.getByRole('dialog').getByRole('heading', { name: 'The tokens that excite it most' })).toBeVisible();
  await expect(page.getByRole('dialog').locator('mark').first()).toBeVisible();
  await page.keyboard.press('Escape');
  expect(await seriousFindings(page)).toEqual([]);

  await expect(page).toHaveURL(/kept=[0-9a-f]{16}\*tiny%20llama.*data=[0-9a-f]{16}\*/);
  await page.reload();
  await expect(page.getByRole('button', { name: /^Model: tiny llama/ })).toBeVisible();
  await expect(calibration).toBeVisible();
  await expect(lab.prune.getByText(/^One-shot plan, 32 test windows/)).toBeVisible();
  expect(await lab.cell('perplexity', 'intact')).toBe(intact);
  expect(await lab.cell('perplexity', 'pruned')).toBe(pruned);
  expect(lab.faults).toEqual([]);
});
