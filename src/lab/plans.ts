import type { CalibrationSource } from '../datasets/calibrationSource.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import type { PruneRequest } from '../pruning/pruneRequest.ts';
import type { Keep } from './experiment.ts';
import type { JobContext } from './jobRunner.ts';
import type { Session } from './session.ts';

interface Recipe {
  readonly request: Pick<PruneRequest, 'compensate' | 'renorm' | 'seed'>;
  /** Calibration images. */
  readonly images: number;
  /** Absent: the open pictures. */
  readonly source?: CalibrationSource;
}

/** The plan that refits every layer on the intact network; without compensation it needs no statistics. */
export async function oneShotPlan(session: Session, job: JobContext, keep: Keep, { request: { compensate, renorm, seed }, images, source }: Recipe): Promise<PrunePlan> {
  const plan: PrunePlan = compensate === 'none' ? { keep, weights: {} } : await job.wait(session.fidelity.call((api) => api.compensate(keep, compensate)));
  if (!renorm) return plan;
  return job.engine((id) => session.engine((api) => api.renorm(id, { plan, images, seed, source }, job.onProgress)));
}

/** The plan that refits layer after layer on inputs from the network pruned so far. */
export function sequentialPlan(session: Session, job: JobContext, keep: Keep, { request: { compensate, renorm, seed }, images, source }: Recipe): Promise<PrunePlan> {
  return job.engine((id) => session.engine((api) => api.pruneSequentially(id, { keep, compensate, images, seed, source, ...(renorm ? { renorm } : {}) }, job.onProgress)));
}
