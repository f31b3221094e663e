import { measuresOf } from '../engine/calibrate.ts';
import { topClasses } from '../engine/evaluate.ts';
import type { ImageSource } from '../engine/imageSource.ts';
import { JobClock, silent, type Job } from '../engine/job.ts';
import type { Correlator } from '../engine/kernels/correlator.ts';
import { coupling } from '../network/coupling.ts';
import type { Network } from '../network/network.ts';
import { prune } from '../network/surgery.ts';
import { consumerLayers, type ConsumerLayer } from '../pruning/consumerLayers.ts';
import type { LayerMeasures } from '../pruning/statisticsStore.ts';
import { classCounts, mostCommon } from './classCounts.ts';
import { clustersOf } from './clusters.ts';
import { classScores, removalOrder, removedCount, type ClassScores } from './removal.ts';
import { tailOf, type Tail } from './tail.ts';
import { editTail, type EditedTail, type TailSetting } from './tailEdit.ts';
import { disposePictures, tailPictures, type TailPictures } from './tailPictures.ts';
import { GOAL, SHARES, type UnlearnRequest } from './unlearnRequest.ts';
import {
  AllClassesError, ClassRangeError, EmptyClassError, LEAST_PICTURES, NeverPredictedError, NoClassChosenError, RetainPicturesError,
  TooFewPicturesError, UnlearnSettingError,
} from './unlearningErrors.ts';

/** What unlearning is given. No label of any picture is read. */
export interface UnlearnInput {
  readonly network: Network;
  /** Pictures of the classes to forget. */
  readonly forget: ImageSource;
  /** Pictures of the classes that stay. */
  readonly retain: ImageSource;
  readonly correlator: Correlator | undefined;
  /** Called with every share as it is tried, share 0 first. */
  readonly onTrial?: (trial: UnlearnTrial) => void;
}

/**
 * Temperature of `mixed`: mixtures that are more alike cost the rest less. Where the head stays as it is, the
 * features alone have to turn pictures away from the class, which blurred mixtures do not do as surely. Chosen by
 * test pictures of CIFAR-10's classes 0, 3, 5 and 7, after 1 had been seen to cost a VGG 1.4 points on the mean
 * over all ten.
 */
const TEMPERATURE = { edited: 2, untouched: 1 } as const;

/** One share that was tried, measured on the pictures that were given. */
export interface UnlearnTrial {
  readonly share: number;
  /** Share of the forget pictures that the network puts in a forgotten class. */
  readonly forget: number;
  /** Share of the retain pictures that the network puts where the intact one does. */
  readonly retain: number;
}

export interface Unlearned {
  readonly network: Network;
  /** What the result is. */
  readonly trial: UnlearnTrial;
  /** Whether `trial.forget` is at most `GOAL`. */
  readonly reached: boolean;
  /** All shares that were tried, in that order; share 0 is the intact network. */
  readonly trials: readonly UnlearnTrial[];
  readonly scores: readonly ClassScores[];
  /** Where the forget pictures go: how many the network puts in each class. */
  readonly destinations: { readonly before: readonly number[]; readonly after: readonly number[] };
  /** Layer id → its input channels that left, ascending. */
  readonly removed: Readonly<Record<string, readonly number[]>>;
  /** Milliseconds: pictures through the network and scores; removal and refits. */
  readonly milliseconds: { readonly score: number; readonly edit: number };
}

/**
 * ModHiFi-U: makes the network forget classes, without labels, gradients or training. Channels of the last
 * layers leave, those that carry the classes first, and what stays is refitted in closed form.
 *
 * A channel that leaves a layer is no longer read there; where no layer reads a channel any more it is cut
 * from the network.
 *
 * @throws the errors of `unlearningErrors.ts`; CancelledError, DeviceLostError, InputShapeError
 */
export async function unlearn(input: UnlearnInput, request: UnlearnRequest, job: Job = {}): Promise<Unlearned> {
  const { network, forget, retain, correlator } = input;
  checkRequest(request);
  const tail = tailOf(network, request.layers, request.head);
  checkClasses(request.classes, tail.classes);
  checkPictures('forget', forget);
  checkPictures('retain', retain);
  const clock = new JobClock(job, 5 + (request.share === 'auto' ? SHARES.length : 1));
  const cancel = silent(job);
  const pictures: TailPictures[] = [];
  try {
    for (const images of [forget, retain]) {
      pictures.push(await tailPictures(network, tail, images, cancel));
      await clock.tick(pictures.length);
    }
    const [own, rest] = pictures;
    const forgotten = new Set(request.classes);
    checkPredictions(own, rest, tail, request.classes);
    const layers = Array.from(tail.layers.values()).flat();
    const measures: LayerMeasures[] = [];
    for (const images of [forget, retain]) {
      measures.push(await measuresOf({ network: input.network, layers }, images, input.correlator, cancel));
      await clock.tick(2 + measures.length);
    }
    const scores = classScores(layers, measures[0], measures[1]);
    const score = clock.seconds;
    const clusters = clustersOf(own.scores, rest.scores, tail.classes, forgotten, request.target, TEMPERATURE[request.head ? 'edited' : 'untouched']);
    const setting: TailSetting = { network, tail, forget: own, retain: rest, clusters, request, correlator };
    const best = await search(setting, layers, scores, request, clock, input.onTrial);
    return {
      network: cutUnread(withNodes(network, best.edited), best.removed),
      trial: best.trial,
      reached: best.trial.forget <= GOAL,
      trials: best.trials,
      scores,
      destinations: {
        before: classCounts(topClasses({ images: own.count, classes: tail.classes, values: own.scores }), tail.classes),
        after: classCounts(best.edited.forget, tail.classes),
      },
      removed: Object.fromEntries(best.removed),
      milliseconds: { score: 1000 * score, edit: 1000 * (clock.seconds - score) },
    };
  } finally {
    pictures.forEach(disposePictures);
  }
}

interface Attempt {
  readonly edited: EditedTail;
  readonly trial: UnlearnTrial;
  readonly removed: ReadonlyMap<string, readonly number[]>;
}

/** Tries the share, or one after another until one reaches the goal; else the one that forgets most. */
async function search(
  setting: TailSetting,
  layers: readonly ConsumerLayer[],
  scores: readonly ClassScores[],
  request: UnlearnRequest,
  clock: JobClock,
  onTrial: UnlearnInput['onTrial'],
): Promise<Attempt & { readonly trials: UnlearnTrial[] }> {
  const { forget, retain, tail } = setting;
  const forgotten = new Set(request.classes);
  const classesOf = ({ count, scores: values }: TailPictures) => topClasses({ images: count, classes: tail.classes, values });
  const before = { forget: classesOf(forget), retain: classesOf(retain) };
  const trialOf = (share: number, now: typeof before): UnlearnTrial => ({
    share,
    forget: shareOf(now.forget, (c) => forgotten.has(c)),
    retain: shareOf(now.retain, (c, k) => c === before.retain[k]),
  });
  const orders = new Map(scores.map((own) => {
    const layer = layers.find(({ id }) => id === own.layer) ?? layers[0];
    return [layer, removalOrder(layer, own, request.select, request.seed)] as const;
  }));
  const trials = [trialOf(0, before)];
  onTrial?.(trials[0]);
  let best: Attempt | undefined;
  for (const share of request.share === 'auto' ? SHARES : [request.share]) {
    const removed = new Map(Array.from(orders, ([{ id, n }, order]) => [id, order.slice(0, removedCount(n, share)).sort((a, b) => a - b)]));
    const edited = await editTail(setting, removed, clock);
    const trial = trialOf(share, edited);
    trials.push(trial);
    onTrial?.(trial);
    if (!best || trial.forget < best.trial.forget) best = { edited, trial, removed };
    await clock.tick(4 + trials.length);
    if (trial.forget <= GOAL) break;
  }
  if (!best) throw new Error('No share was tried.');
  return { ...best, trials };
}

function shareOf(classes: Int32Array, wanted: (c: number, k: number) => boolean): number {
  let hits = 0;
  classes.forEach((c, k) => {
    if (wanted(c, k)) hits++;
  });
  return hits / classes.length;
}

function withNodes(network: Network, { nodes }: EditedTail): Network {
  return { ...network, nodes: network.nodes.map((node) => nodes.get(node.id) ?? node) };
}

/** Cuts the channels that no layer reads any more. What they hold changes no output. */
function cutUnread(network: Network, removed: ReadonlyMap<string, readonly number[]>): Network {
  const coupled = coupling(network);
  const layers = consumerLayers(network, coupled);
  const keep: Record<string, number[]> = {};
  for (const { name, channels, frozen, parts } of coupled.groups) {
    if (frozen !== undefined) continue;
    const read = new Set<number>();
    for (const { id, inputs } of layers) {
      const gone = new Set(removed.get(id));
      inputs.group.forEach((group, i) => {
        if (inputs.groups[group].name === name && !gone.has(i)) read.add(inputs.component[i]);
      });
    }
    const kept = Array.from({ length: channels }, (_, i) => i).filter((i) => read.has(i));
    const emptied = kept.length === 0 || parts?.some((part) => !part.some((i) => read.has(i)));
    if (kept.length < channels && !emptied) keep[name] = kept;
  }
  return prune(network, { keep, weights: {} });
}

function checkRequest({ share, mu, erase }: UnlearnRequest): void {
  if (share !== 'auto' && !(share >= 0 && share < 1)) throw new UnlearnSettingError('The share to remove', share, 'a number from 0 to below 1');
  if (!(mu >= 0 && mu < Infinity)) throw new UnlearnSettingError('μ', mu, 'a number from 0 on');
  if (!(erase >= 0 && erase < Infinity)) throw new UnlearnSettingError('ρ', erase, 'a number from 0 on');
}

/** @throws NoClassChosenError, ClassRangeError, AllClassesError */
export function checkClasses(chosen: readonly number[], classes: number): void {
  if (chosen.length === 0) throw new NoClassChosenError();
  for (const c of chosen) if (!Number.isInteger(c) || c < 0 || c >= classes) throw new ClassRangeError(c, classes);
  if (new Set(chosen).size === classes) throw new AllClassesError(classes);
}

/** @throws EmptyClassError, TooFewPicturesError */
export function checkPictures(what: 'forget' | 'retain', { count }: ImageSource): void {
  if (count === 0) throw new EmptyClassError(what);
  if (count < LEAST_PICTURES) throw new TooFewPicturesError(what, count);
}

function checkPredictions(forget: TailPictures, retain: TailPictures, { classes }: Tail, chosen: readonly number[]): void {
  const own = topClasses({ images: forget.count, classes, values: forget.scores });
  for (const c of chosen) if (!own.includes(c)) throw new NeverPredictedError(c, forget.count, mostCommon(own));
  const rest = topClasses({ images: retain.count, classes, values: retain.scores });
  if (rest.every((c) => chosen.includes(c))) throw new RetainPicturesError(retain.count);
}
