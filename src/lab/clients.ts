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
  readonly #waiting = new Set<(reason: Error) => void>();
  #client: Client<Api> | undefined;

  constructor(create: () => Client<Api>, onDeath: (error: Error) => void) {
    this.#create = create;
    this.#onDeath = onDeath;
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
    client.onDeath((error) => {
      if (this.#client !== client) return;
      this.end(error);
      this.#onDeath(error);
    });
    return client;
  }
}
