import { readFile } from 'node:fs/promises';
import { expect, type Download, type Locator, type Page } from '@playwright/test';

/** The page as a person uses it: by roles and names. */
export class LabPage {
  readonly page: Page;
  /** Everything that must not happen on any page: errors, and requests to another origin. */
  readonly faults: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.faults.push(`page error: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') this.faults.push(`console: ${message.text()}`);
    });
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.protocol.startsWith('http') && url.hostname !== 'localhost') this.faults.push(`request to ${url.origin}`);
    });
  }

  /** Opens the page from scratch, also where only the fragment differs from the page before. */
  async open({ query = '', fragment = '' } = {}): Promise<void> {
    await this.page.goto('about:blank');
    await this.page.goto(`./${query && `?${query}`}${fragment && `#${fragment}`}`);
  }

  get network(): Locator {
    return this.page.getByRole('region', { name: 'Network' });
  }

  get curve(): Locator {
    return this.page.getByRole('region', { name: 'Fidelity curve' });
  }

  get frontier(): Locator {
    return this.page.getByRole('region', { name: 'Frontier' });
  }

  get prune(): Locator {
    return this.page.getByRole('region', { name: 'Prune' });
  }

  get keep(): Locator {
    return this.prune.getByRole('slider', { name: 'Keep' });
  }

  get notices(): Locator {
    return this.page.getByRole('log', { name: 'Notices' });
  }

  /** The calibration job while it runs. */
  get scoring(): Locator {
    return this.page.getByRole('banner').getByRole('progressbar', { name: /Scoring/ });
  }

  async calibrated(images: number): Promise<void> {
    await expect(this.page.getByText(new RegExp(`Scored ${images.toLocaleString('en')} of ${images.toLocaleString('en')}`)).first()).toBeVisible({ timeout: 200_000 });
  }

  /** Waits for the plan that is shown to be of this kind, measured on this many test images. */
  async planShown(kind: 'Sequential' | 'One-shot', images: string): Promise<void> {
    await expect(this.prune.getByText(new RegExp(`${kind} plan, ${images} test images`)).first()).toBeVisible({ timeout: 200_000 });
  }

  /** A cell of the before/after table as the number it shows. */
  async cell(row: string, column: 'intact' | 'pruned'): Promise<number> {
    const cells = this.prune.getByRole('row', { name: new RegExp(`^${row}`) }).getByRole('cell');
    return Number.parseFloat(await cells.nth(column === 'intact' ? 0 : 1).innerText());
  }

  async exported(item: string | RegExp): Promise<{ name: string; bytes: Buffer }> {
    await this.page.getByRole('button', { name: /^Export/ }).click();
    const waiting = this.page.waitForEvent('download');
    await this.page.getByRole('button', { name: item }).or(this.page.getByRole('menuitem', { name: item })).first().click();
    return saved(await waiting);
  }
}

export async function saved(download: Download): Promise<{ name: string; bytes: Buffer }> {
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}
