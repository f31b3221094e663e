import { deviceFault } from '../engine/backend.ts';
import { CancelledError, type Job } from '../engine/job.ts';
import type { JobId, OnProgress } from './protocol.ts';

/** The jobs that run in the engine worker, by their ids. */
export class EngineJobs {
  readonly #running = new Map<JobId, AbortController>();
  readonly #urgent = new Set<Promise<unknown>>();

  /**
   * Work that is short but full of waiting, such as writing files: computing jobs stop for it at their next
   * batch, for else each of its steps would wait for a batch of theirs.
   */
  async urgent<T>(work: () => Promise<T>): Promise<T> {
    const running = work();
    this.#urgent.add(running);
    try {
      return await running;
    } finally {
      this.#urgent.delete(running);
    }
  }

  /** Rejects with `CancelledError` once `cancel` was called, and with what is wrong with the device where its fault is behind an error. */
  async run<T>(job: JobId, onProgress: OnProgress | undefined, work: (options: Job) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    this.#running.set(job, controller);
    try {
      const result = await work({ signal: controller.signal, turn: () => this.#turn(), onProgress: throttled(onProgress) });
      // also where the last step could not be interrupted
      if (controller.signal.aborted) throw new CancelledError();
      return result;
    } catch (error) {
      if (controller.signal.aborted) throw new CancelledError();
      throw (error instanceof CancelledError ? undefined : await deviceFault(error)) ?? error;
    } finally {
      this.#running.delete(job);
    }
  }

  cancel(job: JobId): void {
    this.#running.get(job)?.abort();
  }

  async #turn(): Promise<void> {
    while (this.#urgent.size > 0) await Promise.allSettled(this.#urgent);
  }
}

/** At most about twenty reports a second, and the last one always. */
function throttled(onProgress: OnProgress | undefined): OnProgress | undefined {
  if (!onProgress) return undefined;
  let last = -Infinity;
  return (progress) => {
    const now = performance.now();
    if (now - last < 50 && progress.done < progress.total) return;
    last = now;
    onProgress(progress);
  };
}
