import type { PackedImages } from '../../datasets/packedImages.ts';
import type { Job } from '../../engine/job.ts';
import type { TheoryInput } from '../../theory/theoryInput.ts';

/** By the claim's stated rule. */
export type Verdict = 'reproduces' | 'partly' | 'does not';

/** What was found on one network. */
export interface Finding {
  readonly verdict: Verdict;
  /** The figure that decides, in a few words: it stands beside the paper's. */
  readonly brief: string;
  /** A sentence or two with all figures. */
  readonly ours: string;
}

/** One claim of the paper (ModHiFi, NeurIPS 2025, arXiv 2511.19566), or one that it rests on. */
export interface Claim {
  /** As in `--only`. */
  readonly id: string;
  /** What is claimed, so that the row is understood by itself. */
  readonly statement: string;
  /** The paper's figure, and on what. */
  readonly paper: string;
  /** What is done here. */
  readonly how: string;
  /** The numeric rule that the verdict follows. */
  readonly rule: string;
  /** Whether it takes minutes: then it is measured on the first network alone. */
  readonly long?: boolean;
  readonly measure: (setup: ClaimSetup) => Promise<Finding>;
}

/** What claims are measured on. */
export interface ClaimSetup {
  readonly input: TheoryInput;
  /** The folder that `input` is drawn from, for claims that ask for pictures of one class. */
  readonly data: PackedImages;
  /** Where the network and the data lie, for claims that look for more beside them. */
  readonly folders: { readonly model: string; readonly data: string };
  /** Fewer pictures and points: to try the command, not to judge by. */
  readonly quick: boolean;
  /** The job of a step; its progress names the step. */
  readonly job: (step: string) => Job;
}

/** `12.3 %` of a share. */
export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

/** A difference of two shares in points, signed: `−12.3`. */
export function points(difference: number, digits = 1): string {
  const text = Math.abs(100 * difference).toFixed(digits);
  return `${difference < 0 && Number(text) !== 0 ? '−' : '+'}${text}`;
}

/** Two significant digits and more where they are needed to tell small numbers apart. */
export function figure(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : 'none';
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The middle value; the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}
