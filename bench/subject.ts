import { openDataFolder } from '../src/headless/commands/images.ts';
import { subjectOf, type Subject } from '../src/pruning/subject.ts';
import { readModel } from '../src/headless/files.ts';
import { startNodeEngine } from '../src/headless/nodeEngine.ts';
import type { Correlator } from '../src/engine/kernels/correlator.ts';
import type { PackedImages } from '../src/datasets/packedImages.ts';

/** A shipped model with its data, on the engine. */
export async function shippedSubject(id: string): Promise<{ subject: Subject; data: PackedImages; correlator: Correlator }> {
  const correlator = await startNodeEngine();
  const subject = subjectOf(await readModel(new URL(`../public/models/${id}`, import.meta.url).pathname));
  return { subject, data: await openDataFolder(new URL('../public/data/cifar10', import.meta.url).pathname), correlator };
}

/** Milliseconds of one call. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** Rows of cells in aligned columns. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const all = [head, ...rows.map((row) => row.map(String))];
  const widths = head.map((_, at) => Math.max(...all.map((row) => row[at].length)));
  for (const row of all) console.log(row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join('  '));
}
