/** What every long job takes: a way to stop it and a way to tell how far it is. */
export interface Job {
  readonly signal?: AbortSignal;
  /** Resolves when the job may go on: what is waited for meanwhile goes first. */
  readonly turn?: () => Promise<void>;
  readonly onProgress?: (progress: { done: number; total: number; rate: number; secondsLeft: number }) => void;
}

/** The same job as a part of it has it: stopped with it, and telling nothing. */
export function silent(job: Job): Job {
  const { onProgress: _, ...rest } = job;
  return rest;
}

export class CancelledError extends Error {
  override readonly name = 'CancelledError';
  constructor() {
    super('The job was cancelled.');
  }
}

/**
 * Reports progress, lets waiting messages (such as a cancel) in, and stops a cancelled job.
 * Jobs call it after each batch. Time is counted from its making.
 */
export class JobClock {
  readonly #job: Job;
  readonly #total: number;
  readonly #began = performance.now();

  constructor(job: Job, total: number) {
    this.#job = job;
    this.#total = total;
    this.throwIfCancelled();
  }

  get seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }

  throwIfCancelled(): void {
    if (this.#job.signal?.aborted) throw new CancelledError();
  }

  /** @throws CancelledError */
  async tick(done: number): Promise<void> {
    const rate = done / Math.max(this.seconds, 1e-9);
    this.#job.onProgress?.({ done, total: this.#total, rate, secondsLeft: rate > 0 ? (this.#total - done) / rate : 0 });
    await this.breathe();
  }

  /** Lets waiting messages in without reporting. @throws CancelledError */
  async breathe(): Promise<void> {
    await nextTask();
    await this.#job.turn?.();
    this.throwIfCancelled();
  }
}

/** Resolves in a later task, so that messages already queued are handled first. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
