import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { CompiledNetwork } from '../engine/interpreter.ts';
import { startWasm } from '../engine/fixtures/wasmBackend.ts';
import { randomWeights } from '../network/fixtures/networks.ts';
import { ACTIVATIONS, type Network, type Node, type NodeOf, type Op, type Shape } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';
import { greatestDifference, openInTfjs } from './fixtures/plainTfjs.ts';
import { ExportError, exportTfjsLayers, importTfjsLayers } from './tfjsLayers.ts';

beforeAll(async () => {
  await startWasm();
});

const weight = randomWeights(11);
const vector = (count: number, centre = 0) => weight([count], 0.5, centre);
const kernel = (...shape: number[]) => weight(shape);

type Spec = { [O in Op]: Omit<NodeOf<O>, 'id' | 'inputs'> }[Op];

/** One op between the input and a relu that reads it, so that its shape matters to another layer. */
function single(input: Shape, spec: Spec, before: readonly Node[] = []): Network {
  const nodes: Node[] = [{ id: 'in', op: 'input', inputs: [], attributes: { shape: input }, weights: {} }, ...before];
  nodes.push({ ...spec, id: 'op', inputs: [nodes[nodes.length - 1].id] } as Node);
  nodes.push({ id: 'out', op: 'activation', inputs: ['op'], attributes: { function: 'linear' }, weights: {} });
  return { name: 'single', nodes, outputs: ['out'] };
}

const op = <O extends Op>(name: O, attributes: NodeOf<O>['attributes'], weights: NodeOf<O>['weights']) =>
  ({ op: name, attributes, weights }) as unknown as Spec;
const conv = (attributes: Partial<NodeOf<'conv2d'>['attributes']>, ...shape: number[]) =>
  op('conv2d', { strides: [1, 1], padding: 'valid', dilations: [1, 1], groups: 1, ...attributes }, { kernel: kernel(...shape), bias: vector(shape[3]) });
const depthwise = (attributes: Partial<NodeOf<'depthwiseConv2d'>['attributes']>, ...shape: number[]) =>
  op('depthwiseConv2d', { strides: [1, 1], padding: 'valid', dilations: [1, 1], ...attributes }, { kernel: kernel(...shape), bias: vector(shape[2] * shape[3]) });
const transposed = (strides: readonly [number, number], cropping: NodeOf<'transposedConv2d'>['attributes']['cropping'], ...shape: number[]) =>
  op('transposedConv2d', { strides, cropping }, { kernel: kernel(...shape), bias: vector(shape[2]) });
const pool = (name: 'maxPool2d' | 'averagePool2d', size: number, stride: number, padding: NodeOf<'maxPool2d'>['attributes']['padding']) =>
  op(name, { poolSize: [size, size], strides: [stride, stride], padding }, {});
const resize = (size: readonly [number, number], interpolation: 'nearest' | 'bilinear', coordinates: NodeOf<'resize2d'>['attributes']['coordinates']) =>
  op('resize2d', { size, interpolation, coordinates }, {});
const activation = (attributes: NodeOf<'activation'>['attributes']) => op('activation', attributes, {});
const norm = { gamma: vector(4, 1), beta: vector(4), mean: vector(4), variance: vector(4, 0.8) };
const rectified: Node = { id: 'relu', op: 'activation', inputs: ['in'], attributes: { function: 'relu' }, weights: {} };

const PICTURE = [7, 8, 4];
const CASES: readonly (readonly [string, Network])[] = [
  ['conv2d, same', single(PICTURE, conv({ padding: 'same', strides: [2, 1] }, 3, 2, 4, 5))],
  ['conv2d, dilated', single(PICTURE, conv({ dilations: [2, 3] }, 3, 2, 4, 5))],
  ['conv2d, dilated and strided', single(PICTURE, conv({ dilations: [2, 2], strides: [2, 2], padding: 'same' }, 3, 3, 4, 5))],
  ['conv2d, a border that is `same`', single(PICTURE, conv({ padding: [[1, 1], [1, 1]] }, 3, 3, 4, 5))],
  ['conv2d, a border of its own', single(PICTURE, conv({ padding: [[1, 1], [1, 1]], strides: [2, 2] }, 3, 3, 4, 5))],
  ['conv2d, as many groups as channels', single(PICTURE, conv({ groups: 4, padding: 'same' }, 3, 3, 1, 8))],
  ['depthwiseConv2d', single(PICTURE, depthwise({ padding: 'same', strides: [2, 2] }, 3, 3, 4, 2))],
  ['depthwiseConv2d, dilated', single(PICTURE, depthwise({ padding: 'same', dilations: [2, 1] }, 3, 3, 4, 1))],
  ['depthwiseConv2d, a border of its own', single(PICTURE, depthwise({ padding: [[1, 1], [1, 1]], strides: [2, 2] }, 3, 3, 4, 1))],
  ['transposedConv2d, valid', single(PICTURE, transposed([2, 3], [[0, 0], [0, -1]], 3, 2, 5, 4))],
  ['transposedConv2d, same', single(PICTURE, transposed([2, 1], [[0, 1], [1, 1]], 3, 3, 5, 4))],
  ['transposedConv2d, cropped more', single(PICTURE, transposed([2, 2], [[1, 1], [2, 1]], 4, 4, 5, 4))],
  ['transposedConv2d, with zeros', single(PICTURE, transposed([2, 2], [[1, -1], [-1, 0]], 3, 3, 5, 4))],
  ['dense, of a picture', single(PICTURE, op('dense', {}, { kernel: kernel(4, 6), bias: vector(6) }))],
  ['dense, of two axes', single(PICTURE, op('dense', {}, { kernel: kernel(4, 6) }), [reshaped([56, 4])])],
  ['batchNorm', single(PICTURE, op('batchNorm', { epsilon: 1e-3 }, norm))],
  ['batchNorm, bare', single(PICTURE, op('batchNorm', { epsilon: 0 }, { mean: norm.mean, variance: norm.variance }))],
  ['layerNorm', single(PICTURE, op('layerNorm', { epsilon: 1e-6 }, { gamma: norm.gamma, beta: norm.beta }))],
  ['layerNorm, of a vector', single([4], op('layerNorm', { epsilon: 1e-3 }, { beta: norm.beta }))],
  ...ACTIVATIONS.map((name) => [`activation ${name}`, single(PICTURE, activation({ function: name }))] as const),
  ['activation leakyRelu of 0.3', single(PICTURE, activation({ function: 'leakyRelu', alpha: 0.3 }))],
  ['activation elu of 0.4', single(PICTURE, activation({ function: 'elu', alpha: 0.4 }))],
  ['activation hardSigmoid of 0.2', single(PICTURE, activation({ function: 'hardSigmoid', alpha: 0.2, beta: 0.5 }))],
  ['activation hardSigmoid of 0.5 and 0.4', single(PICTURE, activation({ function: 'hardSigmoid', alpha: 0.5, beta: 0.4 }))],
  ['prelu, a slope for each value', single([3, 3, 4], op('prelu', {}, { alpha: kernel(3, 3, 4) }))],
  ['prelu, a slope for each channel', single(PICTURE, op('prelu', {}, { alpha: kernel(1, 1, 4) }))],
  ['rescaling', single(PICTURE, op('rescaling', { scale: 0.3, offset: -0.7 }, {}))],
  ['maxPool2d', single(PICTURE, pool('maxPool2d', 3, 2, 'same'))],
  ['maxPool2d, a border of its own', single([8, 8, 4], pool('maxPool2d', 3, 2, [[1, 1], [1, 1]]))],
  ['maxPool2d, a border around a relu', single([8, 8, 4], pool('maxPool2d', 3, 2, [[1, 1], [1, 1]]), [rectified])],
  ['maxPool2d, a border and strides of 1', single([8, 8, 4], pool('maxPool2d', 3, 1, [[0, 1], [1, 0]]))],
  ['averagePool2d', single(PICTURE, pool('averagePool2d', 3, 2, 'same'))],
  ['averagePool2d, a border of its own', single([8, 8, 4], pool('averagePool2d', 3, 2, [[1, 0], [1, 1]]))],
  ['averagePool2d, a border around a relu', single([8, 8, 4], pool('averagePool2d', 3, 2, [[1, 1], [1, 1]]), [rectified])],
  ['globalAveragePool2d', single(PICTURE, op('globalAveragePool2d', { keepDims: false }, {}))],
  ['globalAveragePool2d, axes kept', single(PICTURE, op('globalAveragePool2d', { keepDims: true }, {}))],
  ['globalMaxPool2d, axes kept', single(PICTURE, op('globalMaxPool2d', { keepDims: true }, {}))],
  ['flatten', single(PICTURE, op('flatten', {}, {}))],
  ['flatten, of a vector', single([4], op('flatten', {}, {}))],
  ['reshape', single(PICTURE, op('reshape', { shape: [4, 7, 2, 4] }, {}))],
  ['permute', single(PICTURE, op('permute', { order: [2, 0, 1] }, {}))],
  ['zeroPad2d', single(PICTURE, op('zeroPad2d', { padding: [[1, 0], [2, 3]] }, {}))],
  ['crop2d', single(PICTURE, op('crop2d', { cropping: [[1, 0], [2, 3]] }, {}))],
  ['slice, rows', single(PICTURE, op('slice', { axis: 0, start: 2, size: 3 }, {}))],
  ['slice, columns', single(PICTURE, op('slice', { axis: 1, start: 0, size: 3 }, {}))],
  ['slice, channels', single(PICTURE, op('slice', { axis: 2, start: 1, size: 2 }, {}))],
  ['slice, of a vector', single([9], op('slice', { axis: 0, start: 4, size: 3 }, {}))],
  ['slice, of four axes', single(PICTURE, op('slice', { axis: 2, start: 1, size: 1 }, {}), [reshaped([4, 7, 2, 4])])],
  ['resize2d, nearest, asymmetric', single(PICTURE, resize([14, 24], 'nearest', 'asymmetric'))],
  ['resize2d, nearest, half-pixel', single(PICTURE, resize([14, 24], 'nearest', 'halfPixel'))],
  ['resize2d, bilinear, asymmetric', single(PICTURE, resize([14, 24], 'bilinear', 'asymmetric'))],
  ['resize2d, bilinear, half-pixel', single(PICTURE, resize([14, 24], 'bilinear', 'halfPixel'))],
  ['resize2d, bilinear, half-pixel, one axis', single(PICTURE, resize([7, 40], 'bilinear', 'halfPixel'))],
  ['resize2d, to the same size', single(PICTURE, resize([7, 8], 'bilinear', 'alignCorners'))],
  ['dropout', single(PICTURE, op('dropout', { rate: 0.4 }, {}))],
];

function reshaped(shape: Shape): Node {
  return { id: 'reshaped', op: 'reshape', inputs: ['in'], attributes: { shape }, weights: {} };
}

function plainNode(id: string, name: Op, inputs: readonly string[], attributes: object = {}): Node {
  return { id, op: name, inputs, attributes, weights: {} } as unknown as Node;
}

/** Both runtimes' outputs for two pictures in [−2, 2). */
async function inBoth(network: Network): Promise<readonly (readonly [lab: Float32Array, plain: Float32Array])[]> {
  const input = inferShapes(network).get(network.nodes[0].id) ?? [];
  const batch = tf.tensor(randomWeights(5)([2, ...input], 2).values, [2, ...input]);
  const compiled = new CompiledNetwork(network);
  const lab = compiled.run(batch);
  const model = await openInTfjs(network);
  const plain = [tf.tidy(() => model.predict(batch))].flat();
  expect(plain).toHaveLength(network.outputs.length);
  const read = await Promise.all(network.outputs.map(async (id, k) => {
    expect(plain[k].shape, id).toEqual(lab[id].shape);
    return [(await lab[id].data()) as Float32Array, (await plain[k].data()) as Float32Array] as const;
  }));
  tf.dispose([batch, lab, plain]);
  compiled.dispose();
  model.dispose();
  return read;
}

describe('every op, exported and opened by plain TensorFlow.js, gives the lab’s values to 1e-4', () => {
  it.each(CASES)('%s', async (_name, network) => {
    const [[lab, plain]] = await inBoth(network);
    expect(new Set(lab).size).toBeGreaterThan(3);
    expect(greatestDifference(lab, plain)).toBeLessThan(1e-4);
  });

  it('values of several inputs: sums, differences, products, gates and concatenations', async () => {
    const network: Network = {
      name: 'merges',
      nodes: [
        plainNode('in', 'input', [], { shape: PICTURE }),
        plainNode('tanh', 'activation', ['in'], { function: 'tanh' }),
        plainNode('pooled', 'globalAveragePool2d', ['in'], { keepDims: false }),
        plainNode('kept', 'globalMaxPool2d', ['in'], { keepDims: true }),
        plainNode('sum', 'add', ['in', 'tanh', 'in']),
        plainNode('difference', 'subtract', ['sum', 'kept']),
        plainNode('gate', 'multiply', ['pooled', 'difference']),
        plainNode('channels', 'concat', ['gate', 'tanh'], { axis: 2 }),
        plainNode('rows', 'concat', ['channels', 'channels'], { axis: 0 }),
      ],
      outputs: ['rows', 'gate'],
    };
    for (const [lab, plain] of await inBoth(network)) expect(greatestDifference(lab, plain)).toBeLessThan(1e-4);
  });
});

describe('what plain TensorFlow.js cannot compute', () => {
  it.each([
    [single(PICTURE, conv({ groups: 2, padding: 'same' }, 3, 3, 2, 6)), /2 groups of 2 channels/],
    [single(PICTURE, op('groupNorm', { groups: 2, epsilon: 1e-3 }, {})), /group normalisation/],
    [single(PICTURE, resize([10, 16], 'nearest', 'halfPixel')), /7 × 8 into 10 × 16.*whole factors/],
    [single(PICTURE, resize([14, 16], 'bilinear', 'alignCorners')), /align corners/],
    [single(PICTURE, pool('averagePool2d', 2, 1, [[1, 0], [0, 0]])), /cannot leave out of a pool/],
    [single(PICTURE, op('batchNorm', { epsilon: 1e-3 }, norm), [reshaped([4, 7, 2, 4])]), /three axes.*has 4/],
  ])('is refused by name, with the formats that can hold it', (network, message) => {
    expect(() => exportTfjsLayers(network)).toThrow(ExportError);
    expect(() => exportTfjsLayers(network)).toThrow(message);
    expect(() => exportTfjsLayers(network)).toThrow(/Layer "op" \(\w+\) cannot be written.*ONNX or safetensors/);
  });
});

const CALLED: Readonly<Record<string, string>> = { in: '/input:0', op: 'conv 1', out: '_out' };

describe('exporting', () => {
  it('leaves an op as it is where plain TensorFlow.js has a layer for it', async () => {
    const direct = CASES.filter(([, { nodes, ...network }]) => exportedLayers({ ...network, nodes }) === nodes.length);
    expect(direct.length).toBeGreaterThan(40);
    const renamed = /border that is|as many groups|dilated|same size|nearest, half-pixel|flatten, of a vector|slice|leakyRelu$/;
    for (const [name, network] of direct.filter(([name]) => !renamed.test(name))) {
      const { modelJson, weights } = exportTfjsLayers(network);
      const json: unknown = JSON.parse(JSON.stringify(modelJson));
      expect(await importTfjsLayers(json, async () => weights), name).toStrictEqual(network);
    }
  });

  it('changes names that plain TensorFlow.js does not take, and leaves out what no output needs', async () => {
    const network = single(PICTURE, conv({}, 3, 3, 4, 2));
    const nodes = network.nodes.map((node) => ({ ...node, id: CALLED[node.id], inputs: node.inputs.map((id) => CALLED[id]) }) as Node);
    const dead: Node = { id: 'conv_1', op: 'dropout', inputs: ['/input:0'], attributes: { rate: 0.5 }, weights: {} };
    const renamed = { ...network, nodes: [...nodes, dead], outputs: ['_out'] };
    const [[lab, plain]] = await inBoth(renamed);
    expect(greatestDifference(lab, plain)).toBeLessThan(1e-4);
    const model = await openInTfjs(renamed);
    expect(model.layers.map(({ name }) => name)).toEqual(['input_0', 'conv_1', 'out']);
    model.dispose();
  });
});

function exportedLayers(network: Network): number {
  try {
    const { model_config: model } = exportTfjsLayers(network).modelJson.modelTopology as { model_config: { config: { layers: unknown[] } } };
    return model.config.layers.length;
  } catch {
    return 0;
  }
}
