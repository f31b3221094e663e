import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { relativeError } from '../../engine/fixtures/arrays.ts';
import { randomWeights } from '../../network/fixtures/networks.ts';
import type { Network } from '../../network/network.ts';
import { importOnnx } from '../onnx.ts';
import { floats, ints, modelBytes, node, random, type ModelOptions } from './fixtures/onnxModel.ts';
import { runInOnnxRuntime } from './fixtures/onnxRuntime.ts';
import { channelsFirst, runInLab, transposedBatch } from './fixtures/runNetwork.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Imports a model whose outputs in the lab must be those of the same file in onnxruntime. */
async function agreeing(options: ModelOptions): Promise<Network> {
  const model = modelBytes(options);
  const sizes = (options.input ?? [3, 6, 5]).map(Number);
  const shape = [typeof options.batch === 'number' ? options.batch : 2, ...sizes];
  const x = { shape, values: randomWeights(5)(shape, 1).values };
  const real = await runInOnnxRuntime(model, x);
  const network = await importOnnx(model);
  const found = await runInLab(network, shape.length === 4 ? await transposedBatch(x, [0, 2, 3, 1]) : x);
  for (const [k, output] of real.entries()) {
    const actual = await channelsFirst(found[k]);
    expect(actual.shape).toEqual(output.shape);
    expect(relativeError(actual.values, output.values)).toBeLessThan(1e-4);
  }
  return network;
}

const opsOf = (network: Network): string[] => network.nodes.slice(1).map(({ op }) => op);
const two = { strides: [2, 2] };

describe('windows', () => {
  const kernel = random('w', [4, 3, 3, 2]);
  const conv = (attributes: Parameters<typeof node>[3]): ModelOptions => ({ nodes: [node('Conv', ['x', 'w'], 'y', attributes)], initializers: [kernel] });

  it.each([
    ['SAME_UPPER', 'same'],
    ['VALID', 'valid'],
    ['SAME_LOWER', [[1, 0], [1, 0]]],
  ] as const)('auto_pad %s of a strided convolution', async (auto, padding) => {
    const network = await agreeing(conv({ auto_pad: auto, ...two }));
    expect(network.nodes[1]).toMatchObject({ attributes: { padding } });
  });

  it('uneven pads, dilations and strides', async () => {
    await agreeing(conv({ pads: [2, 0, 1, 3], dilations: [1, 2], strides: [1, 2], kernel_shape: [3, 2], group: 1 }));
  });

  it('groups, and a group for every channel with two outputs each', async () => {
    const grouped = await agreeing({ nodes: [node('Conv', ['x', 'w', 'b'], 'y', { group: 2 })], initializers: [random('w', [6, 2, 2, 2]), random('b', [6])], input: [4, 5, 5] });
    expect(grouped.nodes[1]).toMatchObject({ op: 'conv2d', attributes: { groups: 2 } });
    const depthwise = await agreeing({ nodes: [node('Conv', ['x', 'w'], 'y', { group: 4 })], initializers: [random('w', [8, 1, 2, 2])], input: [4, 5, 5] });
    expect(depthwise.nodes[1]).toMatchObject({ op: 'depthwiseConv2d', weights: { kernel: { shape: [2, 2, 4, 2] } } });
  });

  it.each([
    [{ pads: [1, 0, 1, 1], output_padding: [1, 0] }],
    [{ auto_pad: 'SAME_UPPER' }],
    [{ auto_pad: 'SAME_LOWER' }],
    [{ output_shape: [12, 11] }],
  ])('transposed convolution with %j', async (attributes) => {
    await agreeing({ nodes: [node('ConvTranspose', ['x', 'w', 'b'], 'y', { ...two, ...attributes })], initializers: [random('w', [3, 4, 3, 3]), random('b', [4])] });
  });

  it.each([
    ['MaxPool', { ceil_mode: 1, pads: [1, 1, 1, 1] }],
    ['MaxPool', { auto_pad: 'SAME_LOWER' }],
    ['AveragePool', { pads: [1, 0, 1, 1] }],
    ['AveragePool', { pads: [1, 0, 1, 1], count_include_pad: 1 }],
    ['AveragePool', { ceil_mode: 1 }],
    ['AveragePool', { ceil_mode: 1, pads: [1, 1, 1, 1], count_include_pad: 1 }],
  ])('%s with %j', async (opType, attributes) => {
    await agreeing({ nodes: [node(opType, ['x'], 'y', { kernel_shape: [3, 2], strides: [2, 3], ...attributes })] });
  });

  it('global pools and reductions over rows, columns or both', async () => {
    const network = await agreeing({
      nodes: [
        node('GlobalMaxPool', ['x'], 'a'), node('ReduceMax', ['x'], 'b', { axes: [-1, 2], keepdims: 0 }),
        node('ReduceMean', ['x'], 'c', { axes: [3] }), node('ReduceMean', ['x'], 'd', { axes: [2], keepdims: 0 }),
      ],
      outputs: ['a', 'b', 'c', 'd'],
    });
    expect(opsOf(network).filter((op) => op.includes('ool'))).toEqual(['globalMaxPool2d', 'globalMaxPool2d', 'averagePool2d', 'averagePool2d']);
  });
});

describe('norms and activations', () => {
  it('LayerNormalization over every axis of a picture', async () => {
    const network = await agreeing({
      nodes: [node('LayerNormalization', ['x', 'scale', 'shift'], 'y', { axis: 1, epsilon: { float: 1e-3 } })],
      initializers: [random('scale', [3, 6, 5], 1), random('shift', [3, 6, 5])],
    });
    expect(opsOf(network)).toEqual(['flatten', 'layerNorm', 'reshape']);
  });

  it('GroupNormalization, its weights by group and by channel', async () => {
    for (const opset of [18, 21]) {
      const length = opset === 18 ? 2 : 4;
      const network = await agreeing({
        nodes: [node('GroupNormalization', ['x', 'scale', 'shift'], 'y', { num_groups: 2 })], initializers: [random('scale', [length], 1), random('shift', [length])], opset, input: [4, 3, 5],
      });
      expect(network.nodes[1]).toMatchObject({ op: 'groupNorm', attributes: { groups: 2 }, weights: { gamma: { shape: [4] } } });
    }
  });

  it('an instance norm of a reshaped picture is a group norm; scale and shift go into it', async () => {
    const network = await agreeing({
      nodes: [
        node('Reshape', ['x', 'groups'], 'g'), node('InstanceNormalization', ['g', 'one', 'zero'], 'n'),
        node('Shape', ['x'], 's'), node('Reshape', ['n', 's'], 'r'), node('Mul', ['r', 'scale'], 'm'), node('Add', ['shift', 'm'], 'y'),
      ],
      initializers: [
        ints('groups', [0, 2, -1]), floats('one', [2], [1, 1]), floats('zero', [2], [0, 0]),
        random('scale', [4, 1, 1], 1), random('shift', [1, 4, 1, 1]),
      ],
      input: [4, 3, 5],
    });
    expect(opsOf(network)).toEqual(['groupNorm']);
  });

  it('Gelu of operator set 20, and hand-written ones', async () => {
    const network = await agreeing({
      nodes: [
        node('Gelu', ['x'], 'a'), node('Gelu', ['x'], 'b', { approximate: 'tanh' }),
        node('Mul', ['x', 'r'], 'r1'), node('Erf', ['r1'], 'e'), node('Add', ['one', 'e'], 'e1'), node('Mul', ['half', 'e1'], 'e2'), node('Mul', ['e2', 'x'], 'c'),
      ],
      initializers: [floats('r', [], [Math.SQRT1_2]), floats('one', [1], [1]), floats('half', [], [0.5])],
      outputs: ['a', 'b', 'c'],
      opset: 20,
    });
    expect(opsOf(network)).toEqual(['activation', 'activation', 'activation']);
    expect(network.nodes.slice(1).map(({ attributes }) => attributes)).toEqual(['gelu', 'geluTanh', 'gelu'].map((name) => ({ function: name })));
  });

  it('x · sigmoid(x), x · hardSigmoid(x) and x · relu6(x + 3) / 6 are one activation each', async () => {
    const network = await agreeing({
      nodes: [
        node('Sigmoid', ['x'], 's'), node('Mul', ['s', 'x'], 'a'),
        node('HardSigmoid', ['x'], 'h', { alpha: { float: 1 / 6 } }), node('Mul', ['x', 'h'], 'b'),
        node('Add', ['x', 'three'], 'p'), node('Clip', ['p', 'zero', 'six'], 'q'), node('Div', ['q', 'six'], 'r'), node('Mul', ['x', 'r'], 'c'),
      ],
      initializers: [floats('three', [], [3]), floats('zero', [], [0]), floats('six', [], [6])],
      outputs: ['a', 'b', 'c'],
    });
    expect(network.nodes.slice(1).map(({ attributes }) => attributes)).toEqual(['silu', 'hardSwish', 'hardSwish'].map((name) => ({ function: name })));
  });

  it('Softmax along channels, and before operator set 13 along all axes from one on', async () => {
    await agreeing({ nodes: [node('Softmax', ['x'], 'a', { axis: 1 }), node('Softmax', ['x'], 'b', { axis: 3 })], outputs: ['a', 'b'] });
    await agreeing({ nodes: [node('Softmax', ['x'], 'y', { axis: 2 })], opset: 11 });
  });

  it('PRelu with a slope for every value of a row', async () => {
    await agreeing({ nodes: [node('PRelu', ['x', 'slope'], 'y')], initializers: [random('slope', [3, 1, 5])] });
  });
});

describe('arithmetic', () => {
  it('numbers are gathered into one node, numbers along an axis into a norm, a bias into its product', async () => {
    const network = await agreeing({
      nodes: [
        node('Sub', ['x', 'half'], 'a'), node('Div', ['a', 'half'], 'b'), node('Neg', ['b'], 'c'), node('Sub', ['half', 'c'], 'd'),
        node('Mul', ['d', 'channels'], 'e'), node('Sub', ['channels', 'e'], 'f'), node('Div', ['f', 'channels'], 'g'),
        node('Flatten', ['g'], 'h'), node('MatMul', ['h', 'w'], 'i'), node('Add', ['i', 'bias'], 'y'),
      ],
      initializers: [floats('half', [], [0.5]), random('channels', [1, 3, 1, 1], 2), random('w', [90, 4]), random('bias', [4])],
    });
    expect(opsOf(network)).toEqual(['rescaling', 'batchNorm', 'rescaling', 'batchNorm', 'flatten', 'dense']);
    expect(network.nodes.find(({ op }) => op === 'dense')?.weights).toHaveProperty('bias');
  });

  it('a constant for every value, a constant along columns', async () => {
    const network = await agreeing({
      nodes: [node('Add', ['x', 'all'], 'a'), node('Mul', ['a', 'columns'], 'y')], initializers: [random('all', [3, 6, 5]), random('columns', [5], 2)],
    });
    expect(opsOf(network).filter((op) => op === 'batchNorm').length).toBe(2);
  });

  it('values of other layouts and sizes are joined as in the file', async () => {
    await agreeing({
      nodes: [
        node('Transpose', ['x'], 't', { perm: [0, 2, 1, 3] }), node('Reshape', ['x', 'shape'], 'r'), node('Add', ['t', 'r'], 'a'),
        node('ReduceMax', ['a'], 'm', { axes: [3] }), node('ReduceMean', ['a'], 'n', { axes: [1] }),
        node('Mul', ['m', 'n'], 'p'), node('Sum', ['p', 'a', 'm'], 'y'),
      ],
      initializers: [ints('shape', [0, 6, 3, 5])],
    });
  });

  it('Gemm with its matrix as it is and its vector scaled', async () => {
    const network = await agreeing({
      nodes: [node('Gemm', ['x', 'w', 'b'], 'y', { alpha: { float: 0.5 }, beta: { float: 2 } })], initializers: [random('w', [7, 4]), random('b', [1, 4])], input: [7],
    });
    expect(opsOf(network)).toEqual(['dense']);
  });
});

describe('axes', () => {
  it('splits, slices, gathers and joins', async () => {
    await agreeing({
      nodes: [
        node('Split', ['x'], ['a', 'b'], { axis: 1, num_outputs: 2 }), node('Split', ['x', 'sizes'], ['c', 'd'], { axis: -1 }),
        node('Slice', ['x', 'starts', 'ends', 'axes'], 'e'), node('Gather', ['x', 'index'], 'f', { axis: 1 }), node('Gather', ['x', 'run'], 'g', { axis: 2 }),
        node('Concat', ['d', 'c', 'c'], 'h', { axis: 3 }), node('Concat', ['b', 'a'], 'i', { axis: 1 }),
      ],
      initializers: [ints('sizes', [2, 3]), ints('starts', [1, -4]), ints('ends', [2 ** 40, -1]), ints('axes', [3, 2]), ints('index', [1], []), ints('run', [2, 3, 4])],
      outputs: ['e', 'f', 'g', 'h', 'i'],
      opset: 18,
    });
  });

  it('pads by attribute, by input, for chosen axes, and takes away', async () => {
    await agreeing({
      nodes: [node('Pad', ['x', 'pads', 'zero'], 'a'), node('Pad', ['x', 'few', '', 'axes'], 'b')],
      initializers: [ints('pads', [0, 0, 1, -1, 0, 0, -2, 2]), floats('zero', [], [0]), ints('few', [2, 0]), ints('axes', [-1])],
      outputs: ['a', 'b'],
      opset: 18,
    });
  });

  it('sizes asked of a tensor: flatten, shuffle, axes put in and taken out', async () => {
    const network = await agreeing({
      nodes: [
        node('Shape', ['x'], 's'), node('Gather', ['s', 'zero'], 'n'), node('Unsqueeze', ['n', 'first'], 'n1'), node('Concat', ['n1', 'minus'], 'shape', { axis: 0 }),
        node('Reshape', ['x', 'shape'], 'a'), node('Unsqueeze', ['a', 'axes'], 'b'), node('Squeeze', ['b', 'one'], 'c'), node('Squeeze', ['c', 'two'], 'd'),
        node('Slice', ['s', 'first2', 'end', 'first'], 'hw'), node('Concat', ['n1', 'groups', 'hw'], 'full', { axis: 0 }),
        node('Reshape', ['x', 'full'], 'e'), node('Transpose', ['e'], 'f', { perm: [0, 2, 1, 3, 4] }), node('Reshape', ['f', 's'], 'g'),
        node('Relu', ['d'], 'y'), node('Relu', ['g'], 'z'),
      ],
      initializers: [
        ints('zero', [0], []), ints('first', [0]), ints('minus', [-1]), ints('axes', [1, 3]), ints('one', [1]), ints('two', [2]),
        ints('first2', [2]), ints('end', [2 ** 33]), ints('groups', [2, 2]),
      ],
      input: [4, 3, 2],
      outputs: ['y', 'z'],
    });
    expect(opsOf(network).filter((op) => op === 'permute').length).toBe(2);
  });

  it('a reshape that divides axes unevenly', async () => {
    await agreeing({ nodes: [node('Reshape', ['x', 'shape'], 'r'), node('Relu', ['r'], 'y')], initializers: [ints('shape', [0, 8, 3])], input: [6, 2, 2] });
  });

  it('a fixed batch', async () => {
    await agreeing({
      nodes: [node('Reshape', ['x', 'shape'], 'r'), node('Gemm', ['r', 'w'], 'y', { transB: 1 })],
      initializers: [ints('shape', [3, 24]), random('w', [4, 24])], input: [4, 3, 2], batch: 3,
    });
  });
});

describe('Resize', () => {
  const roi = floats('none', [0], []);
  const resize = (attributes: Parameters<typeof node>[3], scales: readonly number[]): ModelOptions => ({
    nodes: [node('Resize', ['x', 'none', 'scales'], 'y', attributes)], initializers: [roi, floats('scales', [4], [1, 1, ...scales])], input: [2, 4, 3],
  });

  it.each([
    [{ mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }, [2, 3], 'halfPixel'],
    [{ mode: 'nearest' }, [2, 2], 'halfPixel'],
    [{ mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }, [0.5, 1], 'asymmetric'],
    [{ mode: 'nearest', coordinate_transformation_mode: 'align_corners', nearest_mode: 'round_prefer_ceil' }, [1.5, 3], 'alignCorners'],
    [{ mode: 'linear' }, [2, 3], 'halfPixel'],
    [{ mode: 'linear', coordinate_transformation_mode: 'pytorch_half_pixel' }, [0.5, 2], 'halfPixel'],
    [{ mode: 'linear', coordinate_transformation_mode: 'asymmetric' }, [1.5, 2], 'asymmetric'],
    [{ mode: 'linear', coordinate_transformation_mode: 'align_corners' }, [2, 2], 'alignCorners'],
  ])('%j by %j', async (attributes, scales, coordinates) => {
    const network = await agreeing(resize(attributes, scales));
    expect(network.nodes[1]).toMatchObject({ op: 'resize2d', attributes: { coordinates } });
  });

  it('to sizes, by axes, and as the Upsample of operator set 9', async () => {
    await agreeing({
      nodes: [node('Resize', ['x', '', '', 'sizes'], 'y', { mode: 'linear', axes: [2, 3] })], initializers: [ints('sizes', [7, 6])], opset: 18, input: [2, 4, 3],
    });
    await agreeing({ nodes: [node('Upsample', ['x', 'scales'], 'y', { mode: 'linear' })], initializers: [floats('scales', [4], [1, 1, 2, 2])], opset: 9, input: [2, 4, 3] });
  });
});
