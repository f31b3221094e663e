import { intactStatistics, type LayerStatistics } from '../fidelity/layerStatistics.ts';
import { componentWeights, type ConsumerLayer } from './consumerLayers.ts';

/** Accumulates patch Grams over batches and turns them into each layer's statistics. */
export class StatisticsStore {
  readonly layers: readonly ConsumerLayer[];
  readonly #sums = new Map<string, Float64Array>();
  readonly #weights: ReadonlyMap<string, Float64Array>;
  #images = 0;

  constructor(layers: readonly ConsumerLayer[]) {
    this.layers = layers;
    this.#weights = new Map(
      layers.map(({ node, n, p, m }) => [node.id, componentWeights(node.weights.kernel, n, p, m)]),
    );
  }

  /** Images accumulated so far. */
  get images(): number {
    return this.#images;
  }

  /** Adds the sums of a batch; the first array of each layer is kept and written to. */
  add(batch: { readonly images: number; readonly layers: readonly { readonly node: string; readonly gram: Float64Array }[] }): void {
    for (const { node, gram } of batch.layers) {
      const sum = this.#sums.get(node);
      if (!sum) this.#sums.set(node, gram);
      else for (let k = 0; k < sum.length; k++) sum[k] += gram[k];
    }
    this.#images += batch.images;
  }

  /** Statistics per image of every layer seen so far, by node id. */
  statistics(): Map<string, LayerStatistics> {
    const all = new Map<string, LayerStatistics>();
    for (const { node, n, p, m } of this.layers) {
      const sum = this.#sums.get(node.id);
      const weights = this.#weights.get(node.id);
      if (!sum || !weights) continue;
      all.set(node.id, intactStatistics({ n, p, m, weights, gram: sum.map((value) => value / this.#images) }));
    }
    return all;
  }
}
