import type { BackendChoice, ExcitingPicture, Picture } from '../workers/protocol.ts';
import type { Pins, PruneRequest } from '../pruning/pruneRequest.ts';
import { AddressSync } from './address.ts';
import { calibrate } from './calibration.ts';
import { errorText, FidelityDiedError, isCancelled } from './errors.ts';
import { PREVIEW_IMAGES, shownFidelity, type FrontierAxis, type Method, type ModelDescriptor, type NoticeAction } from './experiment.ts';
import { IMAGE_LIMITS, VALUE_LIMITS, type FragmentState } from './fragment.ts';
import { goToPlan, removePlan, renamePlan, type HistoryNode } from './history.ts';
import { openModel, showPrecomputed } from './openModel.ts';
import { Persistence } from './persistence.ts';
import { pinChannel, pinWidth } from './pins.ts';
import { Planner } from './planner.ts';
import { Session, type LabEnvironment } from './session.ts';
import { dismissNotice, notify, type ExperimentStore } from './store.ts';
import { sweep } from './sweep.ts';

/** The experiment: its state in a store, and everything that a person can do with it. */
export class Lab {
  readonly store: ExperimentStore;
  readonly #session: Session;
  readonly #planner: Planner;
  readonly #address: AddressSync;
  readonly #persistence: Persistence;

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
    this.#address.follow((state) => void this.#open(this.#apply(state)));
    const { descriptor } = this.store.getState().model;
    const early = descriptor.kind === 'shipped' ? showPrecomputed(this.#session, descriptor.id).then(() => this.#planner.refresh()) : undefined;
    await Promise.all([early, this.#open(wanted ?? descriptor)]);
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
    return this.#open(descriptor);
  }

  /** The person agrees to fetch the model on another origin that a link asked for. */
  async confirmUrl(agreed: boolean): Promise<void> {
    const url = this.store.getState().urlToConfirm;
    this.store.setState({ urlToConfirm: undefined });
    if (agreed && url !== undefined) await this.#open({ kind: 'url', url });
  }

  async setCalibration({ images, seed }: { readonly images: number; readonly seed: number }): Promise<void> {
    const { dataset } = this.store.getState();
    const most = Math.min(IMAGE_LIMITS.most, dataset?.train ?? IMAGE_LIMITS.most);
    const clamped = Math.min(most, Math.max(IMAGE_LIMITS.least, Math.round(images)));
    this.store.setState(({ calibration, request }) => ({ calibration: { ...calibration, images: clamped }, request: { ...request, seed } }));
    await this.calibrate();
  }

  /** Scores the network on the calibration pictures, measures it intact, and then the plan. */
  async calibrate(): Promise<void> {
    const { runner } = this.#session;
    runner.cancelKind('plan', 'refine', 'sweep');
    try {
      const finished = await calibrate(this.#session, () => this.#planner.refresh());
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

  setMethod(method: Partial<Pick<PruneRequest, 'select' | 'compensate' | 'order'>>): void {
    this.#request(method, true);
  }

  /** Keeps or cuts one channel by hand, or gives it back to the selection. */
  toggleChannel(group: string, channel: number): void {
    const { pins, keep } = this.store.getState();
    const kept = keep?.[group];
    if (!kept) return;
    this.#setPins(pinChannel(pins, group, channel, !kept.includes(channel)), true);
  }

  /** Holds a group at its `width` best channels, whatever the budget, until its pins are reset. */
  setWidth(group: string, width: number, final: boolean): void {
    const experiment = this.store.getState();
    const scores = shownFidelity(experiment).groups?.find(({ name }) => name === group)?.singleton;
    if (scores) this.#setPins(pinWidth(experiment.pins, group, scores, width), final);
  }

  /** Absent: in every group. */
  resetPins(group?: string): void {
    const { pins } = this.store.getState();
    this.#setPins(group === undefined ? {} : Object.fromEntries(Object.entries(pins).filter(([name]) => name !== group)), true);
  }

  selectGroup(selectedGroup: string): void {
    this.store.setState({ selectedGroup });
    void this.#loadDetail();
  }

  setAxis(axis: FrontierAxis): void {
    this.store.setState({ axis });
  }

  async sweep(methods: readonly Method[]): Promise<void> {
    try {
      await sweep(this.#session, methods);
    } catch (error) {
      if (!isCancelled(error)) notify(this.store, 'error', `The frontier could not be measured further: ${errorText(error)}`);
    }
  }

  /** Stops the given jobs, or whatever runs. */
  cancel(id?: number): void {
    const job = this.store.getState().jobs.find((shown) => shown.id === id);
    if (id === undefined) this.#session.runner.cancelAll();
    else if (job) this.#session.runner.cancelKind(job.kind);
  }

  /** Goes back to a plan of the history: its request and its hand-made choices, measured again. */
  async goTo(node: HistoryNode | undefined): Promise<void> {
    const { calibration, request: { seed } } = this.store.getState();
    this.store.setState(({ history }) => ({ history: goToPlan(history, node?.id) }));
    if (!node) return;
    const { settings } = node;
    this.store.setState({ request: settings.request, pins: settings.pins, calibration: { ...calibration, images: settings.images } });
    if (settings.images !== calibration.images || settings.request.seed !== seed) await this.calibrate();
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
    this.store.setState({ intact: undefined });
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
      if (!model.loaded) await this.#open(model.descriptor);
      else if (calibration.status !== 'done') await this.calibrate();
      else this.#planner.changed(true);
    } catch {
      // The session has said so.
    }
  }

  async #open(descriptor: ModelDescriptor | undefined): Promise<void> {
    if (!descriptor) {
      this.#planner.changed(true);
      return;
    }
    if (!(await openModel(this.#session, descriptor))) return;
    await this.#persistence.restore();
    this.#planner.refresh();
    await this.calibrate();
  }

  /** Takes over what a link says; returns the model to open, where that is another one than is here. */
  #apply(state: FragmentState): ModelDescriptor | undefined {
    const before = this.store.getState();
    this.store.setState({
      request: { ...before.request, ...state.request },
      pins: state.pins ?? {},
      calibration: { ...before.calibration, images: state.images ?? before.calibration.images },
      ...(state.group === undefined ? {} : { selectedGroup: state.group }),
      ...(state.axis === undefined ? {} : { axis: state.axis }),
    });
    const { model } = state;
    const { descriptor, loaded } = before.model;
    if (model?.kind === 'url' && new URL(model.url).origin !== new URL(this.#session.environment.baseUrl).origin) {
      this.store.setState({ urlToConfirm: model.url });
      return undefined;
    }
    if (model?.kind === 'files') {
      if (descriptor.kind !== 'files') notify(this.store, 'info', `This link was made with the files “${model.name}”, which a link cannot carry.`, { advice: 'Open them here to go on with the same settings.' });
      return undefined;
    }
    const wanted = model ?? descriptor;
    const same = wanted.kind === descriptor.kind && JSON.stringify(wanted) === JSON.stringify(descriptor);
    if (same && loaded) return undefined;
    if (!loaded && wanted.kind === 'shipped') this.store.setState({ model: { descriptor: wanted } });
    return wanted;
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
    const { model: { loaded }, dataset, intact } = store.getState();
    if (!loaded || intact) return;
    await runner.run({ kind: 'intact', label: 'Measuring the intact network', priority: 5 }, async (job) => {
      const images = Math.min(PREVIEW_IMAGES, dataset?.test ?? PREVIEW_IMAGES);
      const evaluation = await job.engine((id) => this.#session.engine((api) => api.evaluate(id, { images }, job.onProgress)));
      store.setState({ intact: { evaluation, cost: loaded.cost } });
      const { milliseconds } = await job.engine((id) => this.#session.engine((api) => api.latency(id, { batch: 1 })));
      store.setState({ intact: { evaluation, cost: loaded.cost, latency: milliseconds } });
    });
  }

  /** Greedy curve and Monte Carlo band of the selected group, once its statistics are all there. */
  async #loadDetail(): Promise<void> {
    const { selectedGroup, details, calibration, request: { seed } } = this.store.getState();
    if (selectedGroup === undefined || details[selectedGroup] || calibration.status !== 'done') return;
    try {
      const detail = await this.#session.fidelity.call((api) => api.detail(selectedGroup, seed));
      const { calibration: now } = this.store.getState();
      if (now.summary === calibration.summary) this.store.setState(({ details: known }) => ({ details: { ...known, [selectedGroup]: detail } }));
    } catch {
      // The singleton curves stand without it.
    }
  }
}
