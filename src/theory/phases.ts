import type { Job } from '../engine/job.ts';

/**
 * A long job as several shorter ones that follow each other: what each reports counts towards one
 * total. Units are for the caller to choose, such as images run through the network.
 */
export class Phases {
  readonly #job: Job;
  readonly #total: number;
  readonly #began = performance.now();
  #planned = 0;

  constructor(job: Job, total: number) {
    this.#job = job;
    this.#total = total;
  }

  /** The job of the next phase, which is this many of the units; shares the signal. */
  next(units: number): Job {
    const before = this.#planned;
    this.#planned += units;
    const { signal, onProgress } = this.#job;
    return {
      ...(signal ? { signal } : {}),
      onProgress: ({ done, total }) => {
        // whole units: they are shown
        const all = Math.min(this.#total, Math.floor(before + (units * done) / Math.max(1, total) + 1e-9));
        const rate = all / Math.max((performance.now() - this.#began) / 1000, 1e-9);
        onProgress?.({ done: all, total: this.#total, rate, secondsLeft: rate > 0 ? (this.#total - all) / rate : 0 });
      },
    };
  }
}
