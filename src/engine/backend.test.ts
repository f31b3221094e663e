import * as tf from '@tensorflow/tfjs-core';
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assertDeviceHealthy, assertWeightFits, BufferLimitError, batchWithinLimits, deviceFault, DeviceLostError, releaseUnused, watchDevice } from './backend.ts';

/** What the engine sees of tfjs's WebGPU backend: its device and its buffer pool. */
class FakeGpu extends EventTarget {
  readonly limits = { maxBufferSize: 1000, maxStorageBufferBindingSize: 800 };
  lose: (info: { reason: string; message: string }) => void = () => {};
  readonly lost = new Promise<{ reason: string; message: string }>((resolve) => {
    this.lose = resolve;
  });
}

let gpu: FakeGpu;
let destroyed: number;
let pool: { freeBuffers: Map<string, { size: number; destroy(): void }[]>; numFreeBuffers: number; numBytesAllocated: number };

beforeEach(async () => {
  gpu = new FakeGpu();
  destroyed = 0;
  const buffer = (size: number) => ({ size, destroy: () => void destroyed++ });
  pool = { freeBuffers: new Map([['a', [buffer(10), buffer(10)]], ['b', [buffer(30)]]]), numFreeBuffers: 3, numBytesAllocated: 90 };
  class FakeBackend extends tf.KernelBackend {
    readonly device = gpu;
    readonly bufferManager = pool;
    override dispose(): void {}
  }
  tf.registerBackend('webgpu', () => new FakeBackend());
  await tf.setBackend('webgpu');
});

afterEach(() => tf.removeBackend('webgpu'));

describe('the WebGPU device', () => {
  it('is healthy until something happens to it', () => {
    watchDevice();
    expect(() => assertDeviceHealthy()).not.toThrow();
  });

  it('fails the running job when it is lost, with the reason', async () => {
    watchDevice();
    gpu.lose({ reason: 'unknown', message: 'the driver was reset' });
    await gpu.lost;
    expect(() => assertDeviceHealthy()).toThrow(DeviceLostError);
    expect(() => assertDeviceHealthy()).toThrow(/the driver was reset/);
  });

  it('fails the running job on an uncaptured error, since its buffers then read back as zeros', () => {
    watchDevice();
    gpu.dispatchEvent(Object.assign(new Event('uncapturederror'), { error: new Error('Buffer size exceeds the limit') }));
    expect(() => assertDeviceHealthy()).toThrow(/Buffer size exceeds the limit/);
  });

  it('is named as the cause of a read-back that failed because of its loss', async () => {
    watchDevice();
    const failure = new Error('some read-back failed');
    expect(await deviceFault(failure)).toBeUndefined();
    setTimeout(() => gpu.lose({ reason: 'destroyed', message: 'gone' }), 10);
    expect(await deviceFault(failure)).toBeInstanceOf(DeviceLostError);
  });

  it('is named as the cause of a rejected mapping, also where it says nothing of its loss for long', async () => {
    watchDevice();
    const failure = new DOMException('Buffer was unmapped before mapping was resolved.', 'AbortError');
    expect((await deviceFault(failure))?.message).toMatch(/GPU was lost .*unmapped/);
    expect(() => assertDeviceHealthy()).toThrow(DeviceLostError);
  });

  it('is watched anew after a restart', () => {
    watchDevice();
    gpu.dispatchEvent(Object.assign(new Event('uncapturederror'), { error: new Error('old') }));
    watchDevice();
    expect(() => assertDeviceHealthy()).not.toThrow();
  });

  it('gets batches whose largest buffer it can hold, by the smaller of its two limits', () => {
    expect(batchWithinLimits(32, 100)).toBe(8);
    expect(batchWithinLimits(4, 100)).toBe(4);
    expect(() => batchWithinLimits(4, 801)).toThrow(BufferLimitError);
  });

  it('refuses a weight that it cannot hold, naming its shape', () => {
    expect(() => assertWeightFits([10, 20])).not.toThrow();
    expect(() => assertWeightFits([10, 21])).toThrow(/A weight of \[10, 21\] needs a GPU buffer of 840 bytes/);
  });

  it('gives pooled buffers back, with the pool’s own books kept right', () => {
    releaseUnused();
    expect(destroyed).toBe(3);
    expect(pool).toMatchObject({ numFreeBuffers: 0, numBytesAllocated: 40 });
    expect([...pool.freeBuffers.values()].flat()).toEqual([]);
  });
});

describe('the faults of tfjs that are avoided by not using a call', () => {
  const folder = new URL('./', import.meta.url);
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => ({ name, text: readFileSync(new URL(name, folder), 'utf8') }));

  it('never multiplies by a transposed second factor (wrong on WebGPU)', () => {
    const calls = sources.flatMap(({ text }) => [...text.matchAll(/matMul\(([^;]*)\)/g)].map((match) => match[1]));
    expect(calls.length).toBeGreaterThan(3);
    expect(calls.filter((call) => /,\s*(true|false)\s*,\s*true/.test(call))).toEqual([]);
  });
});
