import { preprocess, type Preprocessing } from '../../datasets/preprocessing.ts';
import type { PixelStatistics } from '../../datasets/synthetic/expectedPixels.ts';

/** Between pixels 0–255 (RGB), what the optimiser moves (deviations from the expected mean) and what the network is fed. */
export class PixelScale {
  /** Bounds of what the optimiser moves, by channel: pixels 0 and 255. */
  readonly lowest: readonly number[];
  readonly highest: readonly number[];
  readonly #mean: readonly number[];
  readonly #deviation: readonly number[];
  readonly #preprocessing: Preprocessing;
  readonly #channels: number;

  constructor({ mean, deviation }: PixelStatistics, preprocessing: Preprocessing, channels: number) {
    const each = (perChannel: readonly number[]) => Array.from({ length: channels }, (_, c) => perChannel[Math.min(c, perChannel.length - 1)]);
    this.#mean = each(mean);
    this.#deviation = each(deviation);
    this.#preprocessing = preprocessing;
    this.#channels = channels;
    this.lowest = this.#mean.map((m, c) => -m / this.#deviation[c]);
    this.highest = this.#mean.map((m, c) => (255 - m) / this.#deviation[c]);
  }

  /** Pixels to what the optimiser moves, in place. */
  standardise(x: Float32Array): void {
    for (let at = 0; at < x.length; at++) x[at] = (x[at] - this.#mean[at % this.#channels]) / this.#deviation[at % this.#channels];
  }

  /** What the network is fed; `x` holds pixels, or what the optimiser moves. */
  fed(x: Float32Array, pixels: boolean): Float32Array {
    const values = pixels ? x : x.map((value, at) => value * this.#deviation[at % this.#channels] + this.#mean[at % this.#channels]);
    return preprocess(values, this.#channels, this.#preprocessing);
  }

  /** From the gradient of what the network is fed to that of what the optimiser moves. */
  back(gradient: Float32Array): Float32Array {
    const { scale, deviation, order } = this.#preprocessing;
    const turned = order === 'BGR' && this.#channels === 3;
    return gradient.map((_, at) => {
      const c = at % this.#channels;
      const seen = turned ? 2 - c : c;
      return (gradient[at - c + seen] * this.#deviation[c] * scale) / deviation[Math.min(seen, deviation.length - 1)];
    });
  }

  /** Rounded pixels, 0–255. */
  pixels(x: Float32Array): Uint8Array {
    return Uint8Array.from(x, (value, at) => Math.min(255, Math.max(0, Math.round(value * this.#deviation[at % this.#channels] + this.#mean[at % this.#channels]))));
  }
}
