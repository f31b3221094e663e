/** What is varied, one thing at a time, about the same middle: real pictures, balanced, of the usual number. */
export const SENSITIVITY_FAMILIES = ['source', 'count', 'balance', 'shift'] as const;
export type SensitivityFamily = (typeof SENSITIVITY_FAMILIES)[number];

/** What came of one kind of calibration pictures. */
export interface SensitivityPoint {
  readonly family: SensitivityFamily;
  /** What the pictures are, in a few words. */
  readonly label: string;
  readonly images: number;
  /** Test accuracy after pruning; absent where these pictures could not be had, as `why` says. */
  readonly pruned?: number;
  /** Test accuracy on the forgotten class and on the others; absent where it could not be forgotten, as `why` says. */
  readonly forgotten?: { readonly forget: number; readonly retain: number };
  readonly why?: string;
}

export interface Sensitivity {
  /** Share of the MACs that the pruned networks keep. */
  readonly target: number;
  /** The class that is forgotten: an index of the network's outputs. */
  readonly forgetClass: number;
  readonly testImages: number;
  /** What test pictures were compared with: their labels, or the intact network's own word. */
  readonly judgedBy: 'labels' | 'intact';
  readonly intact: { readonly accuracy: number; readonly forget: number; readonly retain: number };
  readonly points: readonly SensitivityPoint[];
}
