import { TextSet } from '../datasets/texts/textSet.ts';
import { computeLogits, logitError, perClass, shareEqual, topClasses, type Logits } from '../engine/evaluate.ts';
import { silent, type Job } from '../engine/job.ts';
import { IntactLogits } from '../engine/language/intactLogits.ts';
import { measureText } from '../engine/language/measureText.ts';
import type { Network } from '../network/network.ts';
import type { OpenPictures } from './pictures.ts';
import type { Evaluation } from './protocol.ts';

/** Measures networks on the open data; what the intact one says of them is kept until either changes. */
export class Evaluations {
  readonly #pictures: OpenPictures;
  /** On the first test images, grown as they are needed. */
  #intact: Logits | undefined;
  #texts = new IntactLogits();
  /** Of what is open. */
  #version = 0;

  constructor(pictures: OpenPictures) {
    this.#pictures = pictures;
  }

  /** Another network is open, or other data. */
  forget(): void {
    this.#intact = undefined;
    this.#texts = new IntactLogits();
    this.#version += 1;
  }

  /** Of `other`, made from the network; absent: of the network itself. On the first `images` test images, or windows. */
  async evaluate(network: Network, other: Network | undefined, images: number, job: Job): Promise<Evaluation> {
    const data = this.#pictures.opened();
    const began = performance.now();
    const found = data instanceof TextSet ? await this.#ofText(network, other, data, images, job) : await this.#ofPictures(network, other, images, job);
    return { ...found, seconds: (performance.now() - began) / 1000 };
  }

  /** Intact logits of at least `images` test images; computes only those that are missing. */
  async intact(network: Network, images: number, job: Job): Promise<Logits> {
    const [known, version] = [this.#intact, this.#version];
    const first = known?.images ?? 0;
    if (known && first >= images) return known;
    const more = await computeLogits(network, this.#pictures.test(first, images - first), job);
    const values = new Float32Array(images * more.classes);
    if (known) values.set(known.values);
    values.set(more.values, first * more.classes);
    const intact = { images, classes: more.classes, values };
    // not over those of a model or data set that was loaded meanwhile, nor of a longer run beside this one
    if (version === this.#version && images > (this.#intact?.images ?? 0)) this.#intact = intact;
    return intact;
  }

  async #ofPictures(network: Network, other: Network | undefined, images: number, job: Job): Promise<Omit<Evaluation, 'seconds'>> {
    const intact = await this.intact(network, images, other ? silent(job) : job);
    const logits = other ? await computeLogits(other, this.#pictures.test(0, images), job) : head(intact, images);
    const known = await this.#pictures.labels(network, 'test');
    const labels = Int32Array.from({ length: known ? images : 0 }, (_, k) => known?.[k] ?? 0);
    const predictions = topClasses(logits);
    return {
      images,
      ...(known ? { accuracy: shareEqual(predictions, labels) } : {}),
      agreement: shareEqual(predictions, topClasses(head(intact, images))),
      logitError: logitError(intact, logits),
      perClass: known ? perClass(predictions, labels, logits.classes) : [],
      predictions,
      labels,
    };
  }

  async #ofText(network: Network, other: Network | undefined, text: TextSet, images: number, job: Job): Promise<Omit<Evaluation, 'seconds'>> {
    const windows = text.windows('test', images);
    const { agreement, logitError, ...measures } = await measureText(network, other, windows, job, this.#texts);
    return { images: windows.count, text: measures, agreement, logitError, perClass: [], predictions: new Int32Array(), labels: new Int32Array() };
  }
}

export function head({ classes, values }: Logits, images: number): Logits {
  return { images, classes, values: values.subarray(0, images * classes) };
}
