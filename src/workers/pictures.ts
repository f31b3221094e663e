import { calibrationDraw, picked, type CalibrationDraw, type DrawnPictures } from '../datasets/calibrationDraw.ts';
import { REAL_PICTURES, type CalibrationSource, type MadeSet } from '../datasets/calibrationSource.ts';
import { HeldPictures } from '../datasets/heldPictures.ts';
import type { ImageSet, Split } from '../datasets/imageSet.ts';
import { OwnPictures } from '../datasets/ownPictures.ts';
import { PackedImages } from '../datasets/packedImages.ts';
import { pictureSource } from '../datasets/pictureSource.ts';
import { AS_THEY_ARE, type Preprocessing } from '../datasets/preprocessing.ts';
import { simplified } from '../datasets/sourceChoice.ts';
import { TextSet } from '../datasets/texts/textSet.ts';
import type { InputBox } from '../engine/criteria/intervalBounds.ts';
import { LabelsNeededError } from '../engine/criteria/taylor.ts';
import type { Inverted } from '../engine/inversion/inversionRequest.ts';
import type { ImageSource } from '../engine/imageSource.ts';
import type { Network } from '../network/network.ts';
import type { SensitivityInput } from '../sensitivity/sensitivity.ts';
import { fetchBytes, FetchError } from '../storage/download.ts';
import type { PicturePool } from './forgetPictures.ts';
import { observedBox, pixelBox } from './inputBox.ts';
import { networkShapes } from './networkShapes.ts';
import type { CalibrationRequest, ModelSource, Picture, Preview, SensitivityRequest } from './protocol.ts';
import { toRgba } from './showPicture.ts';
import { NotForTextError } from './texts.ts';

/** Thrown where pictures made from the network are asked for and there are none. */
export class NoInversionError extends Error {
  override readonly name = 'NoInversionError';
  constructor(why: string) {
    super(`${why} Make pictures from the network first, under “Calibration pictures”, or choose another source.`);
  }
}

/** Most pictures that a source of made-up pictures gives to choose from. */
const POOL = 4096;

/** The pictures that are open in the engine worker: what measures, what calibrates, and what they go through. */
export class OpenPictures {
  #data: ImageSet | undefined;
  #preprocessing: Preprocessing = AS_THEY_ARE;
  /** Where the open model's own files are; undefined for files of a person's. */
  #folder: string | undefined;
  #shippedInversion: Promise<ImageSet> | undefined;
  readonly #made = new Map<string, ImageSet>();

  get data(): ImageSet | undefined {
    return this.#data;
  }

  get preprocessing(): Preprocessing {
    return this.#preprocessing;
  }

  /** Whether the open pictures' values are fed as they are, without preprocessing. */
  get prepared(): boolean {
    return this.#data instanceof OwnPictures && this.#data.prepared;
  }

  /** From now on these pictures calibrate and measure. */
  use(data: ImageSet | undefined): void {
    this.#data = data;
  }

  setPreprocessing(preprocessing: Preprocessing): void {
    this.#preprocessing = preprocessing;
  }

  /** Another model: what was made from the one before goes. */
  useModel(source: ModelSource): void {
    this.#folder = source.kind === 'url' ? new URL('.', source.url.endsWith('.json') ? source.url : source.url.replace(/\/?$/, '/')).href : undefined;
    this.#shippedInversion = undefined;
    this.#made.clear();
  }

  /** From now on a source whose `made` has these settings draws from these pictures. */
  addMade(network: Network, settings: MadeSet, { pixels, shape, labels }: Pick<Inverted, 'pixels' | 'shape' | 'labels'>): void {
    const classes = Array.from({ length: labels ? networkShapes(network).outputs : 0 }, (_, k) => String(k));
    this.#made.set(madeKey(settings), new HeldPictures({ id: 'made', name: 'Pictures from the network', classes, shape, pixels, ...(labels ? { labels } : {}) }));
  }

  /** @throws Error where none is open */
  opened(): ImageSet {
    if (!this.#data) throw new Error('No data set is loaded.');
    return this.#data;
  }

  /** The open data, if they are text. */
  get text(): TextSet | undefined {
    return this.#data instanceof TextSet ? this.#data : undefined;
  }

  /** @throws NotForTextError where no text is open */
  openedText(): TextSet {
    const data = this.opened();
    if (data instanceof TextSet) return data;
    throw new NotForTextError(`This is asked of text, and what is open is the pictures “${data.name}”. Open a text for the language model.`);
  }

  /** @throws NotForTextError where the open data are text; `what` begins a sentence */
  refuseText(what: string): void {
    if (this.text) throw new NotForTextError(`${what} pictures, and what is open is the text “${this.text.name}”. Open a network that reads pictures for it.`);
  }

  test(first: number, count: number): ImageSource {
    return pictureSource(this.opened(), 'test', Array.from({ length: count }, (_, k) => first + k), this.#preprocessing);
  }

  /** What draws calibration pictures of a source; absent: the open pictures. @throws NoInversionError */
  draw(network: Network, source: CalibrationSource = REAL_PICTURES): Promise<CalibrationDraw> {
    if (simplified(source)) this.refuseText('This source makes');
    const { inputShape, outputs } = networkShapes(network);
    const pictures = () => this.opened();
    return calibrationDraw({ network, inputShape, outputs, preprocessing: this.#preprocessing, pictures, inversion: (made) => this.#inversion(made) }, source);
  }

  async calibration(network: Network, { images, seed, source }: CalibrationRequest): Promise<DrawnPictures> {
    return (await this.draw(network, source))(images, seed);
  }

  /** @throws LabelsNeededError where the pictures have none that the network's outputs stand for */
  async calibrationLabels(network: Network, request: CalibrationRequest): Promise<readonly number[]> {
    const known = await (await this.calibration(network, request)).labels();
    if (known) return known;
    const what = !simplified(request.source) ? `those of “${this.opened().name}” are not` : 'those of this source are not';
    throw new LabelsNeededError(`This rule needs labelled pictures, of the network's own classes; ${what}.`);
  }

  /** All that a source gives to choose from, in the order of a seed. */
  async pool(network: Network, { seed, source }: Omit<CalibrationRequest, 'images'>): Promise<PicturePool> {
    const real = !simplified(source);
    const pictures = await this.calibration(network, { images: real ? this.opened().count('train') : POOL, seed, ...(source ? { source } : {}) });
    const labels = await pictures.labels();
    return { count: pictures.count, at: (places) => picked(pictures, places), ...(labels ? { labels } : {}) };
  }

  /** The pictures that measure, in their order. */
  async testPool(network: Network): Promise<PicturePool> {
    const data = this.opened();
    const labels = await this.labels(network, 'test');
    return { count: data.count('test'), at: (places) => pictureSource(data, 'test', places, this.#preprocessing), ...(labels ? { labels } : {}) };
  }

  /** The open pictures' classes, if they are those that the network's outputs stand for. */
  async labels(network: Network, split: Split): Promise<ArrayLike<number> | undefined> {
    const data = this.opened();
    return data.classes.length === networkShapes(network).outputs ? data.labels(split) : undefined;
  }

  /** What values pictures may have when the network gets them; undefined for text, whose ids are no quantities. */
  async inputBox(network: Network, request: CalibrationRequest): Promise<InputBox | undefined> {
    if (this.text) return undefined;
    if (this.prepared && !simplified(request.source)) return observedBox(await this.calibration(network, request));
    const { inputShape } = networkShapes(network);
    return pixelBox(this.#preprocessing, inputShape[inputShape.length - 1]);
  }

  /** What the sensitivity experiment is given of the pictures. */
  async sensitivity(network: Network, { seed, forgetClass, testImages, other }: SensitivityRequest): Promise<Omit<SensitivityInput, 'network' | 'correlator'>> {
    this.refuseText('This experiment changes');
    const data = this.opened();
    const testLabels = await this.labels(network, 'test');
    return {
      draw: (source) => this.draw(network, source),
      preprocessing: this.#preprocessing,
      prepared: this.prepared,
      seed,
      forgetClass,
      other: () => openFolder(other),
      test: this.test(0, Math.min(testImages, data.count('test'))),
      ...(testLabels ? { testLabels } : {}),
    };
  }

  /** Nothing of a text. */
  async preview(count: number): Promise<Preview> {
    if (this.text) return { pictures: [], least: 0, greatest: 0, mean: 0 };
    const data = this.opened();
    const indices = Array.from({ length: Math.min(count, data.count('test')) }, (_, k) => k);
    const values = await this.test(0, indices.length).read(0, indices.length);
    let [least, greatest, sum] = [Infinity, -Infinity, 0];
    for (const value of values) [least, greatest, sum] = [Math.min(least, value), Math.max(greatest, value), sum + value];
    return { pictures: await this.shown('test', indices), least, greatest, mean: sum / values.length };
  }

  /** Open pictures by index, for the eye; none of a text. */
  async shown(split: Split, indices: readonly number[]): Promise<readonly Picture[]> {
    if (this.text) return [];
    const data = this.opened();
    const [pixels, labels] = await Promise.all([data.pixels(split, indices), data.labels(split)]);
    const size = data.shape.reduce((product, axis) => product * axis, 1);
    return indices.map((index, k) => ({
      index,
      ...toRgba(pixels.subarray(k * size, (k + 1) * size), data.shape),
      ...(labels ? { label: labels[index] } : {}),
    }));
  }

  /** The calibration pictures that this request draws, for the eye; none of a text. */
  async gallery(network: Network, request: CalibrationRequest): Promise<readonly Picture[]> {
    if (this.text) return [];
    const pictures = await this.calibration(network, request);
    const labels = await pictures.labels();
    const shown: Picture[] = [];
    for (let index = 0; index < pictures.count; index++) {
      shown.push({ index, ...toRgba(await pictures.stored(index), pictures.shape), ...(labels ? { label: labels[index] } : {}) });
    }
    return shown;
  }

  async #inversion(made: MadeSet | undefined): Promise<ImageSet> {
    if (made) {
      const set = this.#made.get(madeKey(made));
      if (!set) throw new NoInversionError(`The ${made.count} pictures made from this network in ${made.steps} steps are not here any more.`);
      return set;
    }
    const folder = this.#folder;
    if (folder === undefined) throw new NoInversionError('No pictures made from it came with this network.');
    this.#shippedInversion ??= openFolder(new URL('inversion/', folder).href).catch((error: unknown) => {
      this.#shippedInversion = undefined;
      throw error instanceof FetchError ? new NoInversionError('No pictures made from it came with this network.') : error;
    });
    return this.#shippedInversion;
  }
}

function madeKey({ count, steps, seed }: MadeSet): string {
  return `${count} ${steps} ${seed}`;
}

/** A data folder at an address. */
export function openFolder(url: string): Promise<PackedImages> {
  const folder = url.replace(/\/?$/, '/');
  return PackedImages.open((file) => fetchBytes(new URL(file, folder).href));
}
