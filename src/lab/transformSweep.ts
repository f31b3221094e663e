import { TRANSFORM_RULES } from '../pruning/transforms.ts';
import { firstTested, type TransformPoint } from './experiment.ts';
import { percent } from './format.ts';
import type { JobContext } from './jobRunner.ts';
import { outcomeOf, qualityOf } from './outcome.ts';
import type { Session } from './session.ts';
import { isTransformPointOf, type TransformStep } from './sweepSteps.ts';

/** Makes the network smaller by the transform, to that share of its MACs, and adds what it then measures to the frontier. */
export async function measureTransform(session: Session, job: JobContext, step: TransformStep): Promise<void> {
  const { store } = session;
  const experiment = store.getState();
  const { calibration: { images, source }, request: { seed } } = experiment;
  const request = { ...step, images, seed, ...(source ? { source } : {}), testImages: firstTested(experiment) };
  const { cost, evaluation } = await job.engine((id) => session.engine((api) => api.transform(id, request, job.onProgress)));
  const point: TransformPoint = { ...step, macs: cost.macs, params: cost.params, ...qualityOf(outcomeOf({ evaluation })), seed, calibrationImages: images, ...(source ? { source } : {}) };
  store.setState(({ transformPoints }) => ({ transformPoints: [...transformPoints.filter((other) => !isTransformPointOf(other, step, experiment)), point] }));
}

/** "Measuring ShortGPT at 75 %". */
export function transformLabel({ transform, share }: TransformStep): string {
  return `Measuring ${TRANSFORM_RULES[transform].label} at ${percent(share.value, 0)}`;
}
