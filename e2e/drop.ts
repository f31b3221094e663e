import type { Page } from '@playwright/test';

/** Drops files and folders of this machine onto the page, as a person does with the mouse. */
export async function dropOnPage(page: Page, ...paths: string[]): Promise<void> {
  const client = await page.context().newCDPSession(page);
  const data = { items: [], files: paths, dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) await client.send('Input.dispatchDragEvent', { type, x: 700, y: 400, data });
  await client.detach();
}
