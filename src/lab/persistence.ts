import { encodeSource } from '../datasets/sourceText.ts';
import { EMPTY_HISTORY } from './history.ts';
import { modelLabel } from './labels.ts';
import { picturesKey } from './openPictures.ts';
import type { Session } from './session.ts';
import { notify } from './store.ts';

const SAVE_AFTER = 300;

/** Keeps the history, the sweeps and the slopes of each model in the browser's storage. */
export class Persistence {
  readonly #session: Session;
  readonly #unsubscribe: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #restored: string | undefined;
  #failed = false;

  constructor(session: Session) {
    this.#session = session;
    this.#unsubscribe = session.store.subscribe((now, before) => {
      if (now.history !== before.history || now.sweepPoints !== before.sweepPoints || now.transformPoints !== before.transformPoints || now.pendingSweep !== before.pendingSweep || now.theory.localGlobal !== before.theory.localGlobal) this.#timer ??= setTimeout(() => this.save(), SAVE_AFTER);
    });
  }

  /** Brings back what was saved of the model that is loaded now, under what was measured since. */
  async restore(): Promise<void> {
    const { environment: { storage }, store } = this.#session;
    const key = this.#key();
    if (!storage || !key) return;
    store.setState({ history: EMPTY_HISTORY, sweepPoints: [], transformPoints: [], pendingSweep: undefined });
    const text = read(() => storage.getItem(key));
    const { parseSavedResults } = await import('./savedResults.ts');
    if (this.#key() !== key) return;
    this.#restored = key;
    if (text === null) return;
    const saved = parseSavedResults(text);
    if (!saved) {
      notify(store, 'info', 'The saved history of this model could not be read and was left out.');
      return;
    }
    const { slopes, ...results } = saved;
    const { history, sweepPoints, calibration, request, theory } = store.getState();
    if (history.nodes.length === 0 && sweepPoints.length === 0) store.setState(results);
    if (slopes?.images !== calibration.images || slopes.seed !== request.seed || slopes.source !== (encodeSource(calibration.source) || undefined)) return;
    const { dropWhenStale } = await import('./theory.ts');
    if (this.#key() !== key) return;
    store.setState({ theory: { localGlobal: slopes.result, ...theory } });
    dropWhenStale(this.#session);
  }

  save(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { environment: { storage }, store } = this.#session;
    const key = this.#key();
    if (!storage || !key || key !== this.#restored) return;
    const { history, sweepPoints, transformPoints, pendingSweep, theory: { localGlobal }, calibration: { images, source }, request: { seed } } = store.getState();
    try {
      storage.setItem(key, JSON.stringify({ version: 1, history, sweepPoints, ...(transformPoints.length > 0 ? { transformPoints } : {}), ...(pendingSweep ? { pendingSweep } : {}), ...(localGlobal ? { slopes: { images, seed, ...(source ? { source: encodeSource(source) } : {}), result: localGlobal } } : {}) }));
      this.#failed = false;
    } catch {
      if (!this.#failed) notify(store, 'warning', 'The history does not fit into this browser’s storage.', { advice: 'It stays until the page is closed; export the report to keep it.' });
      this.#failed = true;
    }
  }

  dispose(): void {
    this.#unsubscribe();
    clearTimeout(this.#timer);
  }

  #key(): string | undefined {
    const experiment = this.#session.store.getState();
    const { descriptor, version } = experiment.model;
    return version === undefined ? undefined : `modhifi-lab/1/${descriptor.kind === 'shipped' ? descriptor.id : modelLabel(descriptor)}/${version}${picturesKey(experiment)}`;
  }
}

/** A browser that forbids storage throws on reading it. */
function read(get: () => string | null): string | null {
  try {
    return get();
  } catch {
    return null;
  }
}
