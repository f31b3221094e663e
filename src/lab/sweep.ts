import type { BudgetTarget } from '../pruning/pruneRequest.ts';
import { NO_RULES, type WidthRules } from '../pruning/widthRules.ts';
import { PREVIEW_IMAGES, type FrontierPoint, type Method } from './experiment.ts';
import { methodKey, methodOf } from './frontier.ts';
import { methodLabel } from './labels.ts';
import { planCost } from './planCost.ts';
import { keepFor, oneShotPlan } from './planner.ts';
import { hasRules, rulesKey } from './rules.ts';
import type { Session } from './session.ts';

export const SWEEP_TARGETS = [0.9, 0.75, 0.6, 0.476, 0.35, 0.25] as const;

export const SWEEP_METHODS: readonly Omit<Method, 'order'>[] = [
  { select: 'singleton', compensate: 'leastSquares' },
  { select: 'singleton', compensate: 'scale' },
  { select: 'singleton', compensate: 'none' },
  { select: 'l1', compensate: 'none' },
  { select: 'l2', compensate: 'none' },
  { select: 'random', compensate: 'none' },
];

/**
 * Measures every method at every MACs target on 1,000 test images, one point after another, in the
 * background: it makes way for what the person does meanwhile. Points that are known already
 * (same pictures, seed and rules) are left alone. Rejects with `CancelledError` when stopped.
 */
export function sweep(session: Session, methods: readonly Method[]): Promise<void> {
  const { runner, store } = session;
  const steps = methods.flatMap((method) => SWEEP_TARGETS.map((value) => ({ method, target: { kind: 'macs', value } as const })));
  return runner.run({ kind: 'sweep', label: 'Measuring the frontier', priority: 1, yields: true }, async (job) => {
    let measured = 0;
    const began = performance.now();
    for (const [index, { method, target }] of steps.entries()) {
      const experiment = store.getState();
      const { request: { rules, seed }, calibration: { images } } = experiment;
      const step: Step = { method, target, rules, seed, images };
      if (experiment.sweepPoints.some((point) => sameStep(point, step))) continue;
      const rate = measured === 0 ? 0 : measured / ((performance.now() - began) / 1000);
      job.setLabel(`Measuring the frontier: ${methodLabel(method)}`);
      job.onProgress({ done: index, total: steps.length, rate, secondsLeft: rate > 0 ? (steps.length - index) / rate : 0 });

      const keep = keepFor(experiment, { ...experiment.request, ...method, target }, {});
      const cost = keep && planCost(experiment, keep);
      if (!keep || !cost) continue;
      const { compensate, order } = method;
      const plan =
        compensate === 'none' || order === 'oneShot'
          ? await oneShotPlan(session, job, keep, compensate)
          : await job.engine((id) => session.engine((api) => api.pruneSequentially(id, { keep, compensate, images, seed }, () => {})));
      const evaluation = await job.engine((id) => session.engine((api) => api.evaluate(id, { plan, images: PREVIEW_IMAGES }, () => {})));
      const latency = await job.engine((id) => session.engine((api) => api.latency(id, { plan, batch: 1 })));
      const point: FrontierPoint = {
        ...methodOf(method),
        target,
        macs: cost.macs,
        params: cost.params,
        ...(evaluation.accuracy === undefined ? {} : { accuracy: evaluation.accuracy }),
        agreement: evaluation.agreement,
        images: evaluation.images,
        latency: latency.milliseconds,
        seed,
        calibrationImages: images,
        ...(hasRules(rules) ? { rules } : {}),
      };
      measured += 1;
      store.setState(({ sweepPoints }) => ({ sweepPoints: [...sweepPoints.filter((known) => !sameStep(known, step)), point] }));
    }
  });
}

interface Step {
  readonly method: Method;
  readonly target: BudgetTarget;
  readonly rules: WidthRules;
  readonly seed: number;
  readonly images: number;
}

function sameStep(point: FrontierPoint, { method, target, rules, seed, images }: Step): boolean {
  return (
    methodKey(point) === methodKey(method) &&
    point.target.kind === target.kind &&
    point.target.value === target.value &&
    point.seed === seed &&
    point.calibrationImages === images &&
    rulesKey(point.rules ?? NO_RULES) === rulesKey(rules)
  );
}
