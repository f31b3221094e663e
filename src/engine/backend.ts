import * as tf from '@tensorflow/tfjs-core';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { selfCheck, type CheckResult } from './selfCheck.ts';

/**
 * The choice of a TensorFlow.js backend and the handling of its known faults (tfjs 4.22, frozen):
 *
 * - the threaded wasm build breaks when minified and needs special headers: turned off;
 * - WebGPU's `matMul(…, transposeB)` is wrong for some sizes: nothing here uses it;
 * - an oversized WebGPU buffer reads back as zeros with only an event: `watchDevice` turns that
 *   event, and a lost device, into an error of the running job;
 * - a software adapter is about 100 times slower than wasm: it is not chosen unless asked for;
 * - the WebGPU buffer pool never shrinks: `releaseUnused` empties it.
 */
export type Backend = 'webgpu' | 'wasm';

export interface StartedBackend {
  readonly name: Backend;
  readonly adapter?: string;
  readonly software: boolean;
  readonly reason: string;
  readonly checks: readonly (CheckResult & { readonly backend: Backend })[];
}

export class DeviceLostError extends Error {
  override readonly name = 'DeviceLostError';
}

export class NoBackendError extends Error {
  override readonly name = 'NoBackendError';
}

interface Adapter {
  readonly description?: string;
  readonly software: boolean;
}

/**
 * Starts the backend that suits this machine, or the one asked for, and checks it.
 *
 * @param wasmPaths where the `.wasm` files are: a folder (Node) or a URL for each file name.
 * @throws NoBackendError where neither backend works; its message says what each one said.
 */
export async function startBackend(
  choice: 'auto' | Backend,
  wasmPaths: string | Record<string, string>,
): Promise<StartedBackend> {
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  setWasmPaths(wasmPaths as string);
  const checks: (CheckResult & { backend: Backend })[] = [];
  const adapter = choice === 'wasm' ? undefined : await findAdapter();
  const wantsGpu = choice === 'webgpu' || (choice === 'auto' && adapter && !adapter.software);

  let why = whyNotGpu(choice, adapter);
  if (wantsGpu && adapter) {
    const failure = await tryBackend('webgpu', checks);
    if (!failure) {
      watchDevice();
      return {
        name: 'webgpu',
        adapter: adapter.description,
        software: adapter.software,
        reason: adapter.software ? 'Asked for; the adapter is software and slow.' : 'A GPU adapter passed the self-check.',
        checks,
      };
    }
    why = `WebGPU was tried first, but ${failure}.`;
  }
  const failure = await tryBackend('wasm', checks);
  if (failure) throw new NoBackendError(`No backend works here. ${why} WebAssembly: ${failure}. Try a current browser.`);
  return { name: 'wasm', software: false, reason: why, checks };
}

function whyNotGpu(choice: 'auto' | Backend, adapter: Adapter | undefined): string {
  if (choice === 'wasm') return 'WebAssembly was asked for.';
  if (!adapter) return 'This browser offers no WebGPU adapter.';
  return 'The only WebGPU adapter is software, slower than WebAssembly.';
}

/** Nothing if the backend started and passed its self-check, else what went wrong. */
async function tryBackend(name: Backend, checks: (CheckResult & { backend: Backend })[]): Promise<string | undefined> {
  try {
    if (name === 'webgpu') await import('@tensorflow/tfjs-backend-webgpu');
    if (!(await tf.setBackend(name))) return `the ${name} backend could not start`;
    await tf.ready();
    const results = await selfCheck();
    checks.push(...results.map((result) => ({ ...result, backend: name })));
    const wrong = results.filter(({ ok }) => !ok);
    return wrong.length > 0 ? `it gave wrong numbers for: ${wrong.map((check) => check.name).join('; ')}` : undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

interface GpuNavigator {
  readonly gpu?: {
    requestAdapter(options?: { powerPreference: string }): Promise<
      | {
          readonly isFallbackAdapter?: boolean;
          readonly info?: { isFallbackAdapter?: boolean; description?: string; vendor?: string; architecture?: string };
        }
      | null
    >;
  };
}

async function findAdapter(): Promise<Adapter | undefined> {
  const gpu = (globalThis.navigator as GpuNavigator | undefined)?.gpu;
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null);
  if (!adapter) return undefined;
  const { info } = adapter;
  const description = info?.description || [info?.vendor, info?.architecture].filter(Boolean).join(' ') || undefined;
  const software = adapter.isFallbackAdapter === true || info?.isFallbackAdapter === true ||
    /swiftshader|llvmpipe|software|basic render/i.test(description ?? '');
  return { description, software };
}

interface GpuDevice extends EventTarget {
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
  readonly limits: { readonly maxBufferSize: number; readonly maxStorageBufferBindingSize: number };
}

let fault: DeviceLostError | undefined;

function device(): GpuDevice | undefined {
  if (tf.getBackend() !== 'webgpu') return undefined;
  return (tf.backend() as unknown as { device: GpuDevice }).device;
}

/** From now on a lost device or an uncaptured error fails `assertDeviceHealthy`. */
export function watchDevice(): void {
  fault = undefined;
  const watched = device();
  if (!watched) return;
  void watched.lost.then(({ message }) => {
    fault = new DeviceLostError(`The GPU was lost (${message || 'no reason given'}).`);
  });
  watched.addEventListener('uncapturederror', (event) => {
    const { error } = event as Event & { error?: Error };
    fault ??= new DeviceLostError(`The GPU reported an error, its results cannot be trusted: ${error?.message ?? 'unknown'}`);
  });
}

/** Jobs call it after each batch, before its numbers are used. @throws DeviceLostError */
export function assertDeviceHealthy(): void {
  if (fault) throw fault;
}

/**
 * What the GPU's loss has to do with a job's failure. A device that is destroyed rejects pending
 * read-backs with a DOMException, long before or after it says that it is lost; nothing else in a job
 * throws one on WebGPU.
 */
export async function deviceFault(failure: unknown): Promise<DeviceLostError | undefined> {
  const watched = device();
  if (watched && !fault) await Promise.race([watched.lost, new Promise((resolve) => setTimeout(resolve, 100))]);
  if (!fault && watched && failure instanceof DOMException) fault = new DeviceLostError(`The GPU was lost (${failure.message}).`);
  return fault;
}

/**
 * The greatest batch, at most `wanted`, whose largest tensor stays under the device's buffer limit
 * (a larger buffer reads back as zeros). `bytesPerImage`: of the largest single tensor.
 *
 * @throws BufferLimitError where not even one image fits.
 */
export function batchWithinLimits(wanted: number, bytesPerImage: number): number {
  const limits = device()?.limits;
  if (!limits) return wanted;
  const limit = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
  const batch = Math.min(wanted, Math.floor(limit / bytesPerImage));
  if (batch < 1) throw new BufferLimitError(bytesPerImage, limit);
  return batch;
}

/** @throws BufferLimitError where a weight is too large for one buffer of this GPU */
export function assertWeightFits(shape: readonly number[]): void {
  const limits = device()?.limits;
  if (!limits) return;
  const bytes = 4 * shape.reduce((product, size) => product * size, 1);
  const limit = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
  if (bytes > limit) throw new BufferLimitError(bytes, limit, `A weight of [${shape.join(', ')}]`);
}

export class BufferLimitError extends Error {
  override readonly name = 'BufferLimitError';
  constructor(needed: number, limit: number, what = 'One image') {
    super(`${what} needs a GPU buffer of ${needed} bytes, but this GPU allows ${limit}. Choose the wasm backend.`);
  }
}

interface GpuQueueBackend {
  readonly queue: { onSubmittedWorkDone(): Promise<void> };
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
}

/** Resolves when the GPU has done all that it was asked to; at once on wasm, which works as it is called. */
export async function deviceIdle(): Promise<void> {
  if (tf.getBackend() !== 'webgpu') return;
  const backend = tf.backend() as unknown as GpuQueueBackend;
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.submitQueue();
  await backend.queue.onSubmittedWorkDone();
}

interface BufferPool {
  readonly freeBuffers: Map<string, { readonly size: number; destroy(): void }[]>;
  numFreeBuffers: number;
  numBytesAllocated: number;
}

/** Frees pooled GPU buffers that no tensor uses. Call it after a read-back, when no command waits. */
export function releaseUnused(): void {
  const pool = (tf.backend() as unknown as { bufferManager?: BufferPool }).bufferManager;
  if (!pool) return;
  for (const buffers of pool.freeBuffers.values()) {
    for (const buffer of buffers) {
      pool.numBytesAllocated -= buffer.size;
      buffer.destroy();
    }
    buffers.length = 0;
  }
  pool.numFreeBuffers = 0;
}

/** Tensors alive and bytes they hold on the active backend. */
export function backendMemory(): { tensors: number; bytes: number } {
  const { numTensors, numBytes } = tf.memory();
  return { tensors: numTensors, bytes: numBytes };
}
