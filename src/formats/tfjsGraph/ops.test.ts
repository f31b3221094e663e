import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { nodeOfOp } from '../../network/fixtures/networks.ts';
import type { Network } from '../../network/network.ts';
import { expectSameAsTfjs, openedGraph, runInLab } from '../fixtures/graphAgreement.ts';
import { attribute, graphBuilder, spatial, type GraphBuilder } from '../fixtures/graphModel.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Expects a graph from one picture `x` to be as in plain TensorFlow.js. */
function expectAgreement(shape: readonly number[], build: (b: GraphBuilder, x: string) => string, scale = 3): Promise<Network> {
  const b = graphBuilder(5);
  return expectSameAsTfjs(b.build([build(b, b.input('x', shape))]), shape, scale);
}

const scalar = (b: GraphBuilder, value: number): string => b.floats(`c${value}`, [], [value]);
const channels = (b: GraphBuilder): string => b.random('c', [1, 1, 1, 4], 0.5, 1);
const slice = (b: GraphBuilder, x: string, begin: number[], size: number[]): string =>
  b.node('Slice', 'y', [x, b.integers('begin', begin), b.integers('size', size)]);

const halfOf = (b: GraphBuilder, x: string): string => b.binary('Mul', 'half', scalar(b, 0.5), x);
const onePlusErf = (b: GraphBuilder, x: string): string =>
  b.binary('AddV2', 'plus', scalar(b, 1), b.unary('Erf', 'erf', b.binary('RealDiv', 'scaled', x, b.floats('root', [], [Math.SQRT2]))));
const tanhGate = (b: GraphBuilder, x: string, cube: string): string => {
  const inner = b.binary('AddV2', 'inner', x, b.binary('Mul', 'small', b.floats('k', [], [0.044715]), cube));
  return b.binary('AddV2', 'plus', b.unary('Tanh', 'tanh', b.binary('Mul', 'wide', inner, b.floats('w', [], [0.7978846]))), scalar(b, 1));
};
const relu6Of = (b: GraphBuilder, x: string): string => b.unary('Relu6', 'r6', b.binary('AddV2', 'x3', x, scalar(b, 3)));

const PICTURE = [5, 6, 4];
const last = (network: Network) => network.nodes[network.nodes.length - 1];
const { flag, integer, number, text, texts } = attribute;

describe('activations', () => {
  it.each(['Relu', 'Relu6', 'Elu', 'Selu', 'Sigmoid', 'Tanh', 'Softplus', 'Softmax'])('%s', async (op) => {
    const network = await expectAgreement(PICTURE, (b, x) => b.unary(op, 'y', x), 8);
    expect(last(network).op).toBe('activation');
  });

  it('LeakyRelu with its slope', async () => {
    const network = await expectAgreement(PICTURE, (b, x) => b.unary('LeakyRelu', 'y', x, { alpha: number(0.35) }));
    expect(nodeOfOp(network, 'y', 'activation').attributes.alpha).toBe(0.35);
  });

  it.each([[[4]], [[1, 1, 4]], [[5, 6, 4]], [[1, 1, 1, 4]]])('Prelu with an alpha of %j', async (shape) => {
    const network = await expectAgreement(PICTURE, (b, x) => b.node('Prelu', 'y', [x, b.random('alpha', shape)]));
    expect(last(network).op).toBe('prelu');
  });

  it.each([
    ['ClipByValue to 0 and 6', 'relu6', (b: GraphBuilder, x: string) => b.node('ClipByValue', 'y', [x, b.floats('a', [], [0]), b.floats('b', [], [6])])],
    ['a maximum with 0', 'relu', (b: GraphBuilder, x: string) => b.binary('Maximum', 'y', b.floats('a', [], [0]), x)],
    ['a minimum of a relu', 'relu6', (b: GraphBuilder, x: string) => b.binary('Minimum', 'y', b.unary('Relu', 'r', x), b.floats('six', [], [6]))],
    ['a clip between -1 and 2.5', 'hardSigmoid', (b: GraphBuilder, x: string) =>
      b.binary('Maximum', 'y', b.binary('Minimum', 'm', x, b.floats('b', [], [2.5])), b.floats('a', [], [-1]))],
  ] as const)('%s is %s', async (_name, expected, build) => {
    const network = await expectAgreement(PICTURE, build, 8);
    expect(network.nodes.flatMap((node) => (node.op === 'activation' ? [node.attributes.function] : []))).toEqual([expected]);
  });
});

describe('activations that the graph spells out', () => {
  it.each<[string, string, (b: GraphBuilder, x: string) => string]>([
    ['silu', 'x · sigmoid(x)', (b, x) => b.binary('Mul', 'y', x, b.unary('Sigmoid', 's', x))],
    ['silu', 'IdentityN of x · sigmoid(1 · x)', (b, x) =>
      b.node('IdentityN', 'n', [b.binary('Mul', 'y', b.unary('Sigmoid', 's', b.binary('Mul', 'beta', scalar(b, 1), x)), b.unary('Identity', 'i', x)), x])],
    ['hardSwish', '(x · relu6(x + 3)) / 6', (b, x) => b.binary('RealDiv', 'y', b.binary('Mul', 'xr', x, relu6Of(b, x)), scalar(b, 6))],
    ['hardSwish', 'relu6(x + 3) / 6 · x', (b, x) => b.binary('Mul', 'y', b.binary('RealDiv', 'r', relu6Of(b, x), scalar(b, 6)), x)],
    ['gelu', '(x / 2) · (1 + erf(x / √2))', (b, x) => b.binary('Mul', 'y', halfOf(b, x), onePlusErf(b, x))],
    ['gelu', 'x · ((1 + erf(x / √2)) / 2)', (b, x) => b.binary('Mul', 'y', x, b.binary('Mul', 'h', onePlusErf(b, x), scalar(b, 0.5)))],
    ['gelu', 'half · (x · (1 + erf))', (b, x) => b.binary('Mul', 'y', scalar(b, 0.5), b.binary('Mul', 'xe', x, onePlusErf(b, x)))],
    ['geluTanh', 'the tanh approximation with a power', (b, x) => b.binary('Mul', 'y', halfOf(b, x), tanhGate(b, x, b.binary('Pow', 'p', x, scalar(b, 3))))],
    ['geluTanh', 'the tanh approximation with x · x · x', (b, x) =>
      b.binary('Mul', 'y', halfOf(b, x), tanhGate(b, x, b.binary('Mul', 'xxx', b.binary('Mul', 'xx', x, x), x)))],
  ])('%s: %s', async (name, _how, build) => {
    // of a product, which must not be taken apart
    const network = await expectAgreement(PICTURE, (b, x) => build(b, b.binary('Mul', 'product', x, b.random('by', [4]))), 4);
    expect(network.nodes.map(({ op }) => op)).toEqual(['input', 'batchNorm', 'activation']);
    expect(nodeOfOp(network, network.outputs[0], 'activation').attributes.function).toBe(name);
  });

  it('is not seen where another layer is gated, or by another number', async () => {
    const gated = await expectAgreement(PICTURE, (b, x) => b.binary('Mul', 'y', b.conv('c', x, [1, 1, 4, 4]), b.unary('Sigmoid', 's', x)));
    expect(last(gated).op).toBe('multiply');
    const fifth = await expectAgreement(PICTURE, (b, x) => b.binary('RealDiv', 'y', b.binary('Mul', 'xr', x, relu6Of(b, x)), b.floats('five', [], [5])));
    expect(fifth.nodes.some((node) => node.op === 'activation' && node.attributes.function === 'hardSwish')).toBe(false);
    const twice = await expectAgreement(PICTURE, (b, x) => b.binary('Mul', 'y', b.unary('Sigmoid', 's', x), b.binary('Mul', 'xx', x, x)));
    expect(twice.nodes.filter(({ op }) => op === 'multiply')).toHaveLength(2);
  });
});

describe('arithmetic with constants', () => {
  it.each<[string, readonly string[], (b: GraphBuilder, x: string) => string]>([
    ['x + number', ['rescaling'], (b, x) => b.binary('AddV2', 'y', x, b.floats('c', [1], [0.7]))],
    ['number − x', ['rescaling'], (b, x) => b.binary('Sub', 'y', b.floats('c', [], [0.7]), x)],
    ['x / 127.5 − 1', ['rescaling'], (b, x) => b.binary('Sub', 'y', b.binary('RealDiv', 'd', x, b.floats('c', [], [127.5])), b.floats('one', [], [1]))],
    ['−x', ['rescaling'], (b, x) => b.unary('Neg', 'y', x)],
    ['x · channels', ['batchNorm'], (b, x) => b.binary('Mul', 'y', channels(b), x)],
    ['x / channels', ['batchNorm'], (b, x) => b.binary('RealDiv', 'y', x, channels(b))],
    ['channels − x', ['batchNorm'], (b, x) => b.binary('Sub', 'y', channels(b), x)],
    ['x − channels', ['batchNorm'], (b, x) => b.binary('Sub', 'y', x, b.random('c', [4]))],
    ['(x · a + b) · c + d', ['batchNorm'], (b, x) => {
      const first = b.binary('AddV2', 'f', b.binary('Mul', 'm', x, b.random('a', [4])), b.random('b', [4]));
      return b.binary('AddV2', 'y', b.binary('Mul', 'n', first, b.random('c', [4])), b.random('d', [4]));
    }],
    ['(x + a) · b', ['batchNorm'], (b, x) => b.binary('Mul', 'y', b.binary('AddV2', 'm', x, b.random('a', [4])), b.random('b', [4]))],
    ['x²', ['multiply'], (b, x) => b.unary('Square', 'y', x)],
    ['the sum of three', ['rescaling', 'rescaling', 'add'], (b, x) =>
      b.node('AddN', 'y', [x, b.binary('Mul', 'm', x, b.floats('a', [], [2])), b.binary('Add', 'n', x, b.floats('b', [], [3]))])],
  ])('%s', async (_name, expected, build) => {
    const network = await expectAgreement(PICTURE, build);
    expect(network.nodes.slice(1).map(({ op }) => op)).toEqual(expected);
  });

  it('a norm that is written out in constants becomes one layer after its convolution', async () => {
    const network = await expectAgreement(PICTURE, (b, x) => {
      const conv = b.conv('conv', x, [3, 3, 4, 3]);
      const deviation = b.unary('Rsqrt', 'rsqrt', b.binary('AddV2', 'eps', b.random('variance', [3], 0.4, 0.6), b.floats('e', [], [1e-3])));
      const scale = b.binary('Mul', 'scale', deviation, b.random('gamma', [3], 0.5, 1));
      const shift = b.binary('Sub', 'shift', b.random('beta', [3]), b.binary('Mul', 'moved', b.random('mean', [3]), scale));
      return b.binary('AddV2', 'y', b.binary('Mul', 'scaled', conv, scale), shift);
    });
    expect(network.nodes.map(({ op }) => op)).toEqual(['input', 'conv2d', 'batchNorm']);
  });

  it('a bias is not taken into a convolution that others read too', async () => {
    const network = await expectAgreement(PICTURE, (b, x) => {
      const conv = b.conv('conv', x, [1, 1, 4, 4]);
      return b.binary('Mul', 'y', b.binary('BiasAdd', 'bias', conv, b.random('b', [4])), conv);
    });
    expect(network.nodes.map(({ op }) => op)).toEqual(['input', 'conv2d', 'batchNorm', 'multiply']);
  });
});

describe('convolutions', () => {
  it.each<[string, (b: GraphBuilder, x: string) => string]>([
    ['VALID and strides', (b, x) => b.conv('y', x, [3, 2, 4, 3], { padding: text('VALID'), strides: spatial([2, 1]) })],
    ['dilations', (b, x) => b.conv('y', x, [3, 3, 4, 3], { dilations: spatial([1, 2]) })],
    ['explicit paddings', (b, x) => b.conv('y', x, [3, 3, 4, 3], { padding: text('EXPLICIT'), explicit_paddings: attribute.integers(0, 0, 2, 1, 0, 1, 0, 0) })],
    ['depthwise, two outputs a channel', (b, x) => b.conv('y', x, [3, 3, 4, 2], { strides: spatial(2) }, 'DepthwiseConv2dNative')],
    ['fused prelu', (b, x) => b.fusedConv('y', x, [1, 1, 4, 3], ['BiasAdd', 'Prelu'], [b.random('alpha', [3])])],
    ['fused with nothing', (b, x) => b.fusedConv('y', x, [1, 1, 4, 3], [])],
    ['fused depthwise with relu6', (b, x) => b.fusedConv('y', x, [3, 3, 4, 1], ['BiasAdd', 'Relu6'], [], {}, 'FusedDepthwiseConv2dNative')],
  ])('%s', async (_name, build) => {
    await expectAgreement(PICTURE, build);
  });

  it.each([
    ['SAME', [3, 3], 2, [10, 12]], ['SAME', [3, 3], 2, [9, 11]], ['SAME', [2, 2], 3, [15, 18]], ['SAME', [1, 1], 2, [10, 12]],
    ['VALID', [3, 3], 2, [11, 13]], ['VALID', [3, 2], 2, [12, 12]],
  ] as const)('transposed: %s, kernel %j, stride %d to %j', async (padding, kernel, stride, [height, width]) => {
    const network = await expectAgreement(PICTURE, (b, x) => {
      const shape = b.node('Pack', 'shape', [b.batchSize('batch', x), b.integer('h', height), b.integer('w', width), b.integer('c', 3)]);
      return b.node('Conv2DBackpropInput', 'y', [shape, b.random('filter', [...kernel, 3, 4]), x], { padding: text(padding), strides: spatial(stride) });
    });
    expect(last(network).op).toBe('transposedConv2d');
  });

  it('grouped, which plain TensorFlow.js does not run: as its groups apart', async () => {
    const b = graphBuilder(8);
    const grouped = await openedGraph(b.build([b.conv('y', b.input('x', [4, 4, 6]), [3, 3, 2, 3])]));
    const conv = nodeOfOp(grouped, 'y', 'conv2d');
    expect(conv.attributes.groups).toBe(3);
    const x = tf.randomUniform<tf.Rank.R4>([2, 4, 4, 6], -1, 1, 'float32', 2);
    const kernel = tf.tensor4d(conv.weights.kernel.values, [3, 3, 2, 3]);
    const apart = tf.concat(tf.split(x, 3, 3).map((part, g) => tf.conv2d(part as tf.Tensor4D, tf.slice(kernel, [0, 0, 0, g], [3, 3, 2, 1]), 1, 'same')), 3);
    const [found] = await runInLab(grouped, x);
    const expected = await apart.data();
    expect(Math.max(...found.map((value, k) => Math.abs(value - expected[k])))).toBeLessThan(1e-5);
  });
});

describe('pooling and resizing', () => {
  it.each<[string, (b: GraphBuilder, x: string) => string]>([
    ['maximum, SAME', (b, x) => b.pool('MaxPool', 'y', x, [3, 2], 2)],
    ['mean, SAME: of the pixels inside', (b, x) => b.pool('AvgPool', 'y', x, 3, [1, 2])],
    ['mean, VALID', (b, x) => b.pool('AvgPool', 'y', x, 2, 1, 'VALID')],
    ['global maximum', (b, x) => b.overPixels('Max', 'y', x, false)],
    ['global mean by negative axes', (b, x) => b.node('Mean', 'y', [x, b.integers('axes', [-2, -3])], { keep_dims: flag(true) })],
    ['nearest, from the corner', (b, x) => b.node('ResizeNearestNeighbor', 'y', [x, b.integers('s', [10, 9])], {})],
    ['nearest, corners aligned', (b, x) => b.node('ResizeNearestNeighbor', 'y', [x, b.integers('s', [9, 11])], { align_corners: flag(true) })],
    ['bilinear, half pixels', (b, x) => b.node('ResizeBilinear', 'y', [x, b.integers('s', [3, 9])], { half_pixel_centers: flag(true) })],
    ['bilinear, from the corner', (b, x) => b.node('ResizeBilinear', 'y', [x, b.integers('s', [7, 5])], {})],
  ])('%s', async (_name, build) => {
    await expectAgreement(PICTURE, build);
  });
});

describe('layouts', () => {
  it.each<[string, (b: GraphBuilder, x: string) => string]>([
    ['Slice along every axis', (b, x) => slice(b, x, [0, 1, 2, 1], [-1, 3, -1, 2])],
    ['StridedSlice with negative bounds', (b, x) => b.stridedSlice('y', x, [0, -4, 0, -3], [0, -1, 4, -1], [1, 1, 1, 1], { begin_mask: 1, end_mask: 1 })],
    ['StridedSlice that drops an axis', (b, x) => b.stridedSlice('y', x, [0, 2], [0, 3], [1, 1], { begin_mask: 1, end_mask: 1, shrink_axis_mask: 2 })],
    ['StridedSlice with an ellipsis', (b, x) => b.stridedSlice('y', x, [0, 1], [0, 3], [1, 1], { ellipsis_mask: 1 })],
    ['StridedSlice with a new axis', (b, x) => b.unary('Squeeze', 'z', b.stridedSlice('y', x, [0, 0, 1], [0, 0, 4], [1, 1, 1], { begin_mask: 1, end_mask: 1, new_axis_mask: 2 }))],
    ['SplitV with a free part', (b, x) => {
      b.node('SplitV', 'split', [x, b.integers('sizes', [1, -1]), b.integer('axis', 3)], { num_split: integer(2) });
      return b.concat('y', ['split:1', 'split'], 3);
    }],
    ['Transpose', (b, x) => b.node('Transpose', 'y', [x, b.integers('perm', [0, 2, 1, 3])])],
    ['ExpandDims and Squeeze', (b, x) => b.unary('Squeeze', 'y', b.node('ExpandDims', 'e', [x, b.integer('axis', -2)]), { axis: attribute.integers(3) })],
    ['Pad', (b, x) => b.pad('y', x, [1, 0], [2, 3])],
    ['Pad of channels on both sides', (b, x) => b.node('Pad', 'y', [x, b.integers('p', [0, 0, 1, 0, 0, 0, 2, 6], [4, 2])])],
    ['PadV2 with zeros', (b, x) => b.node('PadV2', 'y', [x, b.integers('p', [0, 0, 1, 1, 0, 2, 0, 0], [4, 2]), b.floats('zero', [], [0])])],
    ['Reshape with a free axis', (b, x) => b.reshape('y', x, [-1, 30, 4])],
    ['Reshape to one picture’s shape', (b, x) => b.node('Reshape', 'y', [x, b.node('ConcatV2', 's', [
      b.node('Pack', 'n', [b.batchSize('batch', x)]), b.integers('rest', [10, -1, 4]), b.integer('axis', 0),
    ])])],
  ])('%s', async (_name, build) => {
    await expectAgreement(PICTURE, build);
  });

  it('a dense layer along the channels, by way of a matrix of all pixels', async () => {
    const network = await expectAgreement(PICTURE, (b, x) => {
      const sizes = b.node('Shape', 'Shape', [x]);
      const gathered = (name: string, indices: number[]): string =>
        b.node('GatherV2', name, [sizes, b.integers(`${name}/i`, indices), b.integer(`${name}/axis`, 0)]);
      const free = gathered('free', [0, 1, 2]);
      const rows = b.node('Prod', 'rows', [free, b.integers('rows/axis', [0])]);
      const width = b.node('Prod', 'width', [gathered('last', [3]), b.integers('width/axis', [0])]);
      const matrix = b.node('Reshape', 'matrix', [x, b.node('Pack', 'matrix/shape', [rows, width])]);
      const product = b.binary('BiasAdd', 'bias', b.binary('MatMul', 'MatMul', matrix, b.random('kernel', [4, 7])), b.random('b', [7]));
      const whole = b.node('ConcatV2', 'whole/shape', [free, b.integers('outputs', [7]), b.integer('whole/axis', 0)]);
      return b.unary('Relu', 'y', b.node('Reshape', 'whole', [product, whole]));
    });
    expect(network.nodes.map(({ op }) => op)).toEqual(['input', 'dense', 'activation']);
  });
});

describe('a product', () => {
  it.each(['MatMul', 'BatchMatMulV2'])('%s of features and a constant', async (op) => {
    await expectAgreement([7], (b, x) => b.binary(op, 'y', x, b.random('k', [7, 3])));
  });

  it('fused, its kernel transposed, with an activation', async () => {
    await expectAgreement([7], (b, x) =>
      b.node('_FusedMatMul', 'y', [x, b.random('k', [3, 7]), b.random('bias', [3])], {
        transpose_b: flag(true), fused_ops: texts('BiasAdd', 'LeakyRelu'), num_args: integer(1), leakyrelu_alpha: number(0.25),
      }));
  });
});
