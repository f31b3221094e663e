import { workerClient, type WorkerClient } from './client.ts';
import type { EngineApi } from './protocol.ts';

export type EngineClient = WorkerClient<EngineApi>;

/** Starts the worker that runs networks. */
export function createEngineClient(): EngineClient {
  return workerClient<EngineApi>(new Worker(new URL('./engine.worker.ts', import.meta.url), { type: 'module', name: 'engine' }));
}
