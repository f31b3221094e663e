/** Holds a job between two batches until it is let go on, or cancelled. */
export class PauseSwitch {
  #resumed: Promise<void> | undefined;
  #resume: () => void = () => {};

  get paused(): boolean {
    return this.#resumed !== undefined;
  }

  pause(): void {
    this.#resumed ??= new Promise((resolve) => (this.#resume = resolve));
  }

  resume(): void {
    this.#resumed = undefined;
    this.#resume();
  }

  /** Resolves at once, or when `resume` is called or the signal aborts. */
  async passed(signal?: AbortSignal): Promise<void> {
    const resumed = this.#resumed;
    if (!resumed || signal?.aborted) return;
    await new Promise<void>((resolve) => {
      const go = () => {
        signal?.removeEventListener('abort', go);
        resolve();
      };
      signal?.addEventListener('abort', go);
      void resumed.then(go);
    });
  }
}
