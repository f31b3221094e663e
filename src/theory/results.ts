/**
 * What the theory experiments measure: plain data that crosses workers and goes into files. Errors are
 * per image and absolute unless a name says relative; shares lie in [0, 1].
 */

/** One group cut to `kept` of its channels, all else intact. */
export interface LocalGlobalPoint {
  readonly group: string;
  readonly kept: number;
  readonly channels: number;
  /** How the layers that read the group were refitted; `none` where all are too wide for a patch Gram. */
  readonly compensate: 'none' | 'scale' | 'leastSquares';
  /** `Σ E‖Y − Ŷ‖²` over the layers that read the group, after compensation. */
  readonly local: number;
  /** `local` over those layers' output energy: 1 − their fidelity. */
  readonly relativeLocal: number;
  /** `E‖N(x) − N'(x)‖²` at the logits. */
  readonly global: number;
  /** `global` over `E‖N(x)‖²`. */
  readonly relativeGlobal: number;
}

/**
 * Calibration images that slopes are measured on where a budget is shared out by them: a slope is a ratio of
 * two means, which more images move little, at a cost in proportion.
 */
export const SLOPE_IMAGES = 128;

/** Theorem 3.1: `global ≤ C_l · local`. */
export interface LocalGlobal {
  readonly experiment: 'localGlobal';
  readonly images: number;
  readonly points: readonly LocalGlobalPoint[];
  /** Per group: the least-squares slope through the origin, and the greatest ratio that was seen. */
  readonly slopes: readonly { readonly group: string; readonly fitted: number; readonly worst: number }[];
}

/** Assumption B.2: norm layers are Lipschitz on the data. */
export interface Lipschitz {
  readonly experiment: 'lipschitz';
  readonly pairs: number;
  readonly norms: readonly {
    readonly node: string;
    /** Greatest and median `‖f(x) − f(x')‖ / ‖x − x'‖` over pairs of inputs. */
    readonly greatest: number;
    readonly median: number;
    /** The bound that the weights give: `max |γ_c| / √(σ_c² + ε)`. */
    readonly bound: number;
    /** Least `√(σ_c² + ε)` of any channel. */
    readonly leastDeviation: number;
  }[];
}

/** Gaussian noise on what the components of highest fidelity contribute, and on the others. */
export interface Noise {
  readonly experiment: 'noise';
  readonly images: number;
  /** Share of each group's components that counts as HiFi. */
  readonly share: number;
  readonly intact: number;
  /** Accuracy (agreement where unlabelled) by deviation of the noise, in units of each component's own. */
  readonly points: readonly { readonly deviation: number; readonly onHiFi: number; readonly onOthers: number }[];
}

/** Theorem 3.7 holds for uncorrelated contributions: how far from that, and what it costs. */
export interface Correlation {
  readonly experiment: 'correlation';
  readonly groups: readonly {
    readonly group: string;
    readonly channels: number;
    /** Energy-weighted mean over outputs of `√(Σ_{i≠j} Q_ij² / Σ_{i≠j} Q_ii Q_jj)`, in [0, 1]. */
    readonly correlation: number;
    /** Kept channels at which the gaps are taken. */
    readonly kept: number;
    readonly singleton: number;
    readonly greedy: number;
    /** Absent where there are too many channels. */
    readonly exact?: number;
  }[];
}

/** HiFi sets and accuracy by the calibration images that chose them. */
export interface Stability {
  readonly experiment: 'stability';
  /** Share of channels in the sets. */
  readonly share: number;
  readonly counts: readonly {
    readonly images: number;
    /** Mean share of each group's set that two disjoint or differently seeded draws have in common. */
    readonly overlap: number;
    readonly leastOverlap: number;
    /** Expected overlap of two random sets of that size. */
    readonly chance: number;
    /** Of the network pruned from these images, by seed. */
    readonly accuracies: readonly number[];
  }[];
}

/** One-shot and sequential compensation at the same widths. */
export interface OrderGap {
  readonly experiment: 'orderGap';
  readonly images: number;
  readonly points: readonly { readonly target: number; readonly macs: number; readonly oneShot: number; readonly sequential: number }[];
}

/** What each selection rule takes. */
export interface ScoringCost {
  readonly experiment: 'scoringCost';
  readonly images: number;
  readonly rules: readonly { readonly select: string; readonly seconds: number; /** Of what it reads beside the weights. */ readonly bytes: number }[];
  /** Rules that cannot run here, and why. */
  readonly skipped: readonly { readonly select: string; readonly reason: string }[];
}

export type TheoryResult = LocalGlobal | Lipschitz | Noise | Correlation | Stability | OrderGap | ScoringCost;
export type TheoryExperiment = TheoryResult['experiment'];
export const THEORY_EXPERIMENTS = ['localGlobal', 'lipschitz', 'orderGap', 'noise', 'correlation', 'stability', 'scoringCost'] as const;
