import { proxy, releaseProxy, transfer, wrap } from 'comlink';
import { EngineDiedError } from './errors.ts';

/** A worker's calls as plain promises, and its death as an event. */
export interface WorkerClient<Api> {
  readonly api: Api;
  terminate(): void;
  /** Called once, when the worker cannot go on; calls that were waiting have been rejected. */
  onDeath(callback: (error: Error) => void): void;
}

/**
 * Wraps a worker so that callbacks are proxied, ports are transferred, and a call that waits when
 * the worker dies or is terminated rejects instead of waiting for ever.
 */
export function workerClient<Api extends object>(worker: Worker): WorkerClient<Api> {
  const remote = wrap<Record<string, (...args: unknown[]) => Promise<unknown>>>(worker);
  const waiting = new Set<(error: Error) => void>();
  const listeners: ((error: Error) => void)[] = [];
  let dead: Error | undefined;

  const die = (error: Error) => {
    if (dead) return;
    dead = error;
    worker.terminate();
    for (const reject of waiting) reject(error);
    waiting.clear();
  };
  worker.addEventListener('error', (event) => {
    event.preventDefault();
    die(new EngineDiedError(`A worker died: ${event.message || 'it could not be loaded'}.`));
    for (const listener of listeners) listener(dead ?? new EngineDiedError('A worker died.'));
  });

  const call = (name: string) => (...args: unknown[]) => {
    if (dead) return Promise.reject(dead);
    return new Promise<unknown>((resolve, reject) => {
      waiting.add(reject);
      remote[name](...args.map(crossing)).then(resolve, (error: unknown) => reject(error instanceof Error ? error : new Error(String(error))))
        .finally(() => waiting.delete(reject));
    });
  };
  const api = new Proxy({}, { get: (_, name) => (typeof name === 'string' && name !== 'then' ? call(name) : undefined) });
  return {
    api: api as Api,
    terminate: () => {
      die(new EngineDiedError('The worker was stopped.'));
      remote[releaseProxy]();
    },
    onDeath: (callback) => void listeners.push(callback),
  };
}

function crossing(argument: unknown): unknown {
  if (typeof argument === 'function') return proxy(argument);
  if (argument instanceof MessagePort) return transfer(argument, [argument]);
  return argument;
}
