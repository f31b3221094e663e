import type { EngineApi, FidelityApi } from '../workers/protocol.ts';

/** A worker and the way to call it. */
export interface Client<Api> {
  readonly api: Api;
  terminate(): void;
  onDeath(callback: (error: Error) => void): void;
}

export type EngineClient = Client<EngineApi>;
export type FidelityClient = Client<FidelityApi>;

/** A worker that is made anew when it dies; calls that were waiting on a dead one reject. */
export class Reviving<Api> {
  readonly #create: () => Client<Api>;
  readonly #onDeath: (error: Error) => void;
  readonly #named: (error: Error) => Error;
  readonly #waiting = new Set<(reason: Error) => void>();
  #client: Client<Api> | undefined;

  /** `named` gives a death the error that calls under way reject with. */
  constructor(create: () => Client<Api>, onDeath: (error: Error) => void, named: (error: Error) => Error = (error) => error) {
    this.#create = create;
    this.#onDeath = onDeath;
    this.#named = named;
  }

  /** Calls the worker, making it first where there is none. */
  call<T>(use: (api: Api) => Promise<T>): Promise<T> {
    const client = this.#client ?? this.#make();
    return new Promise<T>((resolve, reject) => {
      this.#waiting.add(reject);
      use(client.api)
        .then(resolve, reject)
        .finally(() => this.#waiting.delete(reject));
    });
  }

  /** Ends the worker; the next call makes a new one. Calls under way reject with `reason`. */
  end(reason: Error): void {
    this.#client?.terminate();
    this.#client = undefined;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const reject of waiting) reject(reason);
  }

  #make(): Client<Api> {
    const client = this.#create();
    this.#client = client;
    client.onDeath((cause) => {
      if (this.#client !== client) return;
      const error = this.#named(cause);
      this.end(error);
      this.#onDeath(error);
    });
    return client;
  }
}
