import { TRANSFORM_RULES } from '../pruning/transforms.ts';
import { errorText, FidelityDiedError, isCancelled, isEngineDeath } from './errors.ts';
import { firstTested, type Method, type SweepPlan } from './experiment.ts';
import { percent } from './format.ts';
import type { JobContext } from './jobRunner.ts';
import { keepFor } from './keepFor.ts';
import { methodLabel } from './labels.ts';
import { methodKey, methodOf } from './method.ts';
import { outcomeOf, qualityOf } from './outcome.ts';
import { planCost } from './planCost.ts';
import { oneShotPlan, sequentialPlan } from './plans.ts';
import { lacksRanking, weighsByTheory } from './rankings.ts';
import { hasRules } from './rules.ts';
import { rankGroups, scoringLabel } from './ruleScoring.ts';
import type { Session } from './session.ts';
import { notify } from './store.ts';
import { isKnown, isPointOf, isTransformPointOf, sweepSteps, transformSteps, type SweepStep } from './sweepSteps.ts';
import { measureTheory } from './theory.ts';

/**
 * Measures every method and every transform at every target on the first test images, one point after another, in the
 * background: it makes way for what the person does meanwhile. Points that are known already (same
 * pictures, seed and rules) are left alone, each rule is ranked once, and a method that fails is
 * left out with a notice. `pendingSweep` says what is under way until all of it is done, so that it
 * can go on after it was stopped, or after a reload. Rejects with `CancelledError` when stopped.
 */
export async function sweep(session: Session, plan: SweepPlan): Promise<void> {
  const { runner, store } = session;
  store.setState({ pendingSweep: plan });
  const failed = new Set<string>();
  await runner.run({ kind: 'sweep', label: 'Measuring the frontier', priority: 1, yields: true }, async (job) => {
    const steps = sweepSteps(store.getState(), plan);
    await leavingOut(session, failed, plan.methods.filter(({ allocate }) => allocate === 'theory').map(partOf), async () => {
      if (steps.some((step) => weighsByTheory(step) && !isKnown(store.getState(), step)) && !store.getState().theory.localGlobal) await measureTheory(session, job, 'localGlobal');
    });
    const began = performance.now();
    let measured = 0;
    for (const step of steps) {
      const isLeftOut = () => failed.has(methodKey(step));
      if (isLeftOut() || isKnown(store.getState(), step)) continue;
      const progress = () => {
        const left = steps.filter((other) => !failed.has(methodKey(other)) && !isKnown(store.getState(), other)).length;
        const rate = measured / ((performance.now() - began) / 1000);
        job.onProgress({ done: steps.length - left, total: steps.length, rate, secondsLeft: rate > 0 ? left / rate : 0 });
      };
      const silent: JobContext = { ...job, onProgress: () => {} };
      await leavingOut(session, failed, [partOf(step)], async () => {
        if (lacksRanking(store.getState(), step)) {
          job.setLabel(scoringLabel(step));
          // the worker's last word may come after its result, and is not about points
          let scoring = true;
          await rankGroups(session, { ...job, onProgress: (own) => scoring && job.onProgress(own) }, step).finally(() => (scoring = false));
        }
        job.setLabel(`Measuring ${methodLabel(step)} at ${percent(step.target.value, 0)}`);
        progress();
        await measurePoint(session, silent, step);
        measured += 1;
      });
    }
    await sweepTransforms(session, job, plan);
  });
  store.setState({ pendingSweep: undefined });
}

/** A transform that this network has not the form for is left out with what it says of it. */
async function sweepTransforms(session: Session, job: JobContext, plan: SweepPlan): Promise<void> {
  const failed = new Set<string>();
  for (const step of transformSteps(plan)) {
    const experiment = session.store.getState();
    const { transform } = step;
    if (failed.has(transform) || experiment.transformPoints.some((point) => isTransformPointOf(point, step, experiment))) continue;
    const { measureTransform, transformLabel } = await import('./transformSweep.ts');
    job.setLabel(transformLabel(step));
    await leavingOut(session, failed, [{ key: transform, label: TRANSFORM_RULES[transform].label }], () => measureTransform(session, job, step));
  }
}

async function measurePoint(session: Session, job: JobContext, step: SweepStep): Promise<void> {
  const { store } = session;
  const experiment = store.getState();
  const { calibration, axis } = experiment;
  const { images, source } = calibration;
  const keep = keepFor(experiment, step, {});
  const cost = keep && planCost(experiment, keep);
  if (!keep || !cost) return;
  const known = experiment.sweepPoints.find((point) => isPointOf(point, step, calibration));
  let point = known;
  if (!point) {
    const refit = step.compensate === 'none' || step.order === 'oneShot' ? oneShotPlan : sequentialPlan;
    const plan = await refit(session, job, keep, { request: step, images, source });
    const tested = firstTested(experiment);
    const evaluation = await job.engine((id) => session.engine((api) => api.evaluate(id, { plan, images: tested }, job.onProgress)));
    point = {
      ...methodOf(step),
      target: step.target,
      macs: cost.macs,
      params: cost.params,
      ...qualityOf(outcomeOf({ evaluation })),
      seed: step.seed,
      calibrationImages: images,
      ...(source ? { source } : {}),
      ...(hasRules(step.rules) ? { rules: step.rules } : {}),
    };
  }
  if (axis === 'latency' && point.latency === undefined) {
    // how long a network takes does not depend on what its weights are
    const { milliseconds } = await job.engine((id) => session.engine((api) => api.latency(id, { plan: { keep, weights: {} }, batch: 1 })));
    point = { ...point, latency: milliseconds };
  }
  const added = point;
  store.setState(({ sweepPoints }) => ({ sweepPoints: [...sweepPoints.filter((other) => !isPointOf(other, step, calibration)), added] }));
}

/** What of a sweep can fail by itself. */
interface Part {
  readonly key: string;
  readonly label: string;
}

function partOf(method: Method): Part {
  return { key: methodKey(method), label: methodLabel(method) };
}

/** Goes on without the parts where they fail; only what ends the whole sweep is thrown. */
async function leavingOut(session: Session, failed: Set<string>, parts: readonly Part[], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (isCancelled(error) || isEngineDeath(error) || error instanceof FidelityDiedError) throw error;
    for (const { key } of parts) failed.add(key);
    notify(session.store, 'warning', `${parts.map(({ label }) => label).join(', ')} ${parts.length === 1 ? 'was' : 'were'} left out of the frontier: ${errorText(error)}`);
  }
}
