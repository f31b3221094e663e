/**
 * Everything that fidelity, selection and compensation need to know of one consumer layer.
 *
 * The layer has `n` input components of `p` weights per output (conv `kh · kw`; dense 1, or the
 * flattened positions of a channel) and `m` outputs. Patches are component-major: element
 * `i · p + q` is offset `q` of component `i`. E is over samples, sums run over positions.
 */
export interface LayerStatistics {
  readonly n: number;
  readonly p: number;
  readonly m: number;
  /** `G = E[Σ x xᵀ]` of the present input patches x; row-major `np × np`, symmetric. */
  readonly gram: Float64Array;
  /** `E[Σ Y xᵀ]` of the target outputs Y (without bias); row-major `m × np`. `W G` when the layer's inputs are intact. */
  readonly cross: Float64Array;
  /** `e_c = E‖Y_c‖²` of the target outputs; length m. */
  readonly energy: Float64Array;
  /** The layer's weights, row-major `m × np`. */
  readonly weights: Float64Array;
}
