import { workerClient, type WorkerClient } from './client.ts';
import type { FidelityApi } from './protocol.ts';

export type FidelityClient = WorkerClient<FidelityApi>;

/** Starts the worker that computes scores, curves and compensation. */
export function createFidelityClient(): FidelityClient {
  return workerClient<FidelityApi>(new Worker(new URL('./fidelity.worker.ts', import.meta.url), { type: 'module', name: 'fidelity' }));
}
