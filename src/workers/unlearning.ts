import { transfer } from 'comlink';
import { computeLogits, topClasses } from '../engine/evaluate.ts';
import type { Job } from '../engine/job.ts';
import type { Correlator } from '../engine/kernels/correlator.ts';
import { coupling } from '../network/coupling.ts';
import { nodeById, type Network, type Weight } from '../network/network.ts';
import { consumerLayers, type ConsumerLayer } from '../pruning/consumerLayers.ts';
import { Phases } from '../theory/phases.ts';
import { forgetMethods } from '../unlearning/baselines/forgetMethods.ts';
import { measuresOf, type ForgettingMeasures, type RemovedChannels } from '../unlearning/forgettingReport.ts';
import type { ClassScores } from '../unlearning/removal.ts';
import { tailOf } from '../unlearning/tail.ts';
import { checkClasses, checkPictures, type Unlearned, type UnlearnTrial } from '../unlearning/unlearn.ts';
import { membershipOf, regains } from './forgetDepth.ts';
import { forgetPictures, type PicturePool } from './forgetPictures.ts';
import type { ForgetRequest, ForgetResult } from './protocol.ts';

/** What the engine worker has open, as forgetting sees it. */
export interface ForgetSubject {
  readonly network: Network;
  /** What the method may see. */
  readonly pool: PicturePool;
  /** Labelled training pictures that a probe and an attack may see; absent where nothing is labelled. */
  readonly known?: PicturePool;
  /** What measures; its order is fixed. */
  readonly test: PicturePool;
  readonly correlator: Correlator | undefined;
  /** The class that the intact network gives each of the first so many test pictures. */
  readonly intact: (images: number, job: Job) => Promise<Int32Array>;
}

/** Test pictures of the first measurement. */
const FIRST_IMAGES = 1000;

/**
 * Makes the network forget and measures what came of it on the first 1,000 test pictures; the network itself
 * stays as it is. The result's own weights are transferred.
 *
 * @throws the errors of `unlearningErrors.ts` and of the methods; CancelledError, DeviceLostError, InputShapeError
 */
export async function forgetClasses(subject: ForgetSubject, request: ForgetRequest, onTrial: (trial: UnlearnTrial) => void, job: Job): Promise<ForgetResult> {
  const { network, test } = subject;
  const { method, settings } = request;
  const { classes } = tailOf(network, 1, true);
  checkClasses(settings.classes, classes);
  const phases = new Phases(job, 100);
  const given = await forgetPictures(network, subject.pool, settings.classes, { forget: request.pictures, retain: request.pictures }, phases.next(5));
  checkPictures('forget', given.forget.images);
  checkPictures('retain', given.retain.images);
  const { forget, retain } = given;
  const input = { network, classes: settings.classes, forget, retain, correlator: subject.correlator, seed: settings.seed };
  const { network: edited, gradientSteps, milliseconds, unlearned } = await forgetMethods[method](input, { edit: settings }, { ...phases.next(60), onTrial });
  const measures = await measureForgetting(subject, edited, settings.classes, Math.min(FIRST_IMAGES, test.count), phases.next(20));
  const regained = await regains(subject, edited, given, settings.classes, measures.images, phases.next(9));
  const attacked = await membershipOf(subject, edited, settings.classes, phases.next(6));
  const removed = unlearned ? removedChannels(network, unlearned) : [];
  const head = tailOf(network, 1, true).head?.id;
  return handedOver(network, {
    network: edited,
    report: {
      method,
      settings,
      pictures: { forget: given.forget.images.count, retain: given.retain.images.count, by: given.by },
      measures,
      trials: unlearned?.trials ?? [],
      removed,
      headAlone: unlearned !== undefined && head !== undefined && Object.keys(unlearned.removed).every((layer) => layer === head),
      ...(regained ? { recoverability: regained } : {}),
      ...(attacked ? { membership: attacked } : {}),
      gradientSteps,
      milliseconds,
    },
  });
}

/** Both networks on the first `images` test pictures. */
export async function measureForgetting(subject: ForgetSubject, edited: Network, classes: readonly number[], images: number, job: Job): Promise<ForgettingMeasures> {
  const { network, test, intact } = subject;
  const phases = new Phases(job, 2 * images);
  const before = await intact(images, phases.next(images));
  const places = Array.from({ length: images }, (_, k) => k);
  const after = topClasses(await computeLogits(edited, test.at(places), phases.next(images)));
  return measuresOf(before, after, test.labels, tailOf(network, 1, true).classes, new Set(classes));
}

/** What left each layer, the greatest contrast first. */
function removedChannels(network: Network, { removed, scores }: Unlearned): RemovedChannels[] {
  return consumerLayers(network, coupling(network)).flatMap((layer): RemovedChannels[] => {
    const own = scores.find((one) => one.layer === layer.id);
    const gone = removed[layer.id] ?? [];
    if (!own || gone.length === 0) return [];
    const channels = gone.toSorted((a, b) => own.forget[b] - own.retain[b] - own.forget[a] + own.retain[a]);
    return [{ layer: layer.id, of: layer.n, ...placeOf(network, layer, own, channels) }];
  });
}

/** Where the input channels of a layer are to be looked at. */
function placeOf(network: Network, layer: ConsumerLayer, { forget, retain }: ClassScores, channels: readonly number[]): Pick<RemovedChannels, 'node' | 'channels'> {
  let [node] = layer.node.inputs;
  // a flatten lays a channel's map out over many features
  for (let at = nodeById(network, node); layer.flattened && at.op !== 'input'; at = nodeById(network, node)) {
    [node] = at.inputs;
    if (at.op === 'flatten') break;
  }
  return { node, channels: channels.map((channel) => ({ channel, feature: layer.part * layer.n + channel, forget: forget[channel], retain: retain[channel] })) };
}

/** Hands the weights that are the edited network's own over without a copy; those of the intact one stay here. */
export function handedOver<T extends { readonly network: Network }>(intact: Network, result: T): T {
  const kept = new Set(buffersOf(intact));
  return transfer(result, [...new Set(buffersOf(result.network))].filter((buffer) => !kept.has(buffer)));
}

function buffersOf({ nodes }: Network): ArrayBuffer[] {
  return nodes.flatMap(({ weights }) => Object.values(weights as Readonly<Record<string, Weight | undefined>>).flatMap((weight) => (weight ? [weight.values.buffer as ArrayBuffer] : [])));
}
