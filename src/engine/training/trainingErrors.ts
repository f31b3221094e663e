import type { Network } from '../../network/network.ts';

/** A training setting outside of what makes sense. */
export class TrainingSettingError extends Error {
  override readonly name = 'TrainingSettingError';
  constructor(setting: string, found: number, expected: string) {
    super(`${setting} is ${found}; expected ${expected}.`);
  }
}

/** There is nothing to train on, or what there is does not fit the network. */
export class TrainingDataError extends Error {
  override readonly name = 'TrainingDataError';
}

/** A label that the network has no output for. */
export class LabelRangeError extends Error {
  override readonly name = 'LabelRangeError';
  constructor(found: number, at: number, classes: number) {
    super(`Label ${found} of picture ${at} is out of range: the network has ${classes} classes, numbered 0 to ${classes - 1}.`);
  }
}

/**
 * The loss or a weight is no longer a number. `checkpoint` is the network after the last epoch that ended
 * well (at first: as it was given), `epochs` how many those are.
 */
export class DivergedError extends Error {
  override readonly name = 'DivergedError';
  readonly epochs: number;
  readonly #checkpoint: Network;
  constructor(what: string, step: number, rate: number, epochs: number, checkpoint: Network) {
    super(
      `Training diverged: ${what} is not a finite number at step ${step}. Try a learning rate of ${Number((rate / 10).toPrecision(2))} ` +
        `(it was ${rate}), or a larger batch. ${epochs > 0 ? `The network after epoch ${epochs} is kept` : 'The network stays as it was'}.`,
    );
    this.epochs = epochs;
    this.#checkpoint = checkpoint;
  }

  /** Not listed among the error's properties, for it is large. */
  get checkpoint(): Network {
    return this.#checkpoint;
  }
}
