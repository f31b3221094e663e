import { JobClock, silent, type Job } from '../engine/job.ts';
import { permutation, seededRandom } from '../fidelity/random.ts';
import type { Network } from '../network/network.ts';
import { depthOf, type Depth, type LabelledTrunk } from './depth.ts';
import { unlearn, type UnlearnInput } from './unlearn.ts';
import type { UnlearnRequest } from './unlearnRequest.ts';

/** Settings that a sweep varies. */
export type SweptSettings = Pick<UnlearnRequest, 'head' | 'layers' | 'share' | 'mu' | 'erase'>;

/** What each swept setting may be: a sweep draws from their product. */
export type TradeOffAxes = { readonly [K in keyof SweptSettings]: readonly SweptSettings[K][] };

export const TRADE_OFF_AXES: TradeOffAxes = {
  head: [true, false],
  layers: [1, 2, 4],
  share: [0.05, 0.2, 0.4],
  mu: [0.1, 0.3, 1],
  erase: [0, 1, 10, 30],
};

/** One setting, and what it came to on the test pictures. */
export interface TradeOffPoint extends Depth {
  readonly settings: SweptSettings;
}

export interface TradeOffInput extends UnlearnInput {
  /** Labelled training pictures of all classes, for the probe. */
  readonly known: LabelledTrunk;
  /** Labelled pictures that measure. */
  readonly test: LabelledTrunk;
}

export interface TradeOff {
  /** The network before. */
  readonly intact: Depth;
  /** In the order in which they were tried. */
  readonly points: readonly TradeOffPoint[];
  /** Those of `points` that no other is better than in all three figures. */
  readonly best: readonly TradeOffPoint[];
}

/**
 * The trade-off between forgetting, what stays, and depth: forgets with settings drawn from `axes`, each
 * combination at most once, and measures each.
 *
 * @param request all that the axes do not say; its seed draws the combinations too
 * @param count how many points; all of the product where it has no more
 * @param onPoint called with each point as it is measured
 * @throws the errors of `unlearn` and `depthOf`; CancelledError
 */
export async function tradeOff(
  input: TradeOffInput,
  request: UnlearnRequest,
  axes: TradeOffAxes,
  count: number,
  job: Job = {},
  onPoint?: (point: TradeOffPoint) => void,
): Promise<TradeOff> {
  const chosen = drawnSettings(axes, count, request.seed);
  const clock = new JobClock(job, chosen.length + 1);
  const cancel = silent(job);
  const measure = async (network: Network) => depthOf(network, request.classes, input.known, input.test, cancel);
  const intact = await measure(input.network);
  await clock.tick(1);
  const points: TradeOffPoint[] = [];
  for (const settings of chosen) {
    const { network } = await unlearn(input, { ...request, ...settings }, cancel);
    const point = { settings, ...(await measure(network)) };
    points.push(point);
    onPoint?.(point);
    await clock.tick(1 + points.length);
  }
  return { intact, points, best: nonDominated(points) };
}

/** Up to `count` different combinations, in an order that the seed gives. */
export function drawnSettings({ head, layers, share, mu, erase }: TradeOffAxes, count: number, seed: number): SweptSettings[] {
  const all = head.flatMap((h) => layers.flatMap((l) => share.flatMap((s) => mu.flatMap((m) => erase.map((e) => ({ head: h, layers: l, share: s, mu: m, erase: e }))))));
  return Array.from(permutation(all.length, seededRandom(seed)).subarray(0, count), (at) => all[at]);
}

/** The less of each, the better. */
const figures = ({ forget, retain, recoverability }: Depth) => [forget, -retain, recoverability];

function dominates(a: Depth, b: Depth): boolean {
  const [own, other] = [figures(a), figures(b)];
  return own.every((value, k) => value <= other[k]) && own.some((value, k) => value < other[k]);
}

/** Those than which no other forgets as much, keeps as much and leaves as little to regain, and is better in one of these. */
export function nonDominated<D extends Depth>(points: readonly D[]): D[] {
  return points.filter((point) => !points.some((other) => dominates(other, point)));
}
