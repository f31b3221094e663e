import { samePreprocessing, type Preprocessing } from '../datasets/preprocessing.ts';
import { encodeSource } from '../datasets/sourceText.ts';
import type { BackendChoice, CalibrationRequest, ExcitingPicture, GroupDetail, PathedFile, Picture, Preview } from '../workers/protocol.ts';
import type { Pins, PruneRequest } from '../pruning/pruneRequest.ts';
import type { GroupRule, WidthRules } from '../pruning/widthRules.ts';
import type { TheoryExperiment } from '../theory/results.ts';
import { AddressSync } from './address.ts';
import { calibrate } from './calibration.ts';
import { errorText, FidelityDiedError, isCancelled } from './errors.ts';
import { firstTested, nothingToPrune, type DataDescriptor, type Experiment, type FrontierAxis, type FrontierView, type Method, type ModelDescriptor, type NoticeAction, type SweepPlan } from './experiment.ts';
import { IMAGE_LIMITS, VALUE_LIMITS, type FragmentState } from './fragment.ts';
import { goToPlan, removePlan, renamePlan, type HistoryNode } from './history.ts';
import { openModel, restorePrecomputed, showPrecomputed } from './openModel.ts';
import { openPictures, withoutResults } from './openPictures.ts';
import { Persistence } from './persistence.ts';
import { pinChannel, withoutGroup } from './pins.ts';
import { Planner } from './planner.ts';
import { groupRuleOf, withGroupRule } from './rules.ts';
import { Session, type LabEnvironment } from './session.ts';
import type { Language } from './language/language.ts';
import { applyLink, type Wanted } from './link.ts';
import type { Sources } from './sources.ts';
import { dismissNotice, notify, type ExperimentStore } from './store.ts';
import type { Unlearning } from './unlearning/unlearning.ts';

/** The experiment: its state in a store, and everything that a person can do with it. */
export class Lab {
  readonly store: ExperimentStore;
  readonly #session: Session;
  readonly #planner: Planner;
  readonly #address: AddressSync;
  readonly #persistence: Persistence;
  #unlearning: Promise<Unlearning> | undefined;
  #language: Promise<Language> | undefined;
  /** What a link wants beside the model on another origin that the person is asked about. */
  #afterConfirming: Wanted = {};

  constructor(environment: LabEnvironment) {
    this.#session = new Session(environment);
    this.store = this.#session.store;
    this.#planner = new Planner(this.#session);
    this.#address = new AddressSync(this.#session);
    this.#persistence = new Persistence(this.#session);
    this.#session.onFidelityLost = () => void this.calibrate();
  }

  /** Reads the address, shows what is precomputed, loads the model, scores it and measures the plan. */
  async boot(): Promise<void> {
    const wanted = this.#apply(this.#address.read());
    this.#address.follow((state) => void this.#follow(state));
    const { descriptor } = this.store.getState().model;
    const early = descriptor.kind === 'shipped' && !wanted.data ? showPrecomputed(this.#session, descriptor.id).then(() => this.#planner.refresh()) : undefined;
    await Promise.all([early, this.#open({ model: descriptor, ...wanted })]);
    // a link to what is not here any more still opens the lab
    const { model, engine } = this.store.getState();
    if (!model.loaded && engine === 'ready' && wanted.model && wanted.model.kind !== 'shipped') await this.#open({ model: descriptor });
    await this.listKept();
  }

  dispose(): void {
    this.#planner.dispose();
    this.#address.dispose();
    this.#persistence.save();
    this.#persistence.dispose();
    this.#session.dispose();
  }

  /** Jobs of the old model stop; the old model stays on screen until the new one is there. */
  openModel(descriptor: ModelDescriptor): Promise<void> {
    return this.#open({ model: descriptor });
  }

  /** Opens what a person dropped or chose: a model, pictures or a text, or a model with either. */
  async openFiles(files: readonly PathedFile[]): Promise<void> {
    if (files.length === 0) return;
    try {
      const [{ dataOfFiles, modelOfFiles }, { model, pictures }] = await Promise.all([import('./incoming.ts'), this.#session.engine((api) => api.sortFiles(files))]);
      const data = pictures.length > 0 ? dataOfFiles(pictures.map((at) => files[at])) : undefined;
      await this.#open({ ...(model.length > 0 ? { model: modelOfFiles(model.map((at) => files[at])) } : {}), ...(data ? { data } : {}) });
    } catch (error) {
      notify(this.store, 'error', `These files could not be opened: ${errorText(error)}`);
    }
  }

  /** Other pictures to score and measure with; those on screen stay until they are read. */
  openPictures(data: DataDescriptor): Promise<void> {
    return this.#open({ data });
  }

  /** What pictures go through from now on before the network gets them; everything is measured anew. */
  setPreprocessing(preprocessing: Preprocessing): Promise<void> {
    return this.#open({ preprocessing });
  }

  /** The first pictures that measure, as the network gets them. */
  preview(count: number): Promise<Preview> {
    return this.#session.engine((api) => api.preview(count));
  }

  /** Brings the list of what the browser keeps up to date. */
  async listKept(): Promise<void> {
    const { listKept } = await import('./keepFiles.ts');
    await listKept(this.#session);
  }

  /** Removes something that is kept. What is open of it stays open until the page is closed. */
  async forget(id: string): Promise<void> {
    const { forgetKept } = await import('./keepFiles.ts');
    await forgetKept(this.#session, id);
  }

  /** The person agrees to fetch the model on another origin that a link asked for. */
  async confirmUrl(agreed: boolean): Promise<void> {
    const url = this.store.getState().urlToConfirm;
    this.store.setState({ urlToConfirm: undefined });
    if (agreed && url !== undefined) await this.#open({ ...this.#afterConfirming, model: { kind: 'url', url } });
  }

  /** Without a `source`: the open pictures. */
  async setCalibration({ images, seed, source }: CalibrationRequest): Promise<void> {
    const { dataset } = this.store.getState();
    const most = source ? IMAGE_LIMITS.most : Math.min(IMAGE_LIMITS.most, dataset?.train ?? IMAGE_LIMITS.most);
    const clamped = Math.min(most, Math.max(IMAGE_LIMITS.least, Math.round(images)));
    this.store.setState(({ calibration, request }) => ({ calibration: { ...calibration, images: clamped, source }, request: { ...request, seed } }));
    await this.calibrate();
  }

  /** Sources of calibration pictures: looking at them, making them, what they cost. */
  async sources(): Promise<Sources> {
    return new (await import('./sources.ts')).Sources(this.#session);
  }

  /** Scores the network on the calibration pictures, measures it intact, and then the plan. */
  async calibrate(): Promise<void> {
    const { runner } = this.#session;
    runner.cancelKind('plan', 'refine', 'rank', 'sweep');
    try {
      if (nothingToPrune(this.store.getState())) {
        await this.#measureIntact();
        return;
      }
      const finished = await calibrate(this.#session, () => this.#planner.refresh(), () => this.#planner.calibrationStopped());
      if (!finished) {
        this.#planner.refresh();
        this.#planner.calibrationStopped();
        return;
      }
      void this.#loadDetail();
      await this.#measureIntact();
      this.#planner.calibrated();
    } catch (error) {
      // A lost fidelity worker has its own notice, and calibration begins again.
      if (isCancelled(error) || error instanceof FidelityDiedError) return;
      notify(this.store, 'error', `Scoring stopped: ${errorText(error)}`, { advice: 'What is on screen stays.', action: { label: 'Score again', name: 'calibrate' } });
    }
  }

  /** `final`: the control was let go of, so the whole plan is measured; else only its one-shot preview. */
  setTarget(target: PruneRequest['target'], final: boolean): void {
    const value = Math.min(VALUE_LIMITS.most, Math.max(VALUE_LIMITS.least, target.value));
    this.#request({ target: { kind: target.kind, value } }, final);
  }

  setMethod(method: Partial<Method>): void {
    this.#request(method, true);
  }

  /** What holds for every width, beside the budget. */
  setRules(change: Partial<Pick<WidthRules, 'multiple' | 'floor'>>, final: boolean): void {
    this.#request({ rules: { ...this.store.getState().request.rules, ...change } }, final);
  }

  /**
   * What holds for one group instead of the budget; absent: nothing does any more. A group that is
   * protected or held at a width loses what was set by hand in it.
   */
  setGroupRule(group: string, rule: GroupRule | undefined, final = true): void {
    if (rule && rule.kind !== 'atLeast') this.store.setState(({ pins }) => ({ pins: withoutGroup(pins, group) }));
    this.#request({ rules: withGroupRule(this.store.getState().request.rules, group, rule) }, final);
  }

  /** Gives every group back to the budget. */
  dropGroupRules(): void {
    this.#request({ rules: { ...this.store.getState().request.rules, groups: {} } }, true);
  }

  /** Keeps or cuts one channel by hand, or gives it back to the selection. */
  toggleChannel(group: string, channel: number): void {
    const { pins, keep } = this.store.getState();
    const kept = keep?.[group];
    if (!kept) return;
    if (this.#isProtected(group)) return;
    this.#setPins(pinChannel(pins, group, channel, !kept.includes(channel)), true);
  }

  /** Holds a group at its `width` best channels, whatever the budget, until its rule is taken back. */
  setWidth(group: string, width: number, final: boolean): void {
    if (!this.#isProtected(group)) this.setGroupRule(group, { kind: 'width', channels: Math.max(1, Math.round(width)) }, final);
  }

  /** Absent: in every group. */
  resetPins(group?: string): void {
    const { pins } = this.store.getState();
    this.#setPins(group === undefined ? {} : withoutGroup(pins, group), true);
  }

  /** Times every step of the intact network and of the plan on screen, one image at a time. */
  async timeLayers(): Promise<void> {
    try {
      const { timeLayers } = await import('./timeLayers.ts');
      await timeLayers(this.#session);
    } catch (error) {
      if (!isCancelled(error)) notify(this.store, 'error', `The layers could not be timed: ${errorText(error)}`);
    }
  }

  /** The fidelity at which HiFi sets are marked. */
  setEta(eta: number): void {
    this.store.setState({ eta });
  }

  /** Draws random subsets of every group, for the view of all of them. */
  async loadBands(): Promise<void> {
    const { loadBands } = await import('./bands.ts');
    await loadBands(this.#session);
  }

  /** Measures what the theory claims; `theory` of the store holds what came out, `theoryFailures` what stood in the way. */
  async runTheory(experiment: TheoryExperiment): Promise<void> {
    this.#failTheory(experiment, undefined);
    try {
      const { runTheory } = await import('./theory.ts');
      await runTheory(this.#session, experiment);
    } catch (error) {
      if (!isCancelled(error)) this.#failTheory(experiment, errorText(error));
    }
  }

  /** Forgetting classes, with a state of its own; loaded on first use. */
  unlearning(): Promise<Unlearning> {
    return (this.#unlearning ??= import('./unlearning/unlearning.ts').then((module) => new module.Unlearning(this.#session, (model) => this.#open({ model, preprocessing: this.store.getState().preprocessing }))));
  }

  /** Writing on and answering questions, for a network that reads text, with a state of its own; loaded on first use. */
  language(): Promise<Language> {
    return (this.#language ??= import('./language/language.ts').then((module) => new module.Language(this.#session)));
  }

  selectGroup(selectedGroup: string): void {
    this.store.setState({ selectedGroup });
    void this.#loadDetail();
  }

  setAxis(axis: FrontierAxis): void {
    this.store.setState({ axis });
  }

  /** Highlights a series of the frontier, or hides some; absent fields stay as they are. */
  setFrontierView(change: Partial<FrontierView>): void {
    this.store.setState(({ frontierView }) => ({ frontierView: { ...frontierView, ...change } }));
  }

  /** Without a plan: goes on with the sweep that was broken off. */
  async sweep(plan: SweepPlan | undefined = this.store.getState().pendingSweep): Promise<void> {
    if (!plan) return;
    try {
      const { sweep } = await import('./sweep.ts');
      await sweep(this.#session, plan);
    } catch (error) {
      if (!isCancelled(error)) notify(this.store, 'error', `The frontier could not be measured further: ${errorText(error)}`);
    }
  }

  /** Gives up what is left of a sweep that was broken off. */
  dropSweep(): void {
    this.#session.runner.cancelKind('sweep');
    this.store.setState({ pendingSweep: undefined });
  }

  /** Stops the given jobs, or whatever runs. */
  cancel(id?: number): void {
    const job = this.store.getState().jobs.find((shown) => shown.id === id);
    if (id === undefined) this.#session.runner.cancelAll();
    else if (job) this.#session.runner.cancelKind(job.kind);
  }

  /** Goes back to a plan of the history: its request and its hand-made choices, measured again. */
  async goTo(node: HistoryNode | undefined): Promise<void> {
    const before = drawKey(this.store.getState());
    this.store.setState(({ history }) => ({ history: goToPlan(history, node?.id) }));
    if (!node) return;
    const { settings } = node;
    this.store.setState(({ calibration }) => ({ request: settings.request, pins: settings.pins, calibration: { ...calibration, images: settings.images, source: settings.source } }));
    if (drawKey(this.store.getState()) !== before) await this.calibrate();
    else this.#planner.changed(true);
  }

  rename(id: string, name: string): void {
    this.store.setState(({ history }) => ({ history: renamePlan(history, id, name) }));
  }

  remove(id: string): void {
    this.store.setState(({ history }) => ({ history: removePlan(history, id) }));
  }

  /** The pictures on which one channel of a node's value is greatest. */
  exciting(node: string, channel: number, count: number): Promise<readonly ExcitingPicture[]> {
    const { runner } = this.#session;
    return runner.run({ kind: 'look', label: 'Looking for pictures' }, (job) =>
      job.engine((id) => this.#session.engine((api) => api.exciting(id, { node, channel, count }))),
    );
  }

  /** Test images by their place in the evaluation order. */
  pictures(indices: readonly number[]): Promise<readonly Picture[]> {
    return this.#session.engine((api) => api.pictures('test', indices));
  }

  memory(): Promise<{ readonly tensors: number; readonly bytes: number }> {
    return this.#session.engine((api) => api.memory());
  }

  /** Runs on this backend from now on: what was measured on the other is measured again. */
  async setBackend(choice: BackendChoice): Promise<void> {
    try {
      await this.#session.switchBackend(choice);
    } catch (error) {
      notify(this.store, 'error', `The engine does not start on ${choice}: ${errorText(error)}`, { action: { label: 'Start it on wasm', name: 'restartEngine' } });
      return;
    }
    this.store.setState({ intact: undefined, rankings: {}, ruleScores: {} });
    await this.calibrate();
  }

  dismiss(notice: number): void {
    dismissNotice(this.store, notice);
  }

  async act(name: NoticeAction): Promise<void> {
    if (name === 'calibrate') return this.calibrate();
    try {
      await this.#session.restartByHand();
      const { model, calibration } = this.store.getState();
      if (!model.loaded) await this.#open({ model: model.descriptor });
      else if (calibration.status !== 'done') await this.calibrate();
      else this.#planner.changed(true);
    } catch {
      // The session has said so.
    }
  }

  #failTheory(experiment: TheoryExperiment, text: string | undefined): void {
    this.store.setState(({ theoryFailures }) => {
      const failures = { ...theoryFailures };
      if (text === undefined) delete failures[experiment];
      else failures[experiment] = text;
      return { theoryFailures: failures };
    });
  }

  /** Takes over another address of the page that is open. */
  async #follow(state: FragmentState): Promise<void> {
    const before = drawKey(this.store.getState());
    const wanted = this.#apply(state);
    await this.#open(wanted, drawKey(this.store.getState()) !== before);
  }

  /** `anew`: the network is scored again also where nothing else is opened. */
  async #open({ model, data, preprocessing }: Wanted, anew = false): Promise<void> {
    const before = this.store.getState();
    let fits = true;
    if (model) {
      // so that the start does not read other pictures first
      if (data && !before.model.loaded) this.store.setState({ data: { descriptor: data } });
      fits = await openModel(this.#session, model, { ...(preprocessing ? { preprocessing } : {}), ...(data ? { data } : {}) });
    } else if (data) {
      if (preprocessing) await this.#setPreprocessing(preprocessing);
      fits = await openPictures(this.#session, data);
    } else if (preprocessing && !samePreprocessing(preprocessing, before.preprocessing)) {
      fits = await this.#changePreprocessing(preprocessing);
    } else if (anew && before.model.loaded) {
      return this.calibrate();
    } else {
      this.#planner.changed(true);
      return;
    }
    if (!fits) return;
    await restorePrecomputed(this.#session);
    await this.#persistence.restore();
    this.#planner.refresh();
    await this.calibrate();
  }

  async #changePreprocessing(preprocessing: Preprocessing): Promise<boolean> {
    const { data: { descriptor }, preprocessing: { fit }, model } = this.store.getState();
    this.#session.runner.cancelWork();
    await this.#setPreprocessing(preprocessing);
    return fit !== preprocessing.fit && descriptor.kind !== 'shipped' ? openPictures(this.#session, descriptor) : model.loaded !== undefined;
  }

  async #setPreprocessing(preprocessing: Preprocessing): Promise<void> {
    this.store.setState((before) => ({ ...withoutResults(before), preprocessing }));
    await this.#session.engine((api) => api.setPreprocessing(preprocessing));
    const { rememberPreprocessing } = await import('./keepFiles.ts');
    void rememberPreprocessing(this.#session);
  }

  /** Takes over what a link says; returns what is to be opened, where that is other than what is here. */
  #apply(state: FragmentState): Wanted {
    const { wanted, afterConfirming } = applyLink(this.#session, state);
    if (afterConfirming) this.#afterConfirming = afterConfirming;
    return wanted;
  }

  /** Says so where it is. */
  #isProtected(group: string): boolean {
    if (groupRuleOf(this.store.getState().request.rules, group)?.kind !== 'protect') return false;
    notify(this.store, 'info', `All channels of ${group} stay, for it is protected.`, { advice: 'Take the protection away to cut some of them.' });
    return true;
  }

  #request(change: Partial<PruneRequest>, final: boolean): void {
    this.store.setState(({ request }) => ({ request: { ...request, ...change } }));
    this.#planner.changed(final);
  }

  #setPins(pins: Pins, final: boolean): void {
    this.store.setState({ pins });
    this.#planner.changed(final);
  }

  async #measureIntact(): Promise<void> {
    const { runner, store } = this.#session;
    const { model: { loaded }, intact } = store.getState();
    if (!loaded || intact) return;
    await runner.run({ kind: 'intact', label: 'Measuring the intact network', priority: 5 }, async (job) => {
      const images = firstTested(store.getState());
      const evaluation = await job.engine((id) => this.#session.engine((api) => api.evaluate(id, { images }, job.onProgress)));
      store.setState({ intact: { evaluation, cost: loaded.cost } });
      const { milliseconds } = await job.engine((id) => this.#session.engine((api) => api.latency(id, { batch: 1 })));
      store.setState({ intact: { evaluation, cost: loaded.cost, latency: milliseconds } });
    });
  }

  /** Curves of every search and the Monte Carlo band of the selected group, once its statistics are all there. */
  async #loadDetail(): Promise<void> {
    const { selectedGroup, details, calibration, request: { seed } } = this.store.getState();
    if (selectedGroup === undefined || details[selectedGroup] || calibration.status !== 'done') return;
    try {
      const show = (detail: GroupDetail) => {
        const { calibration: now } = this.store.getState();
        if (now.summary === calibration.summary) this.store.setState(({ details: known }) => ({ details: { ...known, [selectedGroup]: detail } }));
      };
      // a part may come after the whole
      const showPart = (part: GroupDetail) => void (this.store.getState().details[selectedGroup] ?? show(part));
      show(await this.#session.fidelity.call((api) => api.detail(selectedGroup, seed, showPart)));
    } catch {
      // The singleton curves stand without it.
    }
  }
}

/** Tells calibration pictures that were asked for from others. */
function drawKey({ calibration: { images, source }, request: { seed } }: Experiment): string {
  return `${images} ${seed} ${encodeSource(source)}`;
}
