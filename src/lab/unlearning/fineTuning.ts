import type { Network } from '../../network/network.ts';
import type { ForgettingReport } from '../../unlearning/forgettingReport.ts';
import type { FineTuneReport, FineTuneResult, JobId } from '../../workers/protocol.ts';
import { errorText, isCancelled } from '../errors.ts';
import { PREVIEW_IMAGES, shownPlan, type Experiment } from '../experiment.ts';
import type { JobContext } from '../jobRunner.ts';
import type { Session } from '../session.ts';
import type { TrainingEpoch, TrainingStep, TuningSettings } from './tuning.ts';
import { shownOutcome, type UnlearningState, type UnlearningStore } from './unlearningState.ts';

/** What training starts from, and what is known of it already. */
interface Start {
  readonly network: Network;
  readonly report: Omit<ForgettingReport, 'measures' | 'recoverability' | 'membership'>;
}

/** The network after the last epoch that ended. */
type Checkpoint = Extract<FineTuneReport, { readonly kind: 'epoch' }>;

/** A network that was trained further, with what became of it. */
export interface Tuned {
  readonly network: Network;
  readonly report: ForgettingReport;
  /** What ended training before its time: the network is that of the last epoch. */
  readonly endedBy?: string;
}

/** Trains copies of networks, with what they learn in the store. */
export class FineTuning {
  readonly #session: Session;
  readonly #store: UnlearningStore;
  #call: JobId | undefined;

  constructor(session: Session, store: UnlearningStore) {
    this.#session = session;
    this.#store = store;
  }

  /** Holds the training that runs, or lets it go on. */
  pause(paused: boolean): void {
    const call = this.#call;
    if (call === undefined) return;
    this.#store.setState(({ tuning }) => ({ tuning: tuning && { ...tuning, paused } }));
    void this.#session.engine((api) => api.pauseFineTune(call, paused)).catch(() => {});
  }

  /**
   * Where training is stopped or fails after an epoch, that epoch's network is what comes out.
   *
   * @throws where no epoch ended: what training fails with, CancelledError
   */
  async run(settings: TuningSettings): Promise<Tuned> {
    const { store, frames } = this.#session;
    const { model, data } = store.getState();
    const start = await startOf(store.getState(), this.#store.getState(), settings);
    const steps: TrainingStep[] = [];
    const epochs: TrainingEpoch[] = [];
    const checkpoints: Checkpoint[] = [];
    const show = (running: boolean) => this.#store.setState(({ tuning }) => ({ tuning: { settings, steps: [...steps], epochs: [...epochs], paused: running && (tuning?.paused ?? false), running } }));
    this.#store.setState({ tuning: undefined });
    show(true);
    const onReport = (report: FineTuneReport) => {
      if (report.kind === 'step') steps.push(report.step);
      else {
        epochs.push(report.epoch);
        checkpoints.splice(0, 1, report);
      }
      frames.set('tuning', () => show(true));
    };
    try {
      return await this.#job((job) => this.#train(job, start, settings, onReport));
    } catch (error) {
      const [last] = checkpoints;
      const now = store.getState();
      if (!last || now.model.loaded !== model.loaded || now.data.descriptor !== data.descriptor) throw error;
      const tuned = await this.#job((job) => this.#test(job, start, settings, last, steps.length));
      return { ...tuned, endedBy: isCancelled(error) ? `Stopped after epoch ${last.epoch.epoch} of ${settings.epochs}: the network is that of its end.` : errorText(error) };
    } finally {
      this.#call = undefined;
      frames.drop('tuning');
      show(false);
    }
  }

  #job<T>(work: (job: JobContext) => Promise<T>): Promise<T> {
    return this.#session.runner.run({ kind: 'fineTune', label: 'Waiting for its turn', priority: 4 }, work);
  }

  async #train(job: JobContext, start: Start, { epochs, rate, batch, pictures }: TuningSettings, onReport: (report: FineTuneReport) => void): Promise<Tuned> {
    const { calibration: { source }, request: { seed } } = this.#session.store.getState();
    const training = { epochs, rate, batch, seed };
    const { classes: without } = start.report.settings;
    job.setLabel('Fine-tuning: pictures');
    const result = await job.engine((id) => {
      this.#call = id;
      return this.#session.engine((api) => api.fineTune(id, { network: start.network, training, pictures, without, ...(source ? { source } : {}) }, onReport, job.onProgress));
    });
    return tuned(start, epochs, result);
  }

  /** What was reached where training was broken off. */
  async #test(job: JobContext, start: Start, { pictures }: TuningSettings, { network, epoch }: Checkpoint, steps: number): Promise<Tuned> {
    job.setLabel(`Testing the network after epoch ${epoch.epoch}`);
    const images = Math.min(PREVIEW_IMAGES, this.#session.store.getState().dataset?.test ?? PREVIEW_IMAGES);
    const { classes } = start.report.settings;
    const measures = await job.engine((id) => this.#session.engine((api) => api.measureForgetting(id, { network, classes, images }, job.onProgress)));
    return tuned(start, epoch.epoch, { network, pictures, steps, seconds: epoch.seconds, measures });
  }
}

/** @throws Error where there is no such network */
async function startOf(experiment: Experiment, state: UnlearningState, { start }: TuningSettings): Promise<Start> {
  const { model: { loaded }, result, request: { seed } } = experiment;
  const { pictures, ...asked } = state.settings;
  const outcome = shownOutcome(state);
  if (start === 'shown' && outcome) return outcome;
  if (!loaded) throw new Error('No model is loaded.');
  const plain = { method: 'fineTune', pictures: { forget: 0, retain: pictures, by: 'labels' }, trials: [], removed: [], headAlone: false, gradientSteps: 0, milliseconds: 0 } as const;
  if (start !== 'pruned') return { network: loaded.network, report: { ...plain, settings: { ...asked, seed } } };
  if (!result || shownPlan(experiment) === 'stale') throw new Error('There is no pruned network yet: measure a plan first.');
  const { prune } = await import('../../network/surgery.ts');
  return { network: prune(loaded.network, result.plan), report: { ...plain, settings: { ...asked, classes: [], seed } } };
}

function tuned({ report }: Start, epochs: number, { network, pictures, steps, seconds, measures, recoverability, membership }: FineTuneResult): Tuned {
  const { tuned: before, milliseconds, gradientSteps } = report;
  return {
    network,
    report: {
      ...withoutMeasures(report),
      measures,
      ...(recoverability ? { recoverability } : {}),
      ...(membership ? { membership } : {}),
      gradientSteps: gradientSteps + steps,
      milliseconds: milliseconds + 1000 * seconds,
      tuned: { epochs: epochs + (before?.epochs ?? 0), pictures },
    },
  };
}

/** What was measured before training does not hold any more. */
function withoutMeasures({ method, settings, pictures, trials, removed, headAlone }: Start['report']) {
  return { method, settings, pictures, trials, removed, headAlone };
}
