import { samePreprocessing } from '../datasets/preprocessing.ts';
import { encodeSource } from '../datasets/sourceText.ts';
import { SLOPE_IMAGES, THEORY_EXPERIMENTS, type TheoryExperiment, type TheoryResult } from '../theory/results.ts';
import { CancelledError } from './errors.ts';
import { drawOf, firstTested, type Experiment, type TheoryJob } from './experiment.ts';
import type { JobContext } from './jobRunner.ts';
import type { Session } from './session.ts';

type ResultOf<E extends TheoryExperiment> = Extract<TheoryResult, { readonly experiment: E }>;

export function theoryJob(experiment: TheoryExperiment): TheoryJob {
  return `theory:${experiment}`;
}

/** What it is doing, in words. */
export const THEORY_JOBS: Readonly<Record<TheoryExperiment, string>> = {
  localGlobal: 'Cutting group after group',
  lipschitz: 'Comparing pairs of inputs',
  orderGap: 'Compensating in both orders',
  noise: 'Adding noise',
  correlation: 'Correlating contributions',
  stability: 'Drawing other calibration pictures',
  scoringCost: 'Timing the selection rules',
};

/** Calibration images of the stability experiment here: `npm run claims` goes on to 2,048, which takes as long again. */
const STABILITY_IMAGES: readonly number[] = [16, 64, 256, 1024];

const watched = new WeakSet<Session>();

/**
 * Runs one of the theory experiments on the open network, with as many calibration pictures as are
 * asked for, and stores what comes out under `theory`. Experiments wait for each other and make way for
 * what the person does meanwhile. A result stays until the network, the pictures, the preprocessing, the
 * number of calibration pictures, their source or the seed changes, which also stops those that run.
 * Rejects with `CancelledError` when stopped, or when no network is open.
 */
export async function runTheory<E extends TheoryExperiment>(session: Session, experiment: E): Promise<ResultOf<E>> {
  dropWhenStale(session);
  return session.runner.run({ kind: theoryJob(experiment), label: 'Waiting for its turn', priority: 2, yields: true }, (job) => measureTheory(session, job, experiment));
}

/** `runTheory` as a part of a job that has the engine already. */
export async function measureTheory<E extends TheoryExperiment>(session: Session, job: JobContext, experiment: E): Promise<ResultOf<E>> {
  const { store } = session;
  dropWhenStale(session);
  const subject = store.getState();
  const { model } = subject;
  const { images, ...draw } = drawOf(subject);
  if (!model.loaded) throw new CancelledError();
  job.setLabel(THEORY_JOBS[experiment]);
  const testImages = firstTested(subject);
  const request = {
    ...draw,
    experiment,
    images: experiment === 'localGlobal' ? Math.min(images, SLOPE_IMAGES) : images,
    testImages,
    ...(experiment === 'stability' ? { counts: STABILITY_IMAGES } : {}),
  };
  const result = await job.engine((id) => session.engine((api) => api.theory(id, request, job.onProgress)));
  if (!sameSubject(subject, store.getState())) throw new CancelledError();
  store.setState(({ theory }) => ({ theory: { ...theory, [experiment]: result } }));
  return result as ResultOf<E>;
}

/** From now on takes results of what is not on the page any more away. */
export function dropWhenStale(session: Session): void {
  if (watched.has(session)) return;
  watched.add(session);
  session.store.subscribe((now, before) => {
    if (sameSubject(before, now)) return;
    session.runner.cancelKind(...THEORY_EXPERIMENTS.map(theoryJob));
    if (Object.keys(now.theory).length + Object.keys(now.theoryFailures).length > 0) session.store.setState({ theory: {}, theoryFailures: {} });
  });
}

/** Whether both states would give an experiment the same network, pictures and seed. */
function sameSubject(a: Experiment, b: Experiment): boolean {
  return (
    a.model.loaded === b.model.loaded &&
    a.data.descriptor === b.data.descriptor &&
    samePreprocessing(a.preprocessing, b.preprocessing) &&
    a.calibration.images === b.calibration.images &&
    encodeSource(a.calibration.source) === encodeSource(b.calibration.source) &&
    a.request.seed === b.request.seed
  );
}
