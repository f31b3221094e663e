import { topClasses } from '../engine/evaluate.ts';
import type { Job } from '../engine/job.ts';
import type { SharedTrunk } from '../engine/sharedTrunk.ts';
import type { Network } from '../network/network.ts';
import { knowledgeOf } from './forgettingReport.ts';
import { probeRegains, rowsOf } from './recoverability.ts';
import { tailOf } from './tail.ts';
import { HeadNotFoundError } from './unlearningErrors.ts';

/** Labelled pictures that many edits of one network are measured on. */
export interface LabelledTrunk {
  readonly trunk: SharedTrunk;
  readonly labels: ArrayLike<number>;
}

/** How well and how deep a network has forgotten; shares of test pictures. */
export interface Depth {
  /** Share of the forgotten classes' pictures that are put in their own class. */
  readonly forget: number;
  /** The same of the other classes' pictures. */
  readonly retain: number;
  /** What a ridge probe on the features regains of the forgotten classes (`recoverability`). */
  readonly recoverability: number;
}

/**
 * Measures an edit of a network on labelled test pictures; the probe sees `PROBE_PICTURES` labelled pictures of
 * each class among `known`.
 *
 * @throws HeadNotFoundError, CancelledError, DeviceLostError, InputShapeError
 */
export async function depthOf(network: Network, classes: readonly number[], known: LabelledTrunk, test: LabelledTrunk, job: Job = {}): Promise<Depth> {
  const { head, classes: size } = tailOf(network, 1, true);
  if (!head) throw new HeadNotFoundError(network.name);
  const forgotten = new Set(classes);
  const valuesOf = async ({ trunk }: LabelledTrunk) => {
    const [{ images: count, classes: width, values }, scores] = await trunk.values(network, [head.inputs[0], head.id], job);
    return { features: { count, size: width, values }, scores };
  };
  const { features, scores } = await valuesOf(test);
  const { forget = NaN, retain = NaN } = knowledgeOf(topClasses(scores), test.labels, size, forgotten);
  const own = Array.from({ length: features.count }, (_, k) => k).filter((k) => forgotten.has(test.labels[k]));
  const tested = { count: own.length, size: features.size, values: rowsOf(features.values, features.size, own) };
  const seen = { features: (await valuesOf(known)).features, labels: known.labels };
  return { forget, retain, recoverability: probeRegains(seen, { features: tested, labels: own.map((k) => test.labels[k]) }, size) };
}
