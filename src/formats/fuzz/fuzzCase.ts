/** One damaged file, or several that belong together. */
export interface FuzzCase {
  /** What was done to which sound file. */
  readonly name: string;
  /** Makes the files. */
  readonly make: () => Opening;
}

/** Files that are about to be opened, and what may come of it. */
export interface Opening {
  readonly open: () => Promise<unknown>;
  /** What is wrong about what was opened; undefined where nothing is. */
  readonly faultIn: (opened: unknown) => string | undefined | Promise<string | undefined>;
}

/** Damaged files of one format. Each case makes its own choices, so that it can be run alone. */
export interface FuzzFamily {
  /** Throws where a sound file does not open: then the cases would prove nothing. */
  readonly cases: (seed: number) => Promise<readonly FuzzCase[]>;
  /** Looked at after each case: what the library's state should still allow. A fault, or undefined. */
  readonly faultAfter?: () => Promise<string | undefined>;
}

/** How one case ended. */
export interface Verdict {
  /** The name of the error that it was refused by, or `opened`. */
  readonly result: string;
  /** What must not have happened; absent where all is well. */
  readonly fault?: string;
  /** Of processor time, opening alone. */
  readonly milliseconds: number;
}

/** What the process of a family says, in this order. */
export type Report =
  | { readonly kind: 'cases'; readonly names: readonly string[] }
  | ({ readonly kind: 'verdict' } & Verdict)
  /** Bytes: the process at its largest beyond what it took before the first case, and buffers alive after a case at most. */
  | { readonly kind: 'end'; readonly grown: number; readonly buffers: number };
