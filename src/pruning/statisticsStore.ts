import { intactStatistics, type LayerStatistics } from '../fidelity/layerStatistics.ts';
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
  | { readonly layer: string; readonly gram: Float64Array }
  | { readonly layer: string; readonly contributions: ContributionSums };

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
      if ('gram' in sums) this.#addGram(sums.layer, sums.gram, batch.images);
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
        statistics.set(layer.id, intactStatistics({ n, p, m, weights, gram: mean.values }));
      } else if (sums) contributions.set(layer.id, scoresOf(sums, n));
    }
    return { statistics, contributions };
  }

  #addGram(layer: string, gram: Float64Array, images: number): void {
    const mean = this.#grams.get(layer);
    if (!mean) {
      for (let k = 0; k < gram.length; k++) gram[k] /= images;
      this.#grams.set(layer, { values: gram, images });
      return;
    }
    const total = mean.images + images;
    const [before, now] = [mean.images / total, 1 / total];
    const { values } = mean;
    for (let k = 0; k < values.length; k++) values[k] = values[k] * before + gram[k] * now;
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
