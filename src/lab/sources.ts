import type { MadeSet } from '../datasets/calibrationSource.ts';
import type { CalibrationRequest, Picture } from '../workers/protocol.ts';
import { makePictures } from './makePictures.ts';
import { runSensitivity } from './sensitivity.ts';
import type { Session } from './session.ts';

/** What a person can do with sources of calibration pictures, beside choosing one. */
export class Sources {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** The pictures that this request draws. */
  gallery(request: CalibrationRequest): Promise<readonly Picture[]> {
    return this.#session.engine((api) => api.gallery(request));
  }

  /** Makes pictures from the network alone and tells whether they are there; then a source may draw from them. */
  make(settings: MadeSet): Promise<boolean> {
    return makePictures(this.#session, settings);
  }

  /** Measures what calibrating on other pictures costs; `sensitivity` of the store holds what comes. */
  measure(forgetClass: number): Promise<void> {
    return runSensitivity(this.#session, forgetClass);
  }
}
