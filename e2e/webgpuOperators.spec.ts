import { readFile } from 'node:fs/promises';
import { expect, test } from '@playwright/test';
import { build, type Rolldown } from 'vite';

test.setTimeout(600_000);

async function casesOf(file: string): Promise<object[]> {
  return (JSON.parse(await readFile(`src/engine/fixtures/${file}.json`, 'utf8')) as { cases: object[] }).cases;
}

test('every operator on WebGPU is what PyTorch computes', async ({ page }) => {
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, minify: false, target: 'es2023', lib: { entry: 'e2e/harness/operators.ts', formats: ['iife'], name: 'harness' } },
  })) as Rolldown.RolldownOutput[];
  const cases = [...(await casesOf('ops')), ...(await casesOf('transformerOps'))];
  await page.route('**/operators-harness/**', (route) => {
    const isScript = route.request().url().endsWith('.js');
    return route.fulfill(isScript ? { contentType: 'text/javascript', body: built[0].output[0].code } : { contentType: 'text/html', body: '<script src="run.js"></script>' });
  });
  await page.goto('operators-harness/');
  const results = await page.evaluate((all) => (globalThis as unknown as { runOperators(cases: object[]): Promise<{ name: string; error: number | string }[]> }).runOperators(all), cases);
  expect(await page.evaluate(() => (globalThis as unknown as { backendName(): string }).backendName())).toBe('webgpu');
  expect(results).toHaveLength(cases.length);
  expect(results.filter(({ error }) => !(Number(error) < 1e-4))).toEqual([]);
});
