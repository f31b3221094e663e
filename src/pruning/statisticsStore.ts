import { intactStatistics, type LayerMeans, type LayerStatistics } from '../fidelity/layerStatistics.ts';
import type { ConsumerLayer } from './consumerLayers.ts';
import { componentWeights } from './layerWeights.ts';

/** What calibration has measured so far, by layer id. */
export interface LayerMeasures {
  /** Of the layers whose patch Gram is kept. */
  readonly statistics: ReadonlyMap<string, LayerStatistics>;
  /** Layer-level singleton scores of the layers that are too wide for a Gram. */
  readonly contributions: ReadonlyMap<string, Float64Array>;
}

/** Sums of one layer over some images: of its patches, or of what each of its inputs contributes. */
export type LayerSums =
  | { readonly layer: string; readonly gram: Float64Array; readonly patches?: PatchSums }
  | { readonly layer: string; readonly contributions: ContributionSums };

/** `Σ x` over the patches of all images, length np, and how many patches one image has. */
export interface PatchSums {
  readonly sum: Float64Array;
  readonly positions: number;
}

/** Sums over images: `cross` and `own` are row-major `m × n` (b and d), `energy` has one value an output. */
export interface ContributionSums {
  readonly cross: Float64Array;
  readonly own: Float64Array;
  readonly energy: Float64Array;
}

/** Accumulates calibration's sums over batches and turns them into each layer's statistics. */
export class StatisticsStore {
  readonly layers: readonly ConsumerLayer[];
  readonly #known: ReadonlySet<string>;
  #measures: LayerMeasures | undefined;
  /** Mean per image, so that the statistics need no copy of their own. */
  readonly #grams = new Map<string, Mean>();
  readonly #patches = new Map<string, Mean>();
  readonly #positions = new Map<string, number>();
  readonly #contributions = new Map<string, ContributionSums>();

  constructor(layers: readonly ConsumerLayer[]) {
    this.layers = layers;
    this.#known = new Set(layers.map(({ id }) => id));
  }

  /** Images that every layer has been measured on. */
  images = 0;

  /** Adds the sums of a batch, or of some of its layers; the last message of a batch counts its images. */
  add(batch: { readonly images: number; readonly layers: readonly LayerSums[]; readonly last?: boolean }): void {
    this.#measures = undefined;
    for (const sums of batch.layers) {
      if (!this.#known.has(sums.layer)) continue;
      if ('gram' in sums) {
        this.#addMean(this.#grams, sums.layer, sums.gram, batch.images);
        if (sums.patches) this.#addPatches(sums.layer, sums.patches, batch.images);
      }
      else this.#addContributions(sums.layer, sums.contributions);
    }
    if (batch.last ?? true) this.images += batch.images;
  }

  /**
   * Statistics per image of every layer seen so far. The Grams are the store's own arrays, which
   * `add` writes to: ask again after the next batch. O(Σ m (np)²) the first time after a batch.
   */
  measures(): LayerMeasures {
    this.#measures ??= this.#measure();
    return this.#measures;
  }

  #measure(): LayerMeasures {
    const statistics = new Map<string, LayerStatistics>();
    const contributions = new Map<string, Float64Array>();
    for (const layer of this.layers) {
      const mean = this.#grams.get(layer.id);
      const sums = this.#contributions.get(layer.id);
      const { n, p, m } = layer;
      if (mean) {
        const weights = componentWeights(layer, layer.node.weights.kernel);
        const intact = intactStatistics({ n, p, m, weights, gram: mean.values });
        const means = this.#means(layer.id, weights, m);
        statistics.set(layer.id, means ? { ...intact, means } : intact);
      } else if (sums) contributions.set(layer.id, scoresOf(sums, n));
    }
    return { statistics, contributions };
  }

  #means(layer: string, weights: Float64Array, m: number): LayerMeans | undefined {
    const [input, positions] = [this.#patches.get(layer)?.values, this.#positions.get(layer)];
    if (!input || positions === undefined) return undefined;
    const output = Float64Array.from({ length: m }, (_, c) => input.reduce((sum, x, q) => sum + weights[c * input.length + q] * x, 0));
    return { input, output, positions };
  }

  #addPatches(layer: string, { sum, positions }: PatchSums, images: number): void {
    this.#positions.set(layer, positions);
    this.#addMean(this.#patches, layer, sum, images);
  }

  #addMean(means: Map<string, Mean>, layer: string, sums: Float64Array, images: number): void {
    const mean = means.get(layer);
    if (!mean) {
      for (let k = 0; k < sums.length; k++) sums[k] /= images;
      means.set(layer, { values: sums, images });
      return;
    }
    const total = mean.images + images;
    const [before, now] = [mean.images / total, 1 / total];
    const { values } = mean;
    for (let k = 0; k < values.length; k++) values[k] = values[k] * before + sums[k] * now;
    mean.images = total;
  }

  #addContributions(layer: string, sums: ContributionSums): void {
    const before = this.#contributions.get(layer);
    if (!before) {
      this.#contributions.set(layer, sums);
      return;
    }
    for (const name of ['cross', 'own', 'energy'] as const) {
      for (let k = 0; k < before[name].length; k++) before[name][k] += sums[name][k];
    }
  }
}

interface Mean {
  readonly values: Float64Array;
  images: number;
}

/** `Σ_c b_ci² / d_ci / Σ_c e_c`: the layer-level singleton score of each input. */
function scoresOf({ cross, own, energy }: ContributionSums, n: number): Float64Array {
  const scores = new Float64Array(n);
  const total = energy.reduce((sum, e) => sum + e, 0);
  cross.forEach((b, at) => {
    if (own[at] > 0 && total > 0) scores[at % n] += Math.min(energy[Math.floor(at / n)], (b * b) / own[at]) / total;
  });
  return scores;
}
