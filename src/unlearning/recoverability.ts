import { computeLogits, topClasses } from '../engine/evaluate.ts';
import { partOf, type ImageSource } from '../engine/imageSource.ts';
import type { Job } from '../engine/job.ts';
import type { Network } from '../network/network.ts';
import type { LabelledPictures } from './forgetMethod.ts';
import { probeClasses, ridgeProbe, type Features } from './ridgeProbe.ts';
import { tailOf } from './tail.ts';
import { HeadNotFoundError } from './unlearningErrors.ts';
import type { UnlearnInput } from './unlearn.ts';

/** Labelled pictures of each class that the probe is fitted on. */
export const PROBE_PICTURES = 32;

/**
 * How much of the forgotten classes is still in the features: the share of test pictures that a closed-form
 * ridge probe on the input of the head, fitted on a few labelled pictures of every class, puts in their class.
 *
 * @param known labelled pictures of all classes; the first `PROBE_PICTURES` of each are used
 * @param test other pictures of the forgotten classes
 * @returns in [0, 1]
 * @throws HeadNotFoundError, CancelledError, DeviceLostError, InputShapeError
 */
export async function recoverability(network: Network, known: LabelledPictures, test: LabelledPictures, job: Job = {}): Promise<number> {
  const { head, classes } = tailOf(network, 1, true);
  if (!head) throw new HeadNotFoundError(network.name);
  const featuresOf = async (images: ImageSource): Promise<Features> => {
    const { images: count, classes: size, values } = await computeLogits({ ...network, outputs: [head.inputs[0]] }, images, job);
    return { count, size, values };
  };
  const seen = { features: await featuresOf(known.images), labels: known.labels };
  return probeRegains(seen, { features: await featuresOf(test.images), labels: test.labels }, classes);
}

/** Features of pictures, with the class of each. */
export interface LabelledFeatures {
  readonly features: Features;
  readonly labels: ArrayLike<number>;
}

/** Share of the test features that a ridge probe on the first `PROBE_PICTURES` known ones of each class puts in their class. */
export function probeRegains(known: LabelledFeatures, test: LabelledFeatures, classes: number): number {
  const counts = new Int32Array(classes);
  const { count, size, values } = known.features;
  const chosen = Array.from({ length: count }, (_, k) => k).filter((k) => counts[known.labels[k]]++ < PROBE_PICTURES);
  const rows = rowsOf(values, size, chosen);
  const probe = ridgeProbe({ count: chosen.length, size, values: rows }, chosen.map((k) => known.labels[k]), classes);
  const found = probeClasses(probe, test.features);
  return found.reduce((sum, c, k) => sum + (c === test.labels[k] ? 1 : 0), 0) / test.features.count;
}

/** Some rows of a row-major matrix. */
export function rowsOf(values: ArrayLike<number>, size: number, rows: readonly number[]): Float32Array {
  return Float32Array.from({ length: rows.length * size }, (_, at) => values[rows[Math.floor(at / size)] * size + (at % size)]);
}

/**
 * Recoverability of `network` from the very pictures that unlearning was given: the probe knows the first
 * `PROBE_PICTURES` forget pictures and is tested on the others; a retain picture's class is where the intact
 * network puts it. Undefined for several classes (the pictures' own are not known), or where fewer than
 * `PROBE_PICTURES` are left for the test.
 */
export async function givenRecoverability(
  network: Network,
  { network: intact, forget, retain }: Pick<UnlearnInput, 'network' | 'forget' | 'retain'>,
  forgotten: readonly number[],
  job: Job = {},
): Promise<number | undefined> {
  if (forgotten.length !== 1 || forget.count < 2 * PROBE_PICTURES) return undefined;
  const [own] = forgotten;
  const others = topClasses(await computeLogits(intact, retain, job));
  const first = partOf(forget, 0, PROBE_PICTURES);
  const known = { images: joined(first, retain), labels: [...Array.from({ length: first.count }, () => own), ...others] };
  const rest = partOf(forget, PROBE_PICTURES, forget.count - PROBE_PICTURES);
  return recoverability(network, known, { images: rest, labels: Array.from({ length: rest.count }, () => own) }, job);
}

function joined(a: ImageSource, b: ImageSource): ImageSource {
  return {
    count: a.count + b.count,
    shape: a.shape,
    read: async (first, count) => {
      const inA = Math.max(0, Math.min(count, a.count - first));
      const parts = [inA > 0 ? await a.read(first, inA) : new Float32Array(), inA < count ? await b.read(Math.max(0, first - a.count), count - inA) : new Float32Array()];
      const values = new Float32Array(parts[0].length + parts[1].length);
      values.set(parts[0]);
      values.set(parts[1], parts[0].length);
      return values;
    },
  };
}
