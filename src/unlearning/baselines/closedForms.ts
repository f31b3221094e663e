import { unlearn } from '../unlearn.ts';
import { DEFAULT_UNLEARN, type UnlearnRequest } from '../unlearnRequest.ts';
import type { Forget } from './forgetOptions.ts';

/** ModHiFi-U with contrast and forget-aware least squares. */
export const ours: Forget = byUnlearning({});

/** The paper's plain rule: greatest fidelity leaves, δ* on the rest. */
export const paper: Forget = byUnlearning({ select: 'fidelity', compensate: 'scale' });

/** Any channels leave the same layers; the weights stay as they are. */
export const random: Forget = byUnlearning({ select: 'random', compensate: 'none' });

/** Channels of least L1 norm leave the same layers; the weights stay as they are. */
export const l1: Forget = byUnlearning({ select: 'l1', compensate: 'none' });

function byUnlearning(own: Partial<UnlearnRequest>): Forget {
  return async ({ network, classes, forget, retain, correlator, seed }, { edit } = {}, job = {}) => {
    const began = performance.now();
    const unlearned = await unlearn(
      { network, forget: forget.images, retain: retain.images, correlator, ...(job.onTrial ? { onTrial: job.onTrial } : {}) },
      { ...DEFAULT_UNLEARN, ...edit, ...own, classes, seed },
      job,
    );
    return { network: unlearned.network, gradientSteps: 0, milliseconds: performance.now() - began, unlearned };
  };
}
