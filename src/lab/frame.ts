/** Runs a function once, soon: at the next animation frame where there is a screen. */
export type Schedule = (run: () => void) => void;

export const nextFrame: Schedule = (run) => {
  // A hidden tab draws no frames, yet its state must go on.
  if (typeof requestAnimationFrame === 'function' && !document.hidden) requestAnimationFrame(run);
  else setTimeout(run, 0);
};

/** Keeps only the last update under each name until the next frame, and applies all of them in one go. */
export class FrameBatch {
  readonly #schedule: Schedule;
  readonly #pending = new Map<string, () => void>();

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
  }

  set(name: string, apply: () => void): void {
    if (this.#pending.size === 0) this.#schedule(() => this.flush());
    this.#pending.set(name, apply);
  }

  drop(name: string): void {
    if (this.#pending.has(name)) this.#pending.set(name, () => {});
  }

  flush(): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const apply of pending) apply();
  }
}
