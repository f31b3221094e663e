import { encodeSource } from '../datasets/sourceText.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { DEFAULT_REQUEST, type Order, type PruneRequest } from '../pruning/pruneRequest.ts';
import { SELECTION_RULES } from '../pruning/selections.ts';
import type { Evaluation } from '../workers/protocol.ts';
import { errorText, FidelityDiedError, isCancelled } from './errors.ts';
import { allTested, firstTested, settingsOf, type Experiment, type Keep, type PlanResult, type PlanSettings } from './experiment.ts';
import { recordPlan } from './history.ts';
import type { JobContext } from './jobRunner.ts';
import { keepFor, lacksScores, lacksTimes } from './keepFor.ts';
import { oneShotPlan, sequentialPlan } from './plans.ts';
import { outcomeOf } from './outcome.ts';
import { planCost } from './planCost.ts';
import { allocationFor } from './rankings.ts';
import type { Session } from './session.ts';
import { notify } from './store.ts';

const PREVIEW_EVERY = 150;

interface Snapshot {
  readonly keep: Keep;
  readonly key: string;
  readonly settings: PlanSettings;
}

/** Turns the request into keep sets at once, and into measured plans as the engine gets to them. */
export class Planner {
  readonly #session: Session;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #whenCalibrated = false;
  /** The request whose rule is being scored. */
  #scoring: PruneRequest | undefined;
  /** The part of the last request that had keep sets which may have to be scored. */
  #inForce: Rule = FALLBACK;

  constructor(session: Session) {
    this.#session = session;
  }

  /**
   * Recomputes keep sets and cost from the scores in the store; synchronous and cheap. While the
   * scores that the request needs are not there, the plan on screen stays, marked as stale.
   */
  refresh(): void {
    const { store } = this.#session;
    const keep = this.#keep();
    const experiment = store.getState();
    if (!keep) {
      if (experiment.model.loaded && lacksScores(experiment, experiment.request)) store.setState({ planKey: undefined });
      else if (experiment.keep) store.setState({ keep: undefined, cost: undefined, planKey: undefined });
      return;
    }
    this.#inForce = ruleOf(experiment.request);
    const planKey = keyOf(experiment, keep);
    if (planKey === experiment.planKey && experiment.cost) return;
    store.setState({ keep, planKey, cost: planCost(experiment, keep) });
  }

  /**
   * The request, the pins or the scores changed. Not `final`: the slider still moves, so only the
   * one-shot plan is measured, a little later. `final`: the whole way, up to the history.
   */
  changed(final: boolean): void {
    this.refresh();
    const { runner, store } = this.#session;
    if (final && runner.isRunning('calibration')) this.#whenCalibrated = true;
    const experiment = store.getState();
    if (experiment.model.loaded && lacksScores(experiment, experiment.request)) {
      this.#clearTimer();
      void this.#score(experiment.request);
      return;
    }
    if (this.#scoring) {
      this.#scoring = undefined;
      runner.cancelKind('rank');
    }
    if (final) {
      this.#clearTimer();
      void this.#measure(!runner.isRunning('calibration'));
    } else {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        void this.#measure(false);
      }, PREVIEW_EVERY);
    }
  }

  calibrated(): void {
    this.#whenCalibrated = false;
    this.changed(true);
  }

  /** What a calibration that was stopped leaves to be done. */
  calibrationStopped(): void {
    const experiment = this.#session.store.getState();
    if (this.#whenCalibrated || lacksScores(experiment, experiment.request)) this.calibrated();
  }

  dispose(): void {
    this.#clearTimer();
  }

  #clearTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Has the request's rule scored and then its plan measured; where that fails, the rule before it is in force again. */
  async #score(request: PruneRequest): Promise<void> {
    const { runner, store } = this.#session;
    if (comesAgain(store.getState())) return;
    if (this.#scoring && sameRule(this.#scoring, request) && this.#scoring.target.kind === request.target.kind) return;
    this.#scoring = request;
    runner.cancelKind('plan', 'refine', 'rank');
    try {
      const { scoreRule } = await import('./ruleScoring.ts');
      await scoreRule(this.#session, request, () => this.#scoring === request);
    } catch (error) {
      if (this.#scoring !== request) return;
      this.#scoring = undefined;
      const now = store.getState();
      // a fidelity worker that died has its own notice
      if (comesAgain(now) || error instanceof FidelityDiedError) return;
      if (!isCancelled(error)) notify(store, 'error', `${whatLacks(now, request)}: ${errorText(error)}`, { advice: 'The rule before it stays in force.' });
      if (sameRule(now.request, request)) this.#takeBack(request);
      return;
    }
    if (this.#scoring !== request) return;
    this.#scoring = undefined;
    this.changed(true);
  }

  #takeBack(failed: PruneRequest): void {
    const { store } = this.#session;
    if (lacksTimes(store.getState(), failed)) store.setState(({ request }) => ({ request: { ...request, target: { ...request.target, kind: 'macs' } } }));
    else {
      const rule = sameRule(this.#inForce, failed) ? FALLBACK : this.#inForce;
      store.setState(({ request }) => ({ request: { ...request, ...rule } }));
    }
    this.changed(true);
  }

  /** A rule whose keep sets cannot be made is taken back. */
  #keep(): Keep | undefined {
    const { store } = this.#session;
    try {
      return keepFor(store.getState());
    } catch (error) {
      notify(store, 'error', `No channels could be chosen: ${errorText(error)}`, { advice: 'They are chosen by singleton scores instead, with one share for every group.' });
      store.setState(({ request }) => ({ request: { ...request, ...FALLBACK } }));
      return keepFor(store.getState());
    }
  }

  async #measure(final: boolean): Promise<void> {
    const { runner, store } = this.#session;
    const snapshot = this.#snapshot();
    if (!snapshot || !store.getState().model.loaded) return;
    runner.cancelKind('refine');
    try {
      await runner.run({ kind: 'plan', label: 'Measuring the one-shot plan', priority: 3 }, (job) => this.#plan(job, snapshot, final));
      if (final) await this.#refine();
    } catch (error) {
      if (!isCancelled(error)) notify(store, 'error', `This plan could not be measured: ${errorText(error)}`);
    }
  }

  #snapshot(): Snapshot | undefined {
    const { keep, planKey, request, pins, calibration } = this.#session.store.getState();
    return keep && planKey !== undefined ? { keep, key: planKey, settings: settingsOf({ request, pins, calibration }) } : undefined;
  }

  async #plan(job: JobContext, snapshot: Snapshot, final: boolean): Promise<void> {
    const { store } = this.#session;
    const { keep, key, settings } = snapshot;
    const { compensate, order } = settings.request;
    // Without compensation a plan is its keep sets, so both orders are the same plan.
    const sameInAnyOrder = compensate === 'none';
    const known = store.getState().result;
    const usable = known?.key === key ? known : undefined;

    if (!usable || (order === 'oneShot' && usable.kind === 'sequential')) {
      const plan = await oneShotPlan(this.#session, job, keep, settings);
      const evaluation = await this.#evaluate(job, plan);
      this.#publish(snapshot, sameInAnyOrder ? order : 'oneShot', plan, evaluation);
    }
    if (!final) return;
    // another request may come to the same plan
    store.setState(({ result }) => (result?.key === key && result.settings !== settings ? { result: { ...result, settings } } : {}));
    if (order === 'sequential' && !sameInAnyOrder && store.getState().result?.kind !== 'sequential') {
      job.setLabel('Refitting layers');
      const plan = await sequentialPlan(this.#session, job, keep, settings);
      job.setLabel('Measuring the sequential plan');
      const evaluation = await this.#evaluate(job, plan);
      this.#publish(snapshot, 'sequential', plan, evaluation);
    }
    this.#record();
    const result = store.getState().result;
    if (result?.key === key && result.latency === undefined && !store.getState().jobs.some(({ kind }) => kind === 'calibration')) {
      job.setLabel('Timing');
      const latency = await job.engine((id) => this.#session.engine((api) => api.latency(id, { plan: result.plan, batch: 1 })));
      store.setState(({ result: now }) => (now?.key === key ? { result: { ...now, latency: latency.milliseconds } } : {}));
      this.#record();
    }
  }

  /** All test images, for the intact network and then for the plan, when nothing else wants the engine. */
  async #refine(): Promise<void> {
    const { runner, store } = this.#session;
    const total = allTested(store.getState());
    if (total <= firstTested(store.getState())) return;
    await runner.run({ kind: 'refine', label: 'Refining on all test images', priority: 0, yields: true }, async (job) => {
      const { intact } = store.getState();
      if (intact && intact.evaluation.images < total) {
        const evaluation = await this.#evaluate(job, undefined, total);
        store.setState(({ intact: now }) => (now ? { intact: { ...now, evaluation } } : {}));
      }
      const { result } = store.getState();
      if (!result || result.evaluation.images >= total) return;
      const evaluation = await this.#evaluate(job, result.plan, total);
      store.setState(({ result: now }) => (now?.plan === result.plan ? { result: { ...now, evaluation } } : {}));
      this.#record();
    });
  }

  #evaluate(job: JobContext, plan: PrunePlan | undefined, images = firstTested(this.#session.store.getState())): Promise<Evaluation> {
    return job.engine((id) => this.#session.engine((api) => api.evaluate(id, { ...(plan ? { plan } : {}), images }, job.onProgress)));
  }

  #publish({ keep, key, settings }: Snapshot, kind: Order, plan: PrunePlan, evaluation: Evaluation): void {
    const { store } = this.#session;
    const cost = planCost(store.getState(), keep);
    if (!cost) return;
    const result: PlanResult = { kind, key, plan, evaluation, cost, settings };
    store.setState({ result });
  }

  /** Puts the measured plan into the history, or brings its entry up to date. */
  #record(): void {
    const { store } = this.#session;
    const { result } = store.getState();
    if (!result) return;
    store.setState(({ history }) => ({
      history: recordPlan(history, {
        settings: result.settings,
        keep: result.plan.keep,
        cost: result.cost,
        outcome: outcomeOf(result),
      }),
    }));
  }
}

/** True while something goes on that asks for the plan again at its end. */
function comesAgain({ calibration, model, data, engine }: Experiment): boolean {
  return calibration.status === 'running' || !calibration.update || model.opening !== undefined || data.opening !== undefined || engine !== 'ready';
}

/** What could not be had for the request, the first of what is missing. */
function whatLacks(experiment: Experiment, request: PruneRequest): string {
  if (lacksTimes(experiment, request)) return 'The layers could not be timed';
  if (!allocationFor(experiment, request)) return 'The slopes could not be measured';
  return `Channels could not be ranked by ${SELECTION_RULES[request.select].label}`;
}

type Rule = Pick<PruneRequest, 'select' | 'compensate' | 'allocate'>;

/** Needs nothing but the scores on screen. */
const FALLBACK: Rule = { select: DEFAULT_REQUEST.select, compensate: DEFAULT_REQUEST.compensate, allocate: DEFAULT_REQUEST.allocate };

function ruleOf({ select, compensate, allocate }: PruneRequest): Rule {
  return { select, compensate, allocate };
}

function sameRule(a: Rule, b: Rule): boolean {
  return a.select === b.select && a.compensate === b.compensate && a.allocate === b.allocate;
}

function keyOf({ request: { compensate, renorm }, calibration: { images, seed, source, status } }: Experiment, keep: Keep): string {
  const widths = Object.entries(keep).map(([group, kept]) => `${group}:${kept.join('.')}`);
  return `${compensate}${renorm ? ' renorm' : ''} ${images} ${seed ?? ''} ${encodeSource(source)} ${status === 'running' ? 'running' : ''} ${widths.join(' ')}`;
}
