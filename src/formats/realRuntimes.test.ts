import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { CompiledNetwork } from '../engine/interpreter.ts';
import { shippedNetwork } from '../engine/fixtures/shipped.ts';
import { startWasm } from '../engine/fixtures/wasmBackend.ts';
import { relativeError } from '../engine/fixtures/arrays.ts';
import { couplingGroups } from '../network/coupling.ts';
import { PUBLISHED } from '../network/fixtures/architectures/published.ts';
import { randomWeights } from '../network/fixtures/networks.ts';
import type { Network } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';
import { prune } from '../network/surgery.ts';
import { openInTfjs } from './fixtures/plainTfjs.ts';
import { exportOnnx } from './onnx.ts';
import { runInOnnxRuntime } from './onnx/fixtures/onnxRuntime.ts';
import { channelsFirst } from './onnx/fixtures/runNetwork.ts';
import { ExportError } from './tfjsLayers.ts';

beforeAll(async () => {
  await startWasm();
});

const SHIPPED = ['resnet20-cifar10', 'vgg-cifar10', 'mobilenetv2-cifar10'];

const networks: readonly (readonly [string, () => Promise<Network>])[] = [
  ...SHIPPED.map((id) => [id, () => shippedNetwork(id)] as const),
  ...PUBLISHED.map(({ name, build, narrow }) => [name, async () => build({ ...narrow, seed: 11 })] as const),
];

/** Plain TensorFlow.js has no convolution in groups of several channels. */
const NOT_AS_LAYERS = ['resnext50_32x4d'];

/** Two thirds of the channels of every group that may be cut. */
function cut(network: Network): Network {
  const free = couplingGroups(network).filter(({ frozen }) => frozen === undefined);
  const keep = Object.fromEntries(free.map(({ name, channels, parts = [] }) => {
    const kept = new Set(Array.from({ length: channels }, (_, i) => i).filter((i) => channels < 3 || i % 3 !== 1));
    for (const part of parts) if (!part.some((i) => kept.has(i))) kept.add(part[0]);
    return [name, [...kept].sort((a, b) => a - b)];
  }));
  return prune(network, { keep, weights: {} });
}

describe.each(networks)('%s, random weights unless it is a shipped model, cut by a third', (name, open) => {
  it('gives the lab’s outputs in onnxruntime and in plain TensorFlow.js', async () => {
    const network = cut(await open());
    const shape = [2, ...(inferShapes(network).get(network.nodes[0].id) ?? [])];
    const pixels = SHIPPED.includes(name) ? [127, 128] as const : [1, 0] as const;
    const input = { shape, values: randomWeights(5)(shape, ...pixels).values };

    const x = tf.tensor(input.values, shape);
    const compiled = new CompiledNetwork(network);
    const values = compiled.run(x);
    const ours = await Promise.all(network.outputs.map(async (id) => ({ shape: values[id].shape, values: (await values[id].data()) as Float32Array })));
    compiled.dispose();

    const inOnnx = await runInOnnxRuntime(exportOnnx(network), await channelsFirst(input));
    for (const [k, output] of ours.entries()) {
      expect(relativeError(inOnnx[k].values, (await channelsFirst(output)).values), `onnxruntime, output ${k}`).toBeLessThan(1e-4);
    }

    if (NOT_AS_LAYERS.includes(name)) {
      await expect(openInTfjs(network)).rejects.toThrow(ExportError);
    } else {
      const model = await openInTfjs(network);
      const predicted = [model.predict(x) as tf.Tensor | tf.Tensor[]].flat();
      for (const [k, output] of ours.entries()) {
        expect(relativeError(await predicted[k].data(), output.values), `TensorFlow.js, output ${k}`).toBeLessThan(1e-4);
      }
      tf.dispose(predicted);
      model.dispose();
    }
    tf.dispose([x, values]);
  });
});
