import { expect, test } from '@playwright/test';
import { zipTfjsLayers } from '../src/formats/tfjsLayers.ts';
import { networkBuilder } from '../src/network/fixtures/networks.ts';
import type { Network } from '../src/network/network.ts';
import { LabPage, saved } from './lab.ts';

// Rules of widths, what a channel ties together, and what becomes of each layer.

/** Channels kept and in all of every group on screen. */
async function widths(lab: LabPage): Promise<Record<string, [number, number]>> {
  const labels = await lab.network.getByRole('listbox').evaluateAll((strips) => strips.map((strip) => strip.getAttribute('aria-label') ?? ''));
  return Object.fromEntries(labels.flatMap((label) => {
    const found = /^Channels of (.*), best first, (\d+) of (\d+) kept$/.exec(label);
    return found ? [[found[1], [Number(found[2]), Number(found[3])] as [number, number]]] : [];
  }));
}

test('a protected group stays whole, every width becomes a multiple of 8, and a link keeps both', async ({ page }) => {
  const lab = new LabPage(page);
  await lab.open({ fragment: 'v=1&images=32&keep=channels:0.4&order=oneShot' });
  await lab.calibrated(32);
  await lab.planShown('One-shot', '1,000');
  expect((await widths(lab))['Stage 2, block 2']).toEqual([13, 32]);

  await lab.network.getByRole('button', { name: /^Stage 2, block 2,/ }).click();
  await lab.network.getByRole('button', { name: 'Protect Stage 2, block 2' }).press('Enter');
  await expect.poll(async () => (await widths(lab))['Stage 2, block 2']).toEqual([32, 32]);
  await expect(lab.network.getByRole('button', { name: 'protected: give Stage 2, block 2 back to the budget' })).toBeVisible();

  await lab.network.getByRole('button', { name: /^Stage 1, block 1,/ }).click();
  await lab.network.getByRole('combobox', { name: 'Width of Stage 1, block 1' }).selectOption('exactly');
  const channels = lab.network.getByRole('spinbutton', { name: 'Channels of Stage 1, block 1' });
  await channels.fill('5');
  await channels.press('Enter');
  await expect.poll(async () => (await widths(lab))['Stage 1, block 1']).toEqual([5, 16]);

  await lab.prune.getByText(/^Rules/).click();
  await lab.prune.getByRole('combobox', { name: 'Widths are multiples of' }).selectOption('8');
  await expect.poll(async () => Object.entries(await widths(lab)).filter(([name, [kept]]) => kept % 8 !== 0 && name !== 'Stage 1, block 1')).toEqual([]);
  await expect(page).toHaveURL(/rules=m8,stage2_block2_conv1\*p,stage1_block1_conv1\*w5/);
  await lab.planShown('One-shot', '1,000');
  const before = await widths(lab);

  await page.reload();
  await lab.calibrated(32);
  await expect.poll(() => widths(lab)).toEqual(before);
  await lab.network.getByRole('button', { name: 'held at 5: give Stage 1, block 1 back to the budget' }).click();
  await expect.poll(async () => (await widths(lab))['Stage 1, block 1']).toEqual([8, 16]);
  expect(lab.faults).toEqual([]);
});

test('a channel says which layers must lose it with it, and why', async ({ page }) => {
  const lab = new LabPage(page);
  await lab.open({ fragment: 'v=1&images=32&order=oneShot&group=stage2_block1_conv2' });
  await lab.calibrated(32);
  await lab.network.getByRole('button', { name: 'Layers tied together by Stage 2, stream' }).click();
  const group = page.getByRole('dialog', { name: 'Coupling of Stage 2, stream' });
  await expect(group.getByRole('row', { name: /stage2_block1_shortcut .*made by 0–31 of 32/ })).toBeVisible();
  await group.getByRole('button', { name: 'Close' }).click();

  const strip = lab.network.getByRole('listbox', { name: /^Channels of Stage 2, stream/ });
  await strip.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: /^Channel \d+ of Stage 2, stream/ });
  const channel = /Channel (\d+)/.exec((await dialog.getAttribute('aria-label')) ?? '')?.[1];
  const row = (layer: string) => dialog.getByRole('row', { name: new RegExp(`^${layer} `) });
  for (const maker of ['stage2_block1_conv2', 'stage2_block1_shortcut', 'stage2_block2_conv2', 'stage2_block3_conv2']) {
    await expect(row(maker)).toContainText(`made by${channel} of 32its filter makes it`);
  }
  await expect(row('stage2_block1_add')).toContainText('adds channel by channel');
  await expect(row('stage2_block2_conv1')).toContainText(`read by${channel} of 32`);
  await expect(dialog.getByRole('heading', { name: 'Its filters' })).toBeVisible();
  expect(lab.faults).toEqual([]);
});

test('every layer is listed before and after, is timed, and goes home as CSV', async ({ page }) => {
  const lab = new LabPage(page);
  await lab.open({ fragment: 'v=1&images=32&keep=channels:0.5&order=oneShot' });
  await lab.calibrated(32);
  await lab.planShown('One-shot', '1,000');
  await lab.prune.getByRole('button', { name: 'Layers' }).click();
  const dialog = page.getByRole('dialog', { name: 'Layers' });
  const cells = dialog.getByRole('row', { name: /^stage2_block1_conv1 / }).getByRole('cell');
  await expect(cells.nth(0)).toHaveText('16 → 8');
  await expect(cells.nth(1)).toHaveText('32 → 16');
  await dialog.getByRole('button', { name: 'Time the layers' }).click();
  await expect(dialog.getByRole('button', { name: 'Time the layers again' })).toBeVisible({ timeout: 120_000 });
  await expect(cells.nth(4)).toHaveText(/^\d+\.\d+( → \d+\.\d+)?$/);
  const waiting = page.waitForEvent('download');
  await dialog.getByRole('button', { name: 'Save as CSV' }).click();
  const { name, bytes } = await saved(await waiting);
  expect(name).toBe('layers.csv');
  expect(bytes.toString()).toMatch(/\r\nstage2_block1_conv1,conv2d,16,8,32,16,\d+,\d+,\d+,\d+,[\d.]+,[\d.]+,/);
  expect(lab.faults).toEqual([]);
});

async function openNetwork(lab: LabPage, network: Network): Promise<void> {
  await lab.page.getByRole('button', { name: /^Model:/ }).click();
  const chooser = lab.page.waitForEvent('filechooser');
  await lab.page.getByRole('button', { name: /Open model files/ }).click();
  await (await chooser).setFiles({ name: `${network.name}.zip`, mimeType: 'application/zip', buffer: Buffer.from(zipTfjsLayers(network)) });
  await expect(lab.page.getByRole('button', { name: new RegExp(`^Model: ${network.name}`) })).toBeVisible({ timeout: 60_000 });
}

test('a network of which nothing can be cut opens, says so, and gives the reasons', async ({ page }) => {
  const lab = new LabPage(page);
  await lab.open({ fragment: 'v=1&images=32&order=oneShot' });
  await lab.calibrated(32);
  const b = networkBuilder(1);
  const pooled = b.globalPool('pool', b.input('input', [32, 32, 3]));
  await openNetwork(lab, b.build('linear', b.dense('logits', pooled, 3, 10)));
  await expect(lab.network).toContainText('Nothing in this network can be cut');
  await expect(lab.network).toContainText("input (3 channels): it holds the network's input channels");
  await expect(lab.network).toContainText("logits (10 channels): it holds the network's output");
  await expect(lab.curve).toContainText('there is nothing to score');
  await expect(lab.prune).toContainText('Nothing in this network can be cut, so there is no plan to measure.');
  await expect(page.getByRole('banner')).toContainText('Nothing in this network can be cut');
  await expect.poll(() => lab.cell('accuracy', 'intact')).toBeGreaterThanOrEqual(0);
  await lab.prune.getByRole('button', { name: 'Layers' }).click();
  await expect(page.getByRole('dialog', { name: 'Layers' }).getByRole('row', { name: /^logits dense/ })).toContainText('30');
  expect(lab.faults).toEqual([]);
});

test('a group whose reader is too wide for curves is scored channel by channel, and can be cut', async ({ page }) => {
  const lab = new LabPage(page);
  await lab.open({ fragment: 'v=1&images=32&order=oneShot&keep=channels:0.5' });
  await lab.calibrated(32);
  const b = networkBuilder(2);
  const wide = b.activation('wide_relu', b.conv('wide', b.rescaling('scale', b.input('input', [32, 32, 3])), [1, 1], 3, 700, { strides: [4, 4] }), 'relu');
  const narrow = b.activation('narrow_relu', b.conv('narrow', wide, [3, 3], 700, 8), 'relu');
  await openNetwork(lab, b.build('broad', b.dense('logits', b.globalPool('pool', narrow), 8, 10)));
  await lab.calibrated(32);
  await lab.network.getByRole('button', { name: /^wide, 350 of 700/ }).click();
  await expect(lab.curve.getByRole('heading', { level: 2 })).toHaveText('The channels of this layer are scored one by one');
  await expect(lab.curve).toContainText('too wide for fidelity curves');
  await lab.curve.getByRole('button', { name: 'Fidelity curve as a table' }).click();
  await expect(lab.curve.getByRole('row')).toHaveCount(701);
  const waiting = page.waitForEvent('download');
  await lab.curve.getByRole('button', { name: /CSV/ }).click();
  expect((await saved(await waiting)).bytes.toString()).toMatch(/^channel,singleton fidelity\r\n0,\d\.\d{4}\r\n/);
  await lab.planShown('One-shot', '1,000');
  expect(lab.faults).toEqual([]);
});
