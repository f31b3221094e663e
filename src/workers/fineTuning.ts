import type { Job } from '../engine/job.ts';
import { fineTune } from '../engine/training/fineTune.ts';
import type { PauseSwitch } from '../engine/training/pauseSwitch.ts';
import { DEFAULT_TRAINING } from '../engine/training/trainingRequest.ts';
import { Phases } from '../theory/phases.ts';
import { membershipOf, regains } from './forgetDepth.ts';
import { forgetPictures } from './forgetPictures.ts';
import type { FineTuneReport, FineTuneRequest, FineTuneResult } from './protocol.ts';
import { handedOver, measureForgetting, type ForgetSubject } from './unlearning.ts';

/** Test pictures that the result is measured on. */
const TEST_IMAGES = 1000;

/**
 * Trains a network on pictures of all classes but some and measures what came of it: towards the pictures'
 * labels, or where they have none towards what the intact network says of them.
 *
 * @param onReport gets every step, and the network after every epoch
 * @throws what `fineTune` throws; what came of it until then has been reported
 */
export async function fineTuneNetwork(
  subject: ForgetSubject,
  { network, training, pictures, without }: FineTuneRequest,
  onReport: (report: FineTuneReport) => void,
  pause: PauseSwitch,
  job: Job,
): Promise<FineTuneResult> {
  const phases = new Phases(job, 100);
  const { retain } = await forgetPictures(subject.network, subject.pool, without, { forget: 0, retain: pictures }, phases.next(2));
  const trained = await fineTune(
    {
      network,
      images: retain.images,
      target: subject.pool.labels ? { kind: 'labels', labels: retain.labels } : { kind: 'teacher', network: subject.network, temperature: 1 },
      correlator: subject.correlator,
    },
    { ...DEFAULT_TRAINING, ...(retain.images.shape.length === 3 ? {} : { flip: false, shift: 0 }), ...training },
    {
      ...phases.next(83),
      pause,
      onStep: (step) => onReport({ kind: 'step', step }),
      onCheckpoint: (checkpoint, epoch) => onReport({ kind: 'epoch', network: checkpoint, epoch }),
    },
  );
  const measures = await measureForgetting(subject, trained.network, without, Math.min(TEST_IMAGES, subject.test.count), phases.next(10));
  const recoverability = await regains(subject, trained.network, undefined, without, measures.images, phases.next(3));
  const membership = without.length > 0 ? await membershipOf(subject, trained.network, without, phases.next(2)) : undefined;
  return handedOver(network, {
    network: trained.network,
    pictures: retain.images.count,
    steps: trained.steps,
    seconds: trained.seconds,
    measures,
    ...(recoverability ? { recoverability } : {}),
    ...(membership ? { membership } : {}),
  });
}
