import type { Sensitivity, SensitivityPoint } from '../sensitivity/results.ts';

/** Header and rows as they are read: shares in percent, a dash where nothing was measured. */
export function sensitivityTable({ intact, points }: Pick<Sensitivity, 'intact' | 'points'>): { readonly header: readonly string[]; readonly rows: readonly (readonly string[])[] } {
  return {
    header: ['calibrated on', 'images', 'pruned', 'forget', 'retain', 'note'],
    rows: [
      ['(intact network)', '–', percent(intact.accuracy), percent(intact.forget), percent(intact.retain), ''],
      ...points.map(({ family, label, images, pruned, forgotten, why }: SensitivityPoint) => [`${family}: ${label}`, String(images), percent(pruned), percent(forgotten?.forget), percent(forgotten?.retain), why ?? '']),
    ],
  };
}

/** In columns, for a terminal. */
export function columns({ header, rows }: ReturnType<typeof sensitivityTable>): string {
  const widths = header.map((name, c) => Math.max(name.length, ...rows.map((row) => row[c].length)));
  const line = (row: readonly string[]) => row.map((cell, c) => (c === 0 || c === row.length - 1 ? cell.padEnd(widths[c]) : cell.padStart(widths[c]))).join('  ').trimEnd();
  return [header, ...rows].map(line).join('\n');
}

export function percent(share: number | undefined): string {
  return share === undefined ? '–' : `${(100 * share).toFixed(1)} %`;
}
