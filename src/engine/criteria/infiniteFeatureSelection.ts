/** Share of the features' spreads, against their independence, in the affinity of two features. */
const SPREAD_SHARE = 0.5;
/** How far the damping stays below the greatest that converges. */
const DAMPING = 0.9;

/**
 * Infinite feature selection (Roffo et al., ICCV 2015), as NISP ranks the final responses: features are
 * nodes of a graph with affinities `A_ij = α max(σ_i, σ_j) + (1 − α)(1 − |Spearman(i, j)|)`, σ over its
 * range; a feature's importance is the energy of all paths of any length that start at it,
 * `(Σ_{l ≥ 1} (r A)^l) 1 = ((I − r A)⁻¹ − I) 1` with `r = 0.9 / ρ(A)`.
 *
 * The sum is taken until it stands still. A feature that never changes has no correlation with any
 * other, but is not independent of it in the sense meant here: its second term counts 0.
 *
 * @param responses row-major `samples × features`
 * @returns importances that sum to 1; O(features² · (samples + 300))
 */
export function infiniteFeatureSelection(responses: Float64Array, features: number): Float64Array {
  const samples = responses.length / features;
  const { ranks, spreads } = standardisedRanks(responses, samples, features);
  const widest = spreads.reduce((most, spread) => Math.max(most, spread), 0);
  const least = spreads.reduce((few, spread) => Math.min(few, spread), Infinity);
  const range = widest > least ? widest - least : 1;
  const affinity = new Float32Array(features * features);
  for (let i = 0; i < features; i++) for (let j = 0; j <= i; j++) {
    let correlation = 0;
    for (let s = 0; s < samples; s++) correlation += ranks[i * samples + s] * ranks[j * samples + s];
    const apart = spreads[i] > 0 && spreads[j] > 0 ? Math.max(0, 1 - Math.abs(correlation)) : 0;
    const spread = (Math.max(spreads[i], spreads[j]) - least) / range;
    const value = SPREAD_SHARE * spread + (1 - SPREAD_SHARE) * (i === j ? 0 : apart);
    affinity[i * features + j] = value;
    affinity[j * features + i] = value;
  }
  const radius = spectralRadius(affinity, features);
  const energy = radius > 0 ? pathEnergy(affinity, features, DAMPING / radius) : new Float64Array(features).fill(1);
  const total = energy.reduce((sum, value) => sum + value, 0);
  return energy.map((value) => value / total);
}

/** Each feature's ranks over the samples (ties share the mean), centred and of unit length; and its standard deviation. */
function standardisedRanks(responses: Float64Array, samples: number, features: number) {
  const ranks = new Float64Array(features * samples);
  const spreads = new Float64Array(features);
  for (let i = 0; i < features; i++) {
    const values = Float64Array.from({ length: samples }, (_, s) => responses[s * features + i]);
    const mean = values.reduce((sum, value) => sum + value, 0) / samples;
    const constant = values.every((value) => value === values[0]);
    spreads[i] = constant ? 0 : Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / samples);
    if (constant) continue;
    const order = Array.from(values.keys()).sort((a, b) => values[a] - values[b]);
    for (let first = 0; first < samples; ) {
      let last = first;
      while (last + 1 < samples && values[order[last + 1]] === values[order[first]]) last++;
      for (let k = first; k <= last; k++) ranks[i * samples + order[k]] = (first + last) / 2 - (samples - 1) / 2;
      first = last + 1;
    }
    const own = ranks.subarray(i * samples, (i + 1) * samples);
    const length = Math.sqrt(own.reduce((sum, rank) => sum + rank * rank, 0));
    for (let s = 0; s < samples; s++) own[s] /= length;
  }
  return { ranks, spreads };
}

/** Greatest eigenvalue of a symmetric matrix without negative entries, by power iteration. */
function spectralRadius(a: Float32Array, n: number): number {
  let vector = new Float64Array(n).fill(1 / Math.sqrt(n));
  let radius = 0;
  for (let step = 0; step < 1000; step++) {
    // shifted, for a matrix whose least eigenvalue is as great would let the iteration swing
    const next = product(a, n, vector).map((value, i) => value + radius * vector[i]);
    const length = Math.sqrt(next.reduce((sum, value) => sum + value * value, 0));
    if (length === 0) return 0;
    const estimate = length - radius;
    vector = next.map((value) => value / length);
    if (Math.abs(estimate - radius) <= 1e-10 * estimate) return estimate;
    radius = estimate;
  }
  return radius;
}

function pathEnergy(a: Float32Array, n: number, damping: number): Float64Array {
  const energy = new Float64Array(n);
  let paths = new Float64Array(n).fill(1);
  for (let length = 1; length < 1000; length++) {
    paths = product(a, n, paths).map((value) => value * damping);
    let [grown, greatest] = [0, 0];
    for (let i = 0; i < n; i++) {
      energy[i] += paths[i];
      grown = Math.max(grown, paths[i]);
      greatest = Math.max(greatest, energy[i]);
    }
    if (grown <= 1e-12 * greatest) break;
  }
  return energy;
}

function product(a: Float32Array, n: number, x: Float64Array): Float64Array<ArrayBuffer> {
  const y = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += a[i * n + j] * x[j];
    y[i] = sum;
  }
  return y;
}
