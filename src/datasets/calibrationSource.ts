/**
 * Where pictures to score and to compensate with come from:
 * - `pictures`: the training split of the open data set, shipped or a person's own;
 * - `inversion`: inputs made from the network alone, by optimising them against the statistics in its own
 *   norm layers and its class scores; shipped with the model or made in the page;
 * - `deadLeaves`, `colourNoise`: procedural, of no network and no photograph;
 * - `gaussian`: independent pixels of the mean and spread that the network expects.
 */
export const SOURCE_KINDS = ['pictures', 'inversion', 'deadLeaves', 'colourNoise', 'gaussian'] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

/** What calibration pictures are drawn from, by a seed. */
export interface CalibrationSource {
  readonly kind: SourceKind;
  /** A second kind that takes the place of a share of the pictures, in (0, 1). */
  readonly mix?: { readonly kind: SourceKind; readonly share: number };
  /** Of `inversion`: the set that was made in the page with these settings. Absent: the one shipped with the model. */
  readonly made?: MadeSet;
}

/** What pictures are made from a network with; the same settings make the same pictures. */
export interface MadeSet {
  readonly count: number;
  /** Optimisation steps for each picture. */
  readonly steps: number;
  readonly seed: number;
}

export const REAL_PICTURES: CalibrationSource = { kind: 'pictures' };
