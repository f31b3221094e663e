import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Network } from '../network/network.ts';
import { nodeOfOp } from '../network/fixtures/networks.ts';
import { inferShapes } from '../network/shapes.ts';
import { expectSameAsTfjs } from './fixtures/graphAgreement.ts';
import { attribute, graphBuilder, spatial, type GraphBuilder, type GraphModel } from './fixtures/graphModel.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const ops = (network: Network): string[] => network.nodes.map(({ op }) => op);
const VALID = { padding: attribute.text('VALID') };

/** Norms after convolutions, a projected shortcut, a transposed kernel, scalars before the first layer. */
function residual(b: GraphBuilder): GraphModel {
  const x = b.input('images', [9, 9, 3]);
  const scaled = b.binary('Sub', 'sub', b.binary('Mul', 'mul', x, b.floats('mul/y', [], [2])), b.floats('sub/y', [1, 1, 1, 1], [0.5]));
  const stem = b.unary('Relu', 'stem/Relu', b.norm('stem/norm', b.conv('stem/Conv2D', scaled, [3, 3, 3, 6]), 6));
  const first = b.unary('Relu', 'a/Relu', b.norm('a/norm', b.conv('a/Conv2D', stem, [3, 3, 6, 5], { strides: spatial(2) }), 5, 'FusedBatchNorm'));
  const second = b.binary('BiasAdd', 'b/BiasAdd', b.conv('b/Conv2D', first, [1, 3, 5, 7], VALID), b.random('b/bias', [7]));
  const shortcut = b.conv('c/Conv2D', stem, [1, 1, 6, 7], { strides: spatial(2) });
  const sum = b.unary('Elu', 'elu', b.binary('AddV2', 'add', b.pad('pad', second, [0, 0], [1, 1]), shortcut));
  const pooled = b.overPixels('Mean', 'mean', sum, false);
  const product = b.binary('MatMul', 'dense', pooled, b.random('dense/kernel', [4, 7]), { transpose_b: attribute.flag(true) });
  const logits = b.binary('BiasAdd', 'logits', product, b.random('dense/bias', [4]));
  return b.build([b.unary('Identity', 'Identity', b.unary('Softmax', 'softmax', logits))]);
}

/** Inverted residuals: relu6, hard-swish, depthwise, squeeze-and-excite with a hard sigmoid, a linear shortcut. */
function mobileNet(b: GraphBuilder): GraphModel {
  const hardSigmoid = (name: string, x: string): string => {
    const shifted = b.binary('AddV2', `${name}/add`, x, b.floats(`${name}/three`, [], [3]));
    return b.binary('Mul', `${name}/mul`, b.unary('Relu6', `${name}/Relu6`, shifted), b.floats(`${name}/sixth`, [], [0.16666667]));
  };
  const x = b.input('input', [12, 10, 3]);
  const stem = b.norm('stem/norm', b.conv('stem', x, [3, 3, 3, 8], { strides: spatial(2) }), 8);
  const swished = b.binary('Mul', 'stem/hswish', stem, hardSigmoid('stem/hsigmoid', stem));
  const expanded = b.fusedConv('expand', swished, [1, 1, 8, 16], ['BiasAdd', 'Relu6']);
  const depthwise = b.norm('depthwise/norm', b.conv('depthwise', expanded, [3, 3, 16, 1], {}, 'DepthwiseConv2dNative'), 16);
  const squeezed = b.overPixels('Mean', 'se/Mean', depthwise, true);
  const reduced = b.fusedConv('se/reduce', squeezed, [1, 1, 16, 4], ['BiasAdd', 'Relu']);
  const gate = hardSigmoid('se/gate', b.fusedConv('se/expand', reduced, [1, 1, 4, 16], ['BiasAdd']));
  const excited = b.binary('Mul', 'se/Mul', depthwise, gate);
  const projected = b.fusedConv('project', excited, [1, 1, 16, 8], ['BiasAdd']);
  const sum = b.binary('AddV2', 'sum', swished, projected);
  const strided = b.fusedConv('strided', sum, [3, 3, 8, 2], ['BiasAdd', 'Relu6'], [], { strides: spatial(2) }, 'FusedDepthwiseConv2dNative');
  const silu = b.binary('Mul', 'silu', b.unary('Sigmoid', 'silu/Sigmoid', strided), strided);
  const pooled = b.overPixels('Max', 'max', silu, true);
  const flat = b.unary('Squeeze', 'squeeze', b.conv('logits', pooled, [1, 1, 16, 5]), { squeeze_dims: attribute.integers(1, 2) });
  return b.build([flat]);
}

/** Four branches joined, channels split and shuffled, both kinds of pooling; a flatten before the last layer. */
function inception(b: GraphBuilder): GraphModel {
  const x = b.input('x', [8, 8, 6]);
  const [left, right] = [b.node('Split', 'split', [b.integer('split/axis', 3), x], { num_split: attribute.integer(2) }), 'split:1'];
  const branches = [
    b.fusedConv('branch1', left, [1, 1, 3, 4], ['BiasAdd', 'Relu']),
    b.fusedConv('branch2b', b.fusedConv('branch2a', right, [1, 3, 3, 2], ['BiasAdd', 'LeakyRelu'], [], { leakyrelu_alpha: attribute.number(0.3) }), [3, 1, 2, 5], ['BiasAdd', 'Elu']),
    b.conv('branch3', b.pool('AvgPool', 'branch3/pool', x, 3, 1), [1, 1, 6, 3]),
    b.pool('MaxPool', 'branch4', x, [3, 2], 1),
  ];
  const joined = b.concat('concat', branches, -1);
  const grouped = b.reshape('shuffle/split', joined, [-1, 8, 8, 2, 9]);
  const turned = b.node('Transpose', 'shuffle/turn', [grouped, b.integers('shuffle/perm', [0, 1, 2, 4, 3])]);
  const shuffled = b.reshape('shuffle/join', turned, [-1, 8, 8, 18]);
  const pooled = b.pool('MaxPool', 'pool', shuffled, 2, 2, 'VALID');
  const flat = b.node('Reshape', 'flatten', [
    pooled, b.node('Pack', 'flatten/shape', [b.batchSize('flatten/batch', pooled), b.integer('flatten/rest', -1)], { axis: attribute.integer(0) }),
  ]);
  const fused = [flat, b.random('dense/kernel', [288, 3]), b.random('dense/bias', [3])];
  return b.build([b.node('_FusedMatMul', 'dense', fused, { fused_ops: attribute.texts('BiasAdd', 'Sigmoid'), num_args: attribute.integer(1) })]);
}

/** Down and up again with skips: transposed convolutions whose output shape the graph computes, resizing, two outputs. */
function uNet(b: GraphBuilder): GraphModel {
  const x = b.input('x', [9, 12, 3]);
  const first = b.fusedConv('down1', x, [3, 3, 3, 4], ['BiasAdd', 'Relu']);
  const second = b.fusedConv('down2', first, [3, 3, 4, 6], ['BiasAdd', 'Relu'], [], { strides: spatial(2) });
  const bottom = b.fusedConv('bottom', second, [3, 3, 6, 8], ['BiasAdd', 'Relu'], [], { strides: spatial(2) });
  const transposed = (name: string, from: string, kernel: readonly number[], like: string): string => {
    const sizes = b.node('Shape', `${name}/Shape`, [like], { out_type: attribute.type('DT_INT32') });
    const [height, width] = [1, 2].map((axis) => b.stridedSlice(`${name}/size${axis}`, sizes, [axis], [axis + 1], [1], { shrink_axis_mask: 1 }));
    const shape = b.node('Pack', `${name}/shape`, [b.batchSize(`${name}/batch`, from), height, width, b.integer(`${name}/channels`, kernel[2])]);
    return b.node('Conv2DBackpropInput', name, [shape, b.random(`${name}/filter`, kernel), from], {
      data_format: attribute.text('NHWC'), padding: attribute.text('SAME'), strides: spatial(2), dilations: spatial(1),
    });
  };
  const up1 = b.binary('BiasAdd', 'up1/bias', transposed('up1', bottom, [3, 3, 6, 8], second), b.random('up1/values', [6]));
  const joined = b.fusedConv('join1', b.concat('skip1', [up1, second], 3), [3, 3, 12, 5], ['BiasAdd', 'Relu']);
  const up2 = b.concat('skip2', [transposed('up2', joined, [2, 2, 4, 5], first), first], -1);
  const sizes = b.node('Shape', 'resize/Shape', [second]);
  const twice = b.binary('Mul', 'resize/size', b.stridedSlice('resize/slice', sizes, [1], [3], [1]), b.integers('resize/two', [2, 2]));
  const nearest = b.node('ResizeNearestNeighbor', 'nearest', [second, twice], { half_pixel_centers: attribute.flag(true), align_corners: attribute.flag(false) });
  const bilinear = b.node('ResizeBilinear', 'bilinear', [b.conv('narrow', nearest, [1, 1, 6, 2]), b.integers('bilinear/size', [5, 7])], { align_corners: attribute.flag(true) });
  return b.build([b.unary('Sigmoid', 'mask', b.conv('mask/conv', up2, [1, 1, 8, 2])), b.unary('Identity', 'small', bilinear)]);
}

describe('a graph model gives the outputs of plain TensorFlow.js', () => {
  it('of a residual network, each norm and bias one layer', async () => {
    const network = await expectSameAsTfjs(residual(graphBuilder(1)), [9, 9, 3]);
    expect(ops(network)).toEqual([
      'input', 'rescaling', 'conv2d', 'batchNorm', 'activation', 'conv2d', 'batchNorm', 'activation', 'conv2d', 'zeroPad2d',
      'conv2d', 'add', 'activation', 'globalAveragePool2d', 'dense', 'activation',
    ]);
    expect(nodeOfOp(network, 'mul', 'rescaling').attributes).toEqual({ scale: 2, offset: -0.5 });
    expect(nodeOfOp(network, 'b/Conv2D', 'conv2d').weights.bias?.shape).toEqual([7]);
    expect(network.outputs).toEqual(['softmax']);
  });

  it('of MobileNet-like blocks, with the activations that the graph spells out by name', async () => {
    const network = await expectSameAsTfjs(mobileNet(graphBuilder(2)), [12, 10, 3]);
    expect(nodeOfOp(network, 'stem/hswish', 'activation').attributes.function).toBe('hardSwish');
    expect(nodeOfOp(network, 'silu', 'activation').attributes.function).toBe('silu');
    expect(nodeOfOp(network, 'se/Mul', 'multiply').inputs).toEqual(['depthwise/norm', 'se/gate/mul']);
    expect(nodeOfOp(network, 'strided', 'depthwiseConv2d').weights.kernel.shape).toEqual([3, 3, 8, 2]);
    expect(inferShapes(network).get(network.outputs[0])).toEqual([5]);
  });

  it('of an inception block with a channel shuffle and a flatten whose shape the graph computes', async () => {
    const network = await expectSameAsTfjs(inception(graphBuilder(3)), [8, 8, 6]);
    expect(nodeOfOp(network, 'split', 'slice').attributes).toEqual({ axis: 2, start: 0, size: 3 });
    expect(nodeOfOp(network, 'split:1', 'slice').attributes).toEqual({ axis: 2, start: 3, size: 3 });
    expect(nodeOfOp(network, 'flatten', 'flatten').inputs).toEqual(['pool']);
    expect(nodeOfOp(network, 'branch2a_activation', 'activation').attributes).toEqual({ function: 'leakyRelu', alpha: 0.3 });
  });

  it('of a U-Net of two outputs', async () => {
    const network = await expectSameAsTfjs(uNet(graphBuilder(4)), [9, 12, 3]);
    expect(network.outputs).toEqual(['mask', 'bilinear']);
    expect(nodeOfOp(network, 'up1', 'transposedConv2d').weights.bias?.shape).toEqual([6]);
    expect(nodeOfOp(network, 'nearest', 'resize2d').attributes).toEqual({ size: [10, 12], interpolation: 'nearest', coordinates: 'halfPixel' });
    expect(nodeOfOp(network, 'bilinear', 'resize2d').attributes.coordinates).toBe('alignCorners');
  });
});
