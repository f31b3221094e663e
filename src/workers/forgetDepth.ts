import { computeLogits } from '../engine/evaluate.ts';
import type { Job } from '../engine/job.ts';
import type { Network } from '../network/network.ts';
import { Phases } from '../theory/phases.ts';
import type { BeforeAfter } from '../unlearning/forgettingReport.ts';
import type { LabelledPictures } from '../unlearning/forgetMethod.ts';
import { membershipInference, type Observed } from '../unlearning/membershipInference.ts';
import { givenRecoverability, PROBE_PICTURES, recoverability } from '../unlearning/recoverability.ts';
import { HeadNotFoundError } from '../unlearning/unlearningErrors.ts';
import type { ForgetPictures, PicturePool } from './forgetPictures.ts';
import type { ForgetSubject } from './unlearning.ts';

type Measure = (of: Network, job: Job) => Promise<number | undefined>;

/**
 * What a probe on the features regains, of the intact and of the edited network: from labelled pictures where
 * there are some and on the forgotten classes' pictures among the first `images` that measure, else from the
 * pictures that the method was given, if any. Undefined where the class scores are of no one layer, or too
 * few pictures are there.
 */
export async function regains(
  { network, known, test }: ForgetSubject,
  edited: Network,
  given: Pick<ForgetPictures, 'forget' | 'retain'> | undefined,
  classes: readonly number[],
  images: number,
  job: Job,
): Promise<BeforeAfter | undefined> {
  try {
    return await beforeAndAfter(network, edited, probe(), job);
  } catch (error) {
    if (error instanceof HeadNotFoundError) return undefined;
    throw error;
  }

  function probe(): Measure | undefined {
    if (!known?.labels || !test.labels) return given && ((of, next) => givenRecoverability(of, { network, forget: given.forget.images, retain: given.retain.images }, classes, next));
    const examples = labelled(known, firstOfEach(known));
    const own = labelled(test, placesOf(test, (c) => classes.includes(c)).filter((place) => place < images));
    if (own.images.count === 0 || !classes.every((c) => Array.from(examples.labels).includes(c))) return undefined;
    return (of, next) => recoverability(of, examples, own, next);
  }
}

/** Pictures of each kind that the attack sees: a few hundred tell its threshold to some points. */
const ATTACKED = 128;

/**
 * The share of the forgotten classes' training pictures that a confidence-based attack takes for pictures that
 * the network never saw. Undefined where nothing is labelled, or a kind of picture is missing.
 */
export async function membershipOf({ network, known, test }: ForgetSubject, edited: Network, classes: readonly number[], job: Job): Promise<BeforeAfter | undefined> {
  if (!known?.labels || !test.labels) return undefined;
  const forgotten = (c: number) => classes.includes(c);
  const stays = (c: number) => !forgotten(c);
  const kinds = [placesOf(known, stays), placesOf(test, stays), placesOf(known, forgotten)].map((places) => places.slice(0, ATTACKED));
  if (kinds.some((places) => places.length === 0)) return undefined;
  const [members, others, forget] = [labelled(known, kinds[0]), labelled(test, kinds[1]), labelled(known, kinds[2])];
  return beforeAndAfter(network, edited, async (of, next) => {
    const phases = new Phases(next, 3);
    const see = async ({ images, labels }: LabelledPictures): Promise<Observed> => ({ logits: await computeLogits(of, images, phases.next(1)), labels });
    return membershipInference(await see(members), await see(others), await see(forget));
  }, job);
}

async function beforeAndAfter(network: Network, edited: Network, measure: Measure | undefined, job: Job): Promise<BeforeAfter | undefined> {
  if (!measure) return undefined;
  const phases = new Phases(job, 2);
  const before = await measure(network, phases.next(1));
  const after = await measure(edited, phases.next(1));
  return before === undefined || after === undefined ? undefined : { before, after };
}

function placesOf({ count, labels }: PicturePool, wanted: (c: number) => boolean): number[] {
  return Array.from({ length: count }, (_, place) => place).filter((place) => labels !== undefined && wanted(labels[place]));
}

function labelled(pool: PicturePool, places: readonly number[]): LabelledPictures {
  return { images: pool.at(places), labels: places.map((place) => Number(pool.labels?.[place])) };
}

/** The first `PROBE_PICTURES` places of each class. */
function firstOfEach(pool: PicturePool): number[] {
  const seen = new Map<number, number>();
  return placesOf(pool, (c) => {
    const before = seen.get(c) ?? 0;
    seen.set(c, before + 1);
    return before < PROBE_PICTURES;
  });
}
