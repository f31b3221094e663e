import type { PrunePlan } from '../network/prunePlan.ts';
import { keepSets } from '../pruning/keepSets.ts';
import type { Order } from '../pruning/pruneRequest.ts';
import type { Evaluation } from '../workers/protocol.ts';
import { errorText, isCancelled } from './errors.ts';
import { PREVIEW_IMAGES, shownFidelity, shownGroups, type Experiment, type Keep, type PlanResult, type PlanSettings } from './experiment.ts';
import { recordPlan } from './history.ts';
import type { JobContext } from './jobRunner.ts';
import { planCost, shownCostModel } from './planCost.ts';
import { rankingsFor } from './rankings.ts';
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

  constructor(session: Session) {
    this.#session = session;
  }

  /** Recomputes keep sets and cost from the scores in the store; synchronous and cheap. */
  refresh(): void {
    const { store } = this.#session;
    const experiment = store.getState();
    const keep = keepFor(experiment);
    if (!keep) {
      if (experiment.keep) store.setState({ keep: undefined, cost: undefined, planKey: undefined });
      return;
    }
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
    const { runner } = this.#session;
    if (final && runner.isRunning('calibration')) this.#whenCalibrated = true;
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
    if (this.#whenCalibrated) this.calibrated();
  }

  dispose(): void {
    this.#clearTimer();
  }

  #clearTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
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
    return keep && planKey !== undefined ? { keep, key: planKey, settings: { request, pins, images: calibration.images } } : undefined;
  }

  async #plan(job: JobContext, snapshot: Snapshot, final: boolean): Promise<void> {
    const { store } = this.#session;
    const { keep, key, settings: { request: { compensate, order, seed }, images } } = snapshot;
    // Without compensation a plan is its keep sets, so both orders are the same plan.
    const sameInAnyOrder = compensate === 'none';
    const known = store.getState().result;
    const usable = known?.key === key ? known : undefined;

    if (!usable || (order === 'oneShot' && usable.kind === 'sequential')) {
      const plan = await oneShotPlan(this.#session, job, keep, compensate);
      const evaluation = await this.#evaluate(job, plan, PREVIEW_IMAGES);
      this.#publish(snapshot, sameInAnyOrder ? order : 'oneShot', plan, evaluation);
    }
    if (!final) return;
    if (order === 'sequential' && !sameInAnyOrder && store.getState().result?.kind !== 'sequential') {
      job.setLabel('Refitting layers');
      const plan = await job.engine((id) => this.#session.engine((api) => api.pruneSequentially(id, { keep, compensate, images, seed }, job.onProgress)));
      job.setLabel('Measuring the sequential plan');
      const evaluation = await this.#evaluate(job, plan, PREVIEW_IMAGES);
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
    const total = store.getState().dataset?.test ?? 0;
    if (total <= PREVIEW_IMAGES) return;
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

  #evaluate(job: JobContext, plan: PrunePlan | undefined, images: number): Promise<Evaluation> {
    const { store } = this.#session;
    const most = Math.min(images, store.getState().dataset?.test ?? images);
    return job.engine((id) => this.#session.engine((api) => api.evaluate(id, { ...(plan ? { plan } : {}), images: most }, job.onProgress)));
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
    const { images, accuracy, agreement, perClass } = result.evaluation;
    store.setState(({ history }) => ({
      history: recordPlan(history, {
        settings: result.settings,
        keep: result.plan.keep,
        cost: result.cost,
        outcome: { images, accuracy, agreement, perClass, ...(result.latency === undefined ? {} : { latency: result.latency }) },
      }),
    }));
  }
}

/** Keep sets of the request, from the scores on screen; undefined while those are not there. */
export function keepFor(experiment: Experiment, request = experiment.request, pins = experiment.pins): Keep | undefined {
  const costModel = shownCostModel(experiment);
  const fidelity = shownFidelity(experiment).groups;
  const { norms } = experiment.calibration;
  const rankings = rankingsFor(request, { groups: shownGroups(experiment), ...(fidelity ? { fidelity } : {}), ...(norms ? { norms } : {}) });
  if (!rankings) return undefined;
  const needsCost = request.target.kind === 'macs' || request.target.kind === 'params';
  if (needsCost && !costModel) return undefined;
  if (request.target.kind === 'eta' && !rankings.every(({ curve }) => curve)) return undefined;
  return keepSets(request.target, rankings, costModel ?? { widths: {}, terms: [] }, { pins, rules: request.rules });
}

/** The one-shot plan; without compensation it needs no statistics. */
export function oneShotPlan(session: Session, job: JobContext, keep: Keep, compensate: PlanSettings['request']['compensate']): Promise<PrunePlan> {
  if (compensate === 'none') return Promise.resolve({ keep, weights: {} });
  return job.wait(session.fidelity.call((api) => api.compensate(keep, compensate)));
}

function keyOf({ request: { compensate }, calibration: { images, seed, status } }: Experiment, keep: Keep): string {
  const widths = Object.entries(keep).map(([group, kept]) => `${group}:${kept.join('.')}`);
  return `${compensate} ${images} ${seed ?? ''} ${status === 'running' ? 'running' : ''} ${widths.join(' ')}`;
}
