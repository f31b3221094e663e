import type { JobId, Progress } from '../workers/protocol.ts';
import { CancelledError, isCancelled, isEngineDeath } from './errors.ts';
import type { Job, JobKind } from './experiment.ts';
import type { FrameBatch } from './frame.ts';
import type { ExperimentStore } from './store.ts';

export interface JobSpec {
  readonly kind: JobKind;
  readonly label: string;
  /**
   * Jobs that share the engine run one at a time, the greatest priority first. Absent: the job
   * starts at once beside whatever runs.
   */
  readonly priority?: number;
  /** Stops for a job of greater priority and begins again after it. */
  readonly yields?: boolean;
}

export interface JobContext {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  setLabel(label: string): void;
  /** One engine call under a fresh id, which is what gets cancelled. */
  engine<T>(call: (id: JobId) => Promise<T>): Promise<T>;
  /** Something that cannot be cancelled; a job that is does not wait for it. */
  wait<T>(promise: Promise<T>): Promise<T>;
}

interface Running {
  readonly id: JobId;
  readonly spec: JobSpec;
  abort: AbortController;
  cancelled: boolean;
  preempted: boolean;
  engineCall?: JobId;
  wake?: () => void;
}

const MOST_REVIVALS = 2;

/**
 * Runs the experiment's jobs: one of each kind (a newer one cancels the older), in turn where they
 * share the engine, with their progress in the store. A job that an engine's death broke off
 * begins again once `revive` has brought the engine back.
 */
export class JobRunner {
  readonly #store: ExperimentStore;
  readonly #frames: FrameBatch;
  readonly #cancelOnEngine: (id: JobId) => void;
  readonly #revive: (error: Error) => Promise<void>;
  readonly #jobs = new Set<Running>();
  readonly #waiting = new Set<Running>();
  #holder: Running | undefined;
  #lastId = 0;

  constructor(
    store: ExperimentStore,
    frames: FrameBatch,
    engine: { readonly cancel: (id: JobId) => void; readonly revive: (error: Error) => Promise<void> },
  ) {
    this.#store = store;
    this.#frames = frames;
    this.#cancelOnEngine = engine.cancel;
    this.#revive = engine.revive;
  }

  /** Rejects with `CancelledError` when cancelled, also while it waits for its turn. */
  async run<T>(spec: JobSpec, work: (job: JobContext) => Promise<T>): Promise<T> {
    this.cancelKind(spec.kind);
    const job: Running = { id: this.#nextId(), spec, abort: new AbortController(), cancelled: false, preempted: false };
    this.#jobs.add(job);
    this.#show({ id: job.id, kind: spec.kind, label: spec.label });
    try {
      for (let revivals = 0; ; ) {
        if (spec.priority !== undefined) await this.#turn(job);
        try {
          if (job.cancelled) throw new CancelledError();
          return await work(this.#context(job));
        } catch (error) {
          if (job.cancelled) throw isCancelled(error) ? error : new CancelledError();
          if (job.preempted && isCancelled(error)) {
            job.preempted = false;
            job.abort = new AbortController();
          } else if (isEngineDeath(error) && revivals < MOST_REVIVALS) {
            revivals += 1;
            await this.#revive(error as Error);
          } else {
            throw error;
          }
        } finally {
          this.#release(job);
        }
      }
    } finally {
      this.#jobs.delete(job);
      this.#frames.drop(`progress ${job.id}`);
      this.#store.setState(({ jobs }) => ({ jobs: jobs.filter(({ id }) => id !== job.id) }));
    }
  }

  cancelKind(...kinds: readonly JobKind[]): void {
    for (const job of this.#jobs) if (kinds.includes(job.spec.kind)) this.#cancel(job);
  }

  /** Everything but the writing of what the browser keeps, which no other model or picture ends. */
  cancelWork(): void {
    for (const job of this.#jobs) if (job.spec.kind !== 'keepModel' && job.spec.kind !== 'keepData') this.#cancel(job);
  }

  cancelAll(): void {
    for (const job of this.#jobs) this.#cancel(job);
  }

  isRunning(kind: JobKind): boolean {
    return [...this.#jobs].some((job) => job.spec.kind === kind && !job.cancelled);
  }

  #context(job: Running): JobContext {
    const { signal } = job.abort;
    return {
      signal,
      onProgress: (progress) =>
        this.#frames.set(`progress ${job.id}`, () =>
          this.#store.setState(({ jobs }) => ({ jobs: jobs.map((shown) => (shown.id === job.id ? { ...shown, progress } : shown)) })),
        ),
      setLabel: (label) => {
        this.#frames.drop(`progress ${job.id}`);
        this.#show({ id: job.id, kind: job.spec.kind, label });
      },
      wait: (promise) =>
        new Promise((resolve, reject) => {
          const stop = () => reject(new CancelledError());
          if (signal.aborted) stop();
          else signal.addEventListener('abort', stop, { once: true });
          void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
        }),
      engine: async (call) => {
        if (signal.aborted) throw new CancelledError();
        const id = this.#nextId();
        job.engineCall = id;
        try {
          const result = await call(id);
          if (signal.aborted) throw new CancelledError();
          return result;
        } finally {
          if (job.engineCall === id) delete job.engineCall;
        }
      },
    };
  }

  #cancel(job: Running): void {
    if (job.cancelled) return;
    job.cancelled = true;
    this.#interrupt(job);
    job.wake?.();
  }

  #interrupt(job: Running): void {
    job.abort.abort();
    if (job.engineCall !== undefined) this.#cancelOnEngine(job.engineCall);
  }

  #turn(job: Running): Promise<void> {
    return new Promise((resolve) => {
      job.wake = () => {
        delete job.wake;
        this.#waiting.delete(job);
        resolve();
      };
      if (job.cancelled) return job.wake();
      this.#waiting.add(job);
      const holder = this.#holder;
      if (holder?.spec.yields && (holder.spec.priority ?? 0) < (job.spec.priority ?? 0) && !holder.preempted) {
        holder.preempted = true;
        this.#interrupt(holder);
      }
      this.#next();
    });
  }

  #next(): void {
    if (this.#holder) return;
    const [first] = [...this.#waiting].sort((a, b) => (b.spec.priority ?? 0) - (a.spec.priority ?? 0));
    if (!first) return;
    this.#holder = first;
    first.wake?.();
  }

  #release(job: Running): void {
    if (this.#holder !== job) return;
    this.#holder = undefined;
    this.#next();
  }

  #show(job: Job): void {
    this.#store.setState(({ jobs }) => ({ jobs: jobs.some(({ id }) => id === job.id) ? jobs.map((shown) => (shown.id === job.id ? job : shown)) : [...jobs, job] }));
  }

  #nextId(): JobId {
    return (this.#lastId += 1);
  }
}
