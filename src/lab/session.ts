import type { BackendChoice, DatasetSummary, EngineApi, FidelityApi, JobId, ModelSource } from '../workers/protocol.ts';
import { modelAddress, SHIPPED_DATA, shippedData } from './catalogue.ts';
import { Reviving, type EngineClient, type FidelityClient } from './clients.ts';
import { EngineDiedError, EngineStoppedError, errorText, FidelityDiedError } from './errors.ts';
import type { ModelDescriptor } from './experiment.ts';
import { FrameBatch, nextFrame, type Schedule } from './frame.ts';
import { JobRunner } from './jobRunner.ts';
import { readPictures } from './readPictures.ts';
import { createExperimentStore, notify, type ExperimentStore } from './store.ts';

/** What the lab needs of its surroundings; a test gives its own. */
export interface LabEnvironment {
  readonly createEngineClient: () => EngineClient;
  readonly createFidelityClient: () => FidelityClient;
  /** The page's own address, which every relative one starts from. */
  readonly baseUrl: string;
  /** The JSON document there; undefined where there is none. */
  readonly fetchJson: (url: string) => Promise<unknown>;
  readonly storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  /** The address's fragment, without its `#`. */
  readonly address?: { read(): string; write(fragment: string): void; onChange(callback: () => void): () => void };
  readonly schedule?: Schedule;
  readonly backend?: BackendChoice;
}

const MOST_RESTARTS = 3;

/** The workers, the store and the job runner that all parts of the lab share. */
export class Session {
  readonly environment: LabEnvironment;
  readonly store: ExperimentStore = createExperimentStore();
  readonly frames: FrameBatch;
  readonly runner: JobRunner;
  readonly fidelity: Reviving<FidelityApi>;
  /** Set by the lab: what to do when the statistics are gone. */
  onFidelityLost: () => void = () => {};
  readonly #engine: Reviving<EngineApi>;
  #started: Promise<void> | undefined;
  /** While the engine is being brought back, and after that failed: what calls wait for. */
  #ready: Promise<void> | undefined;
  #restarts = 0;
  #lastOwnJob = 0;
  #revivals = new WeakMap<Error, Promise<void>>();

  constructor(environment: LabEnvironment) {
    this.environment = environment;
    this.frames = new FrameBatch(environment.schedule ?? nextFrame);
    this.#engine = new Reviving(
      environment.createEngineClient,
      (error) => void this.revive(error).catch(() => {}),
      (error) => new EngineDiedError(error.message),
    );
    this.fidelity = new Reviving(
      environment.createFidelityClient,
      (error) => {
        notify(this.store, 'warning', `The fidelity worker stopped: ${error.message}`, { advice: 'Its statistics are collected again.' });
        this.onFidelityLost();
      },
      (error) => new FidelityDiedError(error.message),
    );
    this.runner = new JobRunner(this.store, this.frames, {
      cancel: (id) => void this.#engine.call((api) => api.cancel(id)).catch(() => {}),
      revive: (error) => this.revive(error),
    });
  }

  /** Calls the engine; while it is being brought back, as soon as it is there. */
  async engine<T>(use: (api: EngineApi) => Promise<T>): Promise<T> {
    if (this.#ready) await this.#ready;
    return this.#engine.call(use);
  }

  /** Starts the engine and reads the data's index, once. */
  start(): Promise<void> {
    this.#started ??= this.#start(this.environment.backend ?? 'auto').then(
      () => {
        this.#ready = undefined;
      },
      (error: unknown) => {
        this.#started = undefined;
        this.store.setState({ engine: 'failed' });
        throw error;
      },
    );
    return this.#started;
  }

  /** Brings the engine back on wasm with the model that it had. Everything on screen stays. */
  revive(error: Error): Promise<void> {
    let revival = this.#revivals.get(error);
    if (!revival) {
      revival = this.#restart(error);
      this.#revivals.set(error, revival);
    }
    return revival;
  }

  /** After the lab gave up: once more from the beginning. */
  async restartByHand(): Promise<void> {
    this.#restarts = 0;
    await this.revive(new EngineDiedError('restarted by hand'));
  }

  /** Ends the engine and starts it on the backend that the person chose, with the model that it had. */
  async switchBackend(choice: BackendChoice): Promise<void> {
    this.runner.cancelAll();
    this.#engine.end(new EngineDiedError('another backend was chosen'));
    await this.#begin(choice);
  }

  source(descriptor: ModelDescriptor): ModelSource {
    switch (descriptor.kind) {
      case 'shipped':
        return { kind: 'url', url: modelAddress(descriptor.id, this.environment.baseUrl) };
      case 'url':
        return { kind: 'url', url: descriptor.url };
      case 'files':
        return { kind: 'files', files: descriptor.files };
      case 'kept':
        return descriptor;
    }
  }

  dispose(): void {
    this.runner.cancelAll();
    const reason = new EngineDiedError('The page was closed.');
    this.#engine.end(reason);
    this.fidelity.end(reason);
  }

  async #start(choice: BackendChoice): Promise<void> {
    this.store.setState({ engine: this.#restarts > 0 ? 'restarting' : 'starting' });
    const backend = await this.#engine.call((api) => api.start(choice));
    this.store.setState({ backend });
    // a person's own pictures are read at the size of the network, and a text in its tokens: it comes first
    const { data: { descriptor }, model } = this.store.getState();
    const shipped = shippedData(model);
    if (descriptor.kind === 'shipped' && !SHIPPED_DATA[shipped].text) {
      const dataset = await this.#readPictures();
      this.store.setState({ dataset, data: { descriptor, shipped } });
    }
    this.store.setState({ engine: 'ready' });
  }

  #readPictures(): Promise<DatasetSummary> {
    const { descriptor } = this.store.getState().data;
    return this.#engine.call((api) => readPictures(api, this.#ownJob(), descriptor, this.store.getState(), this.environment.baseUrl));
  }

  /** An id that no job of the runner has. */
  #ownJob(): JobId {
    return (this.#lastOwnJob -= 1);
  }

  async #restart(error: Error): Promise<void> {
    this.#engine.end(error);
    this.#restarts += 1;
    if (this.#restarts > MOST_RESTARTS) {
      this.#giveUp(error);
      throw new EngineStoppedError();
    }
    notify(this.store, 'warning', `The engine stopped: ${error.message}`, { advice: 'It starts again on WebAssembly, and what was running is done again.' });
    try {
      await this.#begin('wasm');
    } catch (failure) {
      this.#giveUp(failure);
      throw new EngineStoppedError();
    }
  }

  async #begin(choice: BackendChoice): Promise<void> {
    const begun = this.#startWithModel(choice);
    this.#ready = begun;
    this.#started = begun;
    try {
      await begun;
      this.#ready = undefined;
    } catch (failure) {
      this.#started = undefined;
      this.store.setState({ engine: 'failed' });
      throw failure;
    }
  }

  async #startWithModel(choice: BackendChoice): Promise<void> {
    await this.#start(choice);
    const { model: { descriptor, loaded }, data, preprocessing } = this.store.getState();
    await this.#engine.call((api) => api.setPreprocessing(preprocessing));
    if (!loaded) return;
    await this.#engine.call((api) => api.loadModel(this.#ownJob(), this.source(descriptor), () => {}));
    if (data.descriptor.kind !== 'shipped' || (data.shipped && SHIPPED_DATA[data.shipped].text)) await this.#readPictures();
  }

  #giveUp(error: unknown): void {
    this.#ready = Promise.reject(new EngineStoppedError());
    this.#ready.catch(() => {});
    this.store.setState({ engine: 'failed' });
    notify(this.store, 'error', `The engine does not start again: ${errorText(error)}`, {
      advice: 'The results on screen stay; nothing new is measured until it runs.',
      action: { label: 'Start it again', name: 'restartEngine' },
    });
  }
}
