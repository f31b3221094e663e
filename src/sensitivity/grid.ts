import type { SensitivityFamily } from './results.ts';

/** How many pictures: in the middle of everything, and where their number is varied. */
export interface SensitivityGrid {
  readonly images: number;
  readonly counts: readonly number[];
  /** What is varied; absent: everything. */
  readonly families?: readonly SensitivityFamily[];
}

export const USUAL_GRID: SensitivityGrid = { images: 512, counts: [32, 128, 512, 1024] };
export const QUICK_GRID: SensitivityGrid = { images: 64, counts: [32, 64] };
