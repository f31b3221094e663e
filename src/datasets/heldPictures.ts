import { permutation, seededRandom } from '../fidelity/random.ts';
import type { Shape } from '../network/network.ts';
import type { ImageSet, Split } from './imageSet.ts';

/** Pictures in memory, all of them to calibrate with: those that were made in the page. */
export class HeldPictures implements ImageSet {
  readonly id: string;
  readonly name: string;
  readonly classes: readonly string[];
  readonly shape: Shape;
  readonly #pixels: Uint8Array;
  readonly #labels: ArrayLike<number> | undefined;
  readonly #size: number;

  /** @param pixels `count × shape`, row-major, 0–255; `labels` count the `classes` */
  constructor({ id, name, classes, shape, pixels, labels }: Pick<ImageSet, 'id' | 'name' | 'classes' | 'shape'> & { readonly pixels: Uint8Array; readonly labels?: ArrayLike<number> }) {
    [this.id, this.name, this.classes, this.shape] = [id, name, classes, shape];
    [this.#pixels, this.#labels] = [pixels, labels];
    this.#size = shape.reduce((product, axis) => product * axis, 1);
  }

  count(split: Split): number {
    return split === 'train' ? this.#pixels.length / this.#size : 0;
  }

  async labels(split: Split): Promise<ArrayLike<number> | undefined> {
    return split === 'train' ? this.#labels : undefined;
  }

  /** @throws RangeError */
  async pixels(split: Split, indices: ArrayLike<number>): Promise<Uint8Array> {
    const values = new Uint8Array(indices.length * this.#size);
    for (let k = 0; k < indices.length; k++) {
      const at = indices[k];
      if (!(at >= 0 && at < this.count(split))) throw new RangeError(`The ${split} split of ${this.name} has no picture ${at}.`);
      values.set(this.#pixels.subarray(at * this.#size, (at + 1) * this.#size), k * this.#size);
    }
    return values;
  }

  calibrationIndices(count: number, seed: number): number[] {
    return [...permutation(this.count('train'), seededRandom(seed)).subarray(0, count)];
  }
}
