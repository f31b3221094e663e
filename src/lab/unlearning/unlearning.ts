import { samePreprocessing } from '../../datasets/preprocessing.ts';
import type { ForgetMethod } from '../../unlearning/forgetMethod.ts';
import type { ForgetResult } from '../../workers/protocol.ts';
import { CancelledError, errorText, isCancelled } from '../errors.ts';
import type { Experiment, ModelDescriptor } from '../experiment.ts';
import type { JobContext } from '../jobRunner.ts';
import type { Session } from '../session.ts';
import { notify } from '../store.ts';
import { classNames, listed, withNames } from './classNames.ts';
import { exportName } from './export.ts';
import { FineTuning } from './fineTuning.ts';
import { METHOD_LABELS } from './methods.ts';
import { loadRetrained, RETRAINED_MODELS } from './retrained.ts';
import type { TuningSettings } from './tuning.ts';
import { createUnlearningStore, INITIAL_UNLEARNING, MOST_OUTCOMES, PICTURE_LIMITS, type ForgetOutcome, type UnlearningSettings, type UnlearningState } from './unlearningState.ts';

/**
 * Making the open network forget classes: what was asked for, what came out, and what a person can do. All of
 * it is dropped when the network, the pictures or the preprocessing change, which also stops what runs.
 */
export class Unlearning {
  readonly store = createUnlearningStore();
  readonly #session: Session;
  readonly #openModel: (descriptor: ModelDescriptor) => Promise<void>;
  readonly #tuning: FineTuning;
  #lastId = 0;

  /** @param openModel how the lab puts another network in the place of the one on screen, the preprocessing staying */
  constructor(session: Session, openModel: (descriptor: ModelDescriptor) => Promise<void>) {
    this.#session = session;
    this.#openModel = openModel;
    this.#tuning = new FineTuning(session, this.store);
    session.store.subscribe((now, before) => {
      if (sameSubject(before, now)) return;
      this.#drop(classNames(before).length !== classNames(now).length);
      void this.#loadRetrained();
    });
    void this.#loadRetrained();
  }

  set(change: Partial<UnlearningSettings>): void {
    this.store.setState(({ settings }) => {
      const { pictures, ...next } = { ...settings, ...change };
      return { settings: { ...next, pictures: Math.min(PICTURE_LIMITS.most, Math.max(PICTURE_LIMITS.least, Math.round(pictures))) } };
    });
  }

  /** Chooses a class, or leaves it out again. */
  toggleClass(c: number): void {
    const { classes } = this.store.getState().settings;
    this.set({ classes: classes.includes(c) ? classes.filter((other) => other !== c) : [...classes, c].sort((a, b) => a - b) });
  }

  /** Looks at another outcome. */
  show(id: number): void {
    this.store.setState({ shown: id });
  }

  remove(id: number): void {
    this.store.setState(({ outcomes, shown }) => {
      const left = outcomes.filter((outcome) => outcome.id !== id);
      return { outcomes: left, ...(shown === id ? { shown: left.at(-1)?.id } : {}) };
    });
  }

  /**
   * Runs the methods one after another, each on the intact network, with the settings as they are now, and
   * then measures what came of them on the whole test set. What one fails with stands in `failures`; the
   * others run nevertheless.
   */
  async forget(methods: readonly ForgetMethod[] = ['ours']): Promise<void> {
    const { settings } = this.store.getState();
    const made: number[] = [];
    this.store.setState(({ failures }) => ({ failures: Object.fromEntries(Object.entries(failures).filter(([method]) => !methods.includes(method as ForgetMethod))) }));
    try {
      await this.#session.runner.run({ kind: 'forget', label: 'Waiting for its turn', priority: 4 }, async (job) => {
        for (const method of methods) made.push(...(await this.#attempt(job, method, settings)));
      });
    } catch (error) {
      if (!isCancelled(error)) this.#fail(methods[0], errorText(error));
    } finally {
      if (!this.#session.runner.isRunning('forget')) this.store.setState({ run: undefined });
    }
    if (made.length > 0) await this.measureWhole(made);
  }

  setTuning(change: Partial<TuningSettings>): void {
    this.store.setState(({ tuningSettings }) => ({ tuningSettings: { ...tuningSettings, ...change } }));
  }

  /** Fine-tunes a copy of what `tuningSettings` start from; what comes out is an outcome like the others. */
  async fineTune(): Promise<void> {
    const { tuningSettings } = this.store.getState();
    const subject = this.#subject();
    this.store.setState({ tuningFailure: undefined });
    try {
      const { endedBy, ...tuned } = await this.#tuning.run(tuningSettings);
      if (!sameSubject(subject, this.#subject())) return;
      const id = this.#add(tuned);
      this.store.setState({ tuningFailure: endedBy });
      await this.measureWhole([id]);
    } catch (error) {
      if (!isCancelled(error)) this.store.setState({ tuningFailure: errorText(error) });
    }
  }

  pauseFineTune(paused: boolean): void {
    this.#tuning.pause(paused);
  }

  /** Opens an outcome's network in place of the one on screen, so that the other panels look at it. */
  async openInLab(outcome: ForgetOutcome): Promise<void> {
    const { exportTfjsLayers } = await import('../../formats/tfjsLayers.ts');
    const subject = this.#subject();
    const name = exportName(subject, outcome);
    const { modelJson, weights } = exportTfjsLayers(outcome.network);
    const card = { name, classes: classNames(subject) };
    const files = [['model.json', JSON.stringify(modelJson)], ['weights.bin', new Uint8Array(weights)], ['card.json', JSON.stringify(card)]] as const;
    await this.#openModel({ kind: 'files', name, files: files.map(([path, content]) => ({ path: `${name}/${path}`, file: new File([content], path) })) });
  }

  /** Measures outcomes on the whole test set, where they are not yet. */
  async measureWhole(ids: readonly number[]): Promise<void> {
    const { runner } = this.#session;
    const images = this.#subject().dataset?.test ?? 0;
    const left = () => this.store.getState().outcomes.filter(({ id, report }) => ids.includes(id) && report.measures.images < images);
    if (left().length === 0) return;
    try {
      await runner.run({ kind: 'forgetTest', label: 'Waiting for its turn', priority: 2, yields: true }, async (job) => {
        for (let [outcome] = left(); outcome; [outcome] = left()) await this.#measure(job, outcome, images);
      });
    } catch (error) {
      // what was measured on the first images stands
      if (!isCancelled(error)) this.#fail(left()[0]?.report.method ?? 'ours', `The whole test set could not be measured: ${errorText(error)}`);
    }
  }

  async #attempt(job: JobContext, method: ForgetMethod, settings: UnlearningSettings): Promise<number[]> {
    const subject = this.#subject();
    if (!subject.model.loaded) throw new CancelledError();
    const names = classNames(subject);
    job.setLabel(`Forgetting ${listed(settings.classes, names)}: ${METHOD_LABELS[method]}`);
    this.store.setState({ run: { method, classes: settings.classes, trials: [] } });
    try {
      const id = this.#add(await this.#unlearn(job, method, settings));
      return [id];
    } catch (error) {
      if (isCancelled(error) || job.signal.aborted) throw error;
      this.#fail(method, withNames(errorText(error), names));
      return [];
    }
  }

  async #unlearn(job: JobContext, method: ForgetMethod, { pictures, ...asked }: UnlearningSettings): Promise<ForgetResult> {
    const subject = this.#subject();
    const { source } = subject.calibration;
    const settings = { ...asked, seed: subject.request.seed };
    const { signal } = job;
    const result = await job.engine((id) =>
      this.#session.engine((api) =>
        api.unlearn(
          id,
          { method, settings, pictures, ...(source ? { source } : {}) },
          (trial) => {
            if (!signal.aborted) this.store.setState(({ run }) => ({ run: run && { ...run, trials: [...run.trials, trial] } }));
          },
          job.onProgress,
        ),
      ),
    );
    if (!sameSubject(subject, this.#subject())) throw new CancelledError();
    return result;
  }

  async #measure(job: JobContext, { id, network, report }: ForgetOutcome, images: number): Promise<void> {
    const subject = this.#subject();
    const { classes } = report.settings;
    job.setLabel(`Testing without ${listed(classes, classNames(subject))}: ${METHOD_LABELS[report.method]}`);
    const measures = await job.engine((call) => this.#session.engine((api) => api.measureForgetting(call, { network, classes, images }, job.onProgress)));
    if (!sameSubject(subject, this.#subject())) throw new CancelledError();
    this.store.setState(({ outcomes }) => ({ outcomes: outcomes.map((outcome) => (outcome.id === id ? { ...outcome, report: { ...outcome.report, measures } } : outcome)) }));
  }

  async #loadRetrained(): Promise<void> {
    const { model, data } = this.#subject();
    const { descriptor } = model;
    if (descriptor.kind !== 'shipped' || data.descriptor.kind !== 'shipped' || !RETRAINED_MODELS.includes(descriptor.id)) return;
    try {
      const retrained = await loadRetrained(this.#session.environment, descriptor.id);
      if (retrained && this.#subject().model.descriptor === descriptor) this.store.setState({ retrained });
    } catch (error) {
      notify(this.#session.store, 'info', `The retrained networks’ figures could not be shown: ${errorText(error)}`);
    }
  }

  #add({ network, report }: ForgetResult): number {
    const id = (this.#lastId += 1);
    this.store.setState(({ outcomes }) => ({ outcomes: [...outcomes, { id, network, report }].slice(-MOST_OUTCOMES), shown: id }));
    return id;
  }

  #fail(method: ForgetMethod, text: string): void {
    this.store.setState(({ failures }) => ({ failures: { ...failures, [method]: text } }));
  }

  #subject(): Experiment {
    return this.#session.store.getState();
  }

  /** `classes`: the chosen ones mean nothing any more either. */
  #drop(classes: boolean): void {
    this.#session.runner.cancelKind('forget', 'forgetTest', 'fineTune');
    this.store.setState(
      ({ settings, tuningSettings }): UnlearningState => ({ ...INITIAL_UNLEARNING, tuningSettings, settings: classes ? { ...settings, classes: INITIAL_UNLEARNING.settings.classes } : settings }),
      true,
    );
  }
}

/** Whether both states would give forgetting the same network and pictures. */
function sameSubject(a: Experiment, b: Experiment): boolean {
  return a.model.loaded === b.model.loaded && a.data.descriptor === b.data.descriptor && samePreprocessing(a.preprocessing, b.preprocessing);
}
