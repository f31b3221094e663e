import * as tf from '@tensorflow/tfjs';
import type { KernelConfig } from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { backendMemory, NoBackendError, startBackend } from './backend.ts';
import { WASM_FOLDER } from './fixtures/wasmBackend.ts';
import { selfCheck } from './selfCheck.ts';

beforeAll(async () => {
  await startBackend('wasm', WASM_FOLDER);
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await tf.setBackend('wasm');
});

/** Replaces a kernel by one whose first output value is off by `by`, while `work` runs. */
async function withBrokenKernel<T>(name: string, backend: string, by: number, work: () => Promise<T>): Promise<T> {
  const right = tf.getKernel(name, backend);
  const kernelFunc: KernelConfig['kernelFunc'] = (parameters) => {
    const info = right.kernelFunc(parameters) as tf.TensorInfo;
    const { values, dtype } = { values: (tf.backend().readSync(info.dataId) as Float32Array).slice(), dtype: info.dtype };
    values[0] += by;
    const dataId = tf.backend().write(values, info.shape, dtype);
    return { dataId, shape: info.shape, dtype };
  };
  tf.unregisterKernel(name, backend);
  tf.registerKernel({ ...right, kernelFunc });
  try {
    return await work();
  } finally {
    tf.unregisterKernel(name, backend);
    tf.registerKernel(right);
  }
}

describe('selfCheck', () => {
  it.each(['wasm', 'cpu'])('passes on %s, and leaves no tensors', async (backend) => {
    await tf.setBackend(backend);
    const before = tf.memory().numTensors;
    const results = await selfCheck();
    expect(results.length).toBeGreaterThanOrEqual(6);
    for (const { name, ok, error } of results) expect({ name, ok, small: error < 1e-5 }).toEqual({ name, ok: true, small: true });
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    ['FusedConv2D', /convolution/i],
    ['BatchMatMul', /product/i],
    ['MaxPool', /pool/i],
    ['Mean', /mean/i],
  ])('catches a %s that lies', async (kernel, name) => {
    for (const backend of ['wasm', 'cpu']) {
      await tf.setBackend(backend);
      for (const by of [0.5, Number.NaN]) {
        const results = await withBrokenKernel(kernel, backend, by, selfCheck);
        const wrong = results.filter(({ ok }) => !ok).map((check) => check.name);
        expect(wrong.length, `${kernel} on ${backend}`).toBeGreaterThan(0);
        for (const check of wrong) expect(check).toMatch(name);
      }
    }
  });
});

describe('startBackend', () => {
  it('chooses wasm where there is no GPU, and says why', async () => {
    const started = await startBackend('auto', WASM_FOLDER);
    expect(started).toMatchObject({ name: 'wasm', software: false });
    expect(started.reason).toMatch(/no WebGPU adapter/);
    expect(started.checks.length).toBeGreaterThan(0);
    expect(started.checks.every(({ backend, ok }) => backend === 'wasm' && ok)).toBe(true);
    expect(tf.getBackend()).toBe('wasm');
  });

  it('leaves a software adapter alone, and says so', async () => {
    const adapter = { info: { description: 'Google SwiftShader', isFallbackAdapter: true } };
    vi.stubGlobal('navigator', { gpu: { requestAdapter: async () => adapter } });
    const started = await startBackend('auto', WASM_FOLDER);
    expect(started.name).toBe('wasm');
    expect(started.reason).toMatch(/software/);
  });

  it('falls back to wasm where a GPU is found but its backend does not start, and says what happened', async () => {
    const adapter = { info: { description: 'A card', isFallbackAdapter: false } };
    vi.stubGlobal('navigator', { gpu: { requestAdapter: async () => adapter } });
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const started = await startBackend('auto', WASM_FOLDER);
    warned.mockRestore();
    expect(started.name).toBe('wasm');
    expect(started.reason).toMatch(/WebGPU was tried first, but ./);
  });

  it('says that wasm was asked for', async () => {
    expect((await startBackend('wasm', WASM_FOLDER)).reason).toBe('WebAssembly was asked for.');
  });

  it('refuses a backend whose numbers are wrong, naming the check', async () => {
    const starting = withBrokenKernel('MaxPool', 'wasm', 1, () => startBackend('wasm', WASM_FOLDER));
    await expect(starting).rejects.toBeInstanceOf(NoBackendError);
    await expect(starting).rejects.toThrow(/wrong numbers for: max pooling/);
  });
});

it('backendMemory counts tensors and bytes of the active backend', () => {
  const before = backendMemory();
  const x = tf.zeros([10]);
  expect(backendMemory()).toEqual({ tensors: before.tensors + 1, bytes: before.bytes + 40 });
  x.dispose();
});
