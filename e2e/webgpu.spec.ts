import { expect, test } from '@playwright/test';
import { LabPage } from './lab.ts';

/** Scores CSV as group/channel → singleton score. */
function scoresOf(csv: string): Map<string, number> {
  const [head, ...rows] = csv.trim().split('\r\n').map((line) => line.split(','));
  const [group, channel, score] = ['group', 'channel', 'singleton_fidelity'].map((name) => head.indexOf(name));
  return new Map(rows.map((row) => [`${row[group]}/${row[channel]}`, Number(row[score])]));
}

// a software adapter does about three pictures a second
test.setTimeout(900_000);

test('scores on WebGPU agree with those on WebAssembly to 1e-3, and a lost GPU restarts the run on WebAssembly', async ({ page }) => {
  // lets the test reach the device that the engine worker asks for
  await page.route(/engine\.worker/, async (route) => {
    const response = await route.fetch();
    const hook = `{ const ask = self.GPUAdapter?.prototype.requestDevice;
      if (ask) GPUAdapter.prototype.requestDevice = async function (...args) { return (self.__device = await ask.apply(this, args)); }; }\n`;
    await route.fulfill({ response, body: hook + (await response.text()) });
  });
  const lab = new LabPage(page);

  await lab.open({ query: 'backend=webgpu', fragment: 'v=1&images=10' });
  await expect(page.getByRole('button', { name: /^Backend: WebGPU/ })).toBeVisible({ timeout: 120_000 });
  await expect(lab.scoring).toBeVisible({ timeout: 120_000 });
  await expect(lab.scoring).toBeHidden({ timeout: 400_000 });
  const gpu = scoresOf((await lab.exported(/Scores/)).bytes.toString('utf8'));

  // the GPU goes away in the middle of a measurement
  const engine = page.workers().find((worker) => worker.url().includes('engine'));
  await engine?.evaluate(() => (self as unknown as { __device: { destroy(): void } }).__device.destroy());
  await expect(lab.notices).toContainText(/GPU was lost/, { timeout: 120_000 });
  await expect(page.getByRole('button', { name: /^Backend: WebAssembly/ })).toBeVisible({ timeout: 120_000 });
  await lab.planShown('Sequential', '1,000');

  await lab.open({ query: 'backend=wasm', fragment: 'v=1&images=10' });
  await lab.calibrated(10);
  const wasm = scoresOf((await lab.exported(/Scores/)).bytes.toString('utf8'));

  expect(gpu.size).toBe(wasm.size);
  expect(gpu.size).toBeGreaterThan(400);
  const greatest = Math.max(...wasm.values());
  for (const [channel, score] of wasm) expect(Math.abs((gpu.get(channel) ?? NaN) - score) / greatest, channel).toBeLessThan(1e-3);
});
