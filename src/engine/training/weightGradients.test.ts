import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { networkBuilder, plainNetwork, randomWeights, residualNetwork } from '../../network/fixtures/networks.ts';
import type { ActivationName, Network, Node, NodeOf, Weight } from '../../network/network.ts';
import { inferShapes } from '../../network/shapes.ts';
import { GradientsUnavailableError } from '../criteria/backpropagation.ts';
import { relativeError } from '../fixtures/arrays.ts';
import { everyOpNetwork } from '../fixtures/everyOpNetwork.ts';
import { mixedNetwork } from '../fixtures/mixedNetwork.ts';
import { startWasm } from '../fixtures/wasmBackend.ts';
import { CompiledNetwork } from '../interpreter.ts';
import type { Correlator } from '../kernels/correlator.ts';
import { batchNormGradients, normaliseBatch, normalisedGradient } from './batchStatistics.ts';
import { nodeOf, ORACLE, weightOf } from './fixtures/oracle.ts';
import { trainableWeights } from './trainableWeights.ts';
import { TrainingPass } from './trainingPass.ts';
import { weightGradients } from './weightGradients.ts';

let correlator: Correlator;
beforeAll(async () => {
  ({ correlator } = await startWasm());
});

const tensorOf = ({ shape, values }: { readonly shape: readonly number[]; readonly values: readonly number[] }) => tf.tensor([...values], [...shape], 'float32');

describe('weightGradients', () => {
  const cases = ORACLE.ops.map((own, k) => [`${own.op} ${JSON.stringify(own.attributes)} of [${own.x.shape.join(', ')}] (${k})`, own] as const);
  it.each(cases)('are PyTorch’s: %s', async (_, own) => {
    for (const kernel of [correlator, undefined]) { // our SIMD kernel, and products of patches as on WebGPU
      const before = tf.memory().numTensors;
      const [x, gradient] = [tensorOf(own.x), tensorOf(own.gradient)];
      const found = await weightGradients(nodeOf(own), x, gradient, kernel);
      tf.dispose([x, gradient]);
      expect(Object.keys(found)).toEqual(Object.keys(own.expected));
      for (const [name, { values }] of Object.entries(own.expected)) expect(relativeError(found[name], values), name).toBeLessThan(2e-6);
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  it('cover every op that has weights', () => {
    const covered = new Set<string>(ORACLE.ops.map(({ op }) => op));
    for (const op of ['conv2d', 'depthwiseConv2d', 'transposedConv2d', 'dense', 'batchNorm', 'layerNorm', 'groupNorm', 'prelu']) expect(covered, op).toContain(op);
  });
});

describe('a norm by the batch’s own statistics', () => {
  it('has PyTorch’s value and gradients', async () => {
    const own = ORACLE.batchNorm;
    const none: Weight = { shape: [6], values: new Float32Array(6) };
    const node = nodeOf(own, { mean: none, variance: none }) as NodeOf<'batchNorm'>;
    const [x, gradient] = [tensorOf(own.x), tensorOf(own.gradient)];
    const batch = normaliseBatch(node, x);
    const back = tf.tidy(() => normalisedGradient(node, batch, gradient));
    const gradients = await batchNormGradients(node, batch, gradient);
    expect(relativeError(await batch.value.data(), own.value.values)).toBeLessThan(1e-5);
    expect(relativeError(await back.data(), own.xGradient.values)).toBeLessThan(1e-5);
    for (const name of ['gamma', 'beta']) expect(relativeError(gradients[name], own.expected[name].values), name).toBeLessThan(1e-5);
    tf.dispose([x, gradient, back, batch.value, batch.normal, batch.mean, batch.variance]);
  });
});

const SMOOTHED: Partial<Readonly<Record<ActivationName, ActivationName>>> = { relu: 'softplus', relu6: 'softplus', hardSwish: 'silu', hardSigmoid: 'sigmoid', leakyRelu: 'softplus' };

/** Corners spoil differences. */
function smooth(network: Network): Network {
  return {
    ...network,
    nodes: network.nodes.map((node): Node => {
      const name = node.op === 'activation' ? SMOOTHED[node.attributes.function] : undefined;
      return name ? ({ ...node, attributes: { function: name } } as Node) : node;
    }),
  };
}

/** Norms that stand alone: before their convolution, after another norm, and where something else reads the layer too. */
function preActivationNetwork(): Network {
  const b = networkBuilder(6);
  const stem = b.conv('stem', b.input('input', [6, 6, 3]), [3, 3], 3, 5, { bias: true });
  const normed = b.norm('second', b.norm('first', b.activation('act', stem, 'tanh'), 5), 5);
  const branch = b.conv('branch', normed, [3, 3], 5, 5, { strides: [1, 1] });
  const sum = b.add('sum', b.norm('branch_norm', branch, 5), branch);
  return b.build('pre', b.dense('logits', b.globalPool('pool', sum), 5, 4));
}

const STEP = 2 ** -10;

/** `∂f / ∂(a random direction of one weight)` for every weight, by one pass back and by central differences. */
async function derivatives(network: Network) {
  const [output] = network.outputs;
  const shapes = inferShapes(network);
  const input = shapes.get(network.nodes[0].id) ?? [];
  const x = tf.tensor(randomWeights(3)([2, ...input], 1).values, [2, ...input]);
  const direction = randomWeights(20)([2, ...(shapes.get(output) ?? [])], 1).values;
  const pass = new TrainingPass(network, output, 'frozen', correlator);
  const { gradients } = await pass.run(x, () => direction);
  pass.dispose();
  const valueWith = async (id: string, name: string, move: Float32Array, sign: number) => {
    const nodes = network.nodes.map((node) => {
      if (node.id !== id) return node;
      const weights = node.weights as Readonly<Record<string, Weight>>;
      return { ...node, weights: { ...weights, [name]: { ...weights[name], values: weights[name].values.map((w, k) => w + sign * move[k]) } } } as Node;
    });
    const compiled = new CompiledNetwork({ ...network, nodes });
    const { [output]: value } = compiled.run(x, [output]);
    const values = await value.data();
    value.dispose();
    compiled.dispose();
    return direction.reduce((sum, d, k) => sum + d * values[k], 0);
  };
  const [found, expected, names]: [number[], number[], string[]] = [[], [], []];
  for (const node of network.nodes) for (const [name, weight] of Object.entries(trainableWeights(node))) {
    const move = randomWeights(found.length + 1)(weight.shape, STEP).values;
    const own = gradients.get(node.id)?.[name] ?? new Float32Array(0);
    found.push(move.reduce((sum, d, k) => sum + d * own[k], 0) / STEP);
    expected.push(((await valueWith(node.id, name, move, 1)) - (await valueWith(node.id, name, move, -1))) / (2 * STEP));
    names.push(`${node.id}.${name}`);
  }
  x.dispose();
  return { found, expected, names };
}

describe('TrainingPass', () => {
  it.each([
    ['mixed', mixedNetwork], ['every op', everyOpNetwork], ['residual', residualNetwork], ['plain', plainNetwork], ['norms that stand alone', preActivationNetwork],
  ] as const)('has the derivatives that central differences have: %s', async (_, open) => {
    const before = tf.memory().numTensors;
    const { found, expected, names } = await derivatives(smooth(open()));
    expect(names.length).toBeGreaterThan(5);
    found.forEach((value, k) => expect(Math.abs(value - expected[k]), names[k]).toBeLessThan(5e-3 * Math.max(...expected.map(Math.abs))));
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([['mixed', mixedNetwork], ['residual', residualNetwork]] as const)('has the same gradients on a backend that is asked for all its work before any is read, as WebGPU is: %s', async (_, open) => {
    const network = open();
    const [output] = network.outputs;
    const input = inferShapes(network).get(network.nodes[0].id) ?? [];
    const gradientsOn = async (backend: string, kernel: Correlator | undefined) => {
      await tf.setBackend(backend);
      const before = tf.memory().numTensors;
      const pass = new TrainingPass(network, output, 'batch', kernel);
      const x = tf.tensor(randomWeights(3)([4, ...input], 1).values, [4, ...input]);
      const { gradients, statistics } = await pass.run(x, (logits) => logits.map((z, k) => Math.sin(z + k)));
      pass.dispose();
      x.dispose();
      expect(tf.memory().numTensors).toBe(before);
      return { gradients, statistics };
    };
    const elsewhere = await gradientsOn('cpu', undefined).finally(() => tf.setBackend('wasm'));
    const here = await gradientsOn('wasm', correlator);
    expect(here.gradients.size).toBeGreaterThan(5);
    expect([...elsewhere.gradients.keys()].sort()).toEqual([...here.gradients.keys()].sort());
    for (const [id, own] of here.gradients) for (const [name, values] of Object.entries(own)) {
      const other = elsewhere.gradients.get(id)?.[name] ?? [];
      // a bias before a norm by the batch's own statistics changes nothing: its gradient is rounding
      const scale = Math.max(1e-2, ...values.map(Math.abs));
      values.forEach((value, k) => expect(Math.abs(value - other[k]) / scale, `${id}.${name}`).toBeLessThan(1e-3));
    }
    for (const [id, { mean }] of here.statistics) expect(relativeError(elsewhere.statistics.get(id)?.mean ?? [], mean), id).toBeLessThan(1e-4);
  });

  it('names the layer whose gradient is not known, and leaves no tensors behind', async () => {
    const before = tf.memory().numTensors;
    const network = residualNetwork();
    // as a node of an op of the future would be
    const strange = { ...network, nodes: network.nodes.map((node) => (node.op === 'rescaling' ? { ...node, weights: { table: weightOf({ shape: [1], values: [1] }) } } : node) as Node) };
    const pass = new TrainingPass(strange, 'logits', 'frozen', correlator);
    const x = tf.zeros([1, 8, 8, 3]);
    const failure = pass.run(x, () => new Float32Array(4).fill(1));
    await expect(failure).rejects.toThrow(GradientsUnavailableError);
    await expect(failure).rejects.toThrow(/"rescaling" \(rescaling\).*on wasm/);
    pass.dispose();
    x.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
