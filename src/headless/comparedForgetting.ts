import type { PackedImages } from '../datasets/packedImages.ts';
import { computeLogits, shareEqual, topClasses } from '../engine/evaluate.ts';
import type { Job } from '../engine/job.ts';
import type { Correlator } from '../engine/kernels/correlator.ts';
import { permutation, seededRandom } from '../fidelity/random.ts';
import type { Network } from '../network/network.ts';
import { forgetMethods } from '../unlearning/baselines/forgetMethods.ts';
import type { ForgetOptions } from '../unlearning/baselines/forgetOptions.ts';
import type { ForgetMethod, LabelledPictures } from '../unlearning/forgetMethod.ts';
import { membershipInference, type Observed } from '../unlearning/membershipInference.ts';
import { PROBE_PICTURES, recoverability } from '../unlearning/recoverability.ts';
import { EmptyClassError } from '../unlearning/unlearningErrors.ts';

/** What a comparison is made of. */
export interface ForgettingPictures {
  /** What the methods are given, of the training split. */
  readonly forget: LabelledPictures;
  readonly retain: LabelledPictures;
  /** For the probe: `PROBE_PICTURES` more training pictures of each class. */
  readonly known: LabelledPictures;
  /** For the attack on membership: training pictures of the classes that stay, no more than `testRetain` has. */
  readonly members: LabelledPictures;
  /** Test pictures of either kind. */
  readonly testForget: LabelledPictures;
  readonly testRetain: LabelledPictures;
}

/** Most pictures on either side of the attack. */
const ATTACK_PICTURES = 1000;

/** Draws pictures by the seed; `test`: how many test pictures measure. @throws EmptyClassError */
export async function forgettingPictures(
  images: PackedImages,
  classes: readonly number[],
  counts: { readonly forget: number; readonly retain: number; readonly test: number },
  seed: number,
): Promise<ForgettingPictures> {
  const [train, test] = [await images.labels('train'), await images.labels('test')];
  const own = new Set(classes);
  const shuffled = [...permutation(train.length, seededRandom(seed))];
  const of = (split: 'train' | 'test', indices: readonly number[]): LabelledPictures => {
    const labels = split === 'train' ? train : test;
    return { images: images.source(split, indices), labels: indices.map((k) => labels[k]) };
  };
  const forgets = shuffled.filter((k) => own.has(train[k]));
  const stays = shuffled.filter((k) => !own.has(train[k]));
  const left = [...forgets.slice(counts.forget), ...stays.slice(counts.retain)];
  const seen = new Map<number, number>();
  const known = left.filter((k) => {
    const before = seen.get(train[k]) ?? 0;
    seen.set(train[k], before + 1);
    return before < PROBE_PICTURES;
  });
  const tested = Array.from({ length: Math.min(counts.test, test.length) }, (_, k) => k);
  const [testForget, testRetain] = [tested.filter((k) => own.has(test[k])), tested.filter((k) => !own.has(test[k]))];
  if (testForget.length === 0) throw new EmptyClassError('forget');
  if (testRetain.length === 0) throw new EmptyClassError('retain');
  const attacked = Math.min(ATTACK_PICTURES, stays.length, testRetain.length);
  return {
    forget: of('train', forgets.slice(0, counts.forget)),
    retain: of('train', stays.slice(0, counts.retain)),
    known: of('train', known),
    members: of('train', stays.slice(0, attacked)),
    testForget: of('test', testForget),
    testRetain: of('test', testRetain),
  };
}

/** How well a network has forgotten; all but the attack on test pictures. */
export interface ForgettingFigures {
  /** Share of the classes' test pictures that are put in their own. */
  readonly forget: number;
  readonly retain: number;
  /** Share of the forget pictures that the attack takes for pictures never seen. */
  readonly membership: number;
  readonly recoverability: number;
}

export async function forgettingFigures(network: Network, pictures: ForgettingPictures, job: Job = {}): Promise<ForgettingFigures> {
  const observed = async ({ images, labels }: LabelledPictures): Promise<Observed> => ({ logits: await computeLogits(network, images, job), labels });
  const [own, rest] = [await observed(pictures.testForget), await observed(pictures.testRetain)];
  const members = await observed(pictures.members);
  return {
    forget: accuracy(own),
    retain: accuracy(rest),
    membership: membershipInference(members, firstOf(rest, members.labels.length), await observed(pictures.forget)),
    recoverability: await recoverability(network, pictures.known, pictures.testForget, job),
  };
}

function accuracy({ logits, labels }: Observed): number {
  return shareEqual(topClasses(logits), labels);
}

function firstOf({ logits: { classes, values }, labels }: Observed, images: number): Observed {
  return { logits: { images, classes, values: values.subarray(0, images * classes) }, labels: Array.from(labels).slice(0, images) };
}

export interface ComparedMethod extends ForgettingFigures {
  readonly method: ForgetMethod | 'intact';
  readonly gradientSteps: number;
  readonly milliseconds: number;
  /** Of this process, all threads: what the method took wherever else the machine was busy. */
  readonly cpuMilliseconds: number;
}

/** The intact network's figures, then each method's, one after the other. */
export async function* comparedForgetting(
  network: Network,
  classes: readonly number[],
  pictures: ForgettingPictures,
  methods: readonly ForgetMethod[],
  { correlator, seed, options }: { readonly correlator: Correlator; readonly seed: number; readonly options: ForgetOptions },
  jobFor: (step: string) => Job,
): AsyncGenerator<ComparedMethod> {
  yield { method: 'intact', ...(await forgettingFigures(network, pictures)), gradientSteps: 0, milliseconds: 0, cpuMilliseconds: 0 };
  for (const method of methods) {
    const before = process.cpuUsage();
    const made = await forgetMethods[method]({ network, classes, forget: pictures.forget, retain: pictures.retain, correlator, seed }, options, jobFor(method));
    const { user, system } = process.cpuUsage(before);
    yield { method, ...(await forgettingFigures(made.network, pictures)), gradientSteps: made.gradientSteps, milliseconds: made.milliseconds, cpuMilliseconds: (user + system) / 1000 };
  }
}
