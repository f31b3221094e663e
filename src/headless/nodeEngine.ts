import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { startBackend } from '../engine/backend.ts';
import { Correlator } from '../engine/kernels/correlator.ts';

/** Starts the engine's wasm backend in Node and returns its calibration kernel. */
export async function startNodeEngine(): Promise<Correlator> {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm'));
  await startBackend('wasm', `${folder}/`);
  return Correlator.create();
}
