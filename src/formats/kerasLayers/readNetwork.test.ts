import { describe, expect, it } from 'vitest';
import type { Node, Weight } from '../../network/network.ts';
import { MissingWeightError, ModelFileError, UnsupportedConfigError, UnsupportedGraphError, UnsupportedLayerError } from './errors.ts';
import { parseModelConfig, type Dialect } from './modelConfig.ts';
import { readableGraph, readNetwork } from './readNetwork.ts';

interface Read {
  dialect?: Dialect;
  shape?: readonly number[];
  /** Shapes of the weights that the file holds. */
  weights?: Readonly<Record<string, readonly number[]>>;
  call?: unknown;
}

const zeros = (shape: readonly number[]): Weight => ({ shape, values: new Float32Array(shape.reduce((p, d) => p * d, 1)) });

/** Nodes of a layer `op` between an input `in`, a sibling `twin` of it, and nothing. */
function read(className: string, config: object, { dialect = 'keras2', shape = [6, 5, 4], weights = {}, call = [['in', 0, 0, {}]] }: Read = {}): readonly Node[] {
  const model = parseModelConfig({
    class_name: 'Functional',
    config: {
      name: 'm',
      layers: [
        { class_name: 'InputLayer', name: 'in', config: { batch_input_shape: [null, ...shape] }, inbound_nodes: [] },
        { class_name: 'Identity', name: 'twin', config: {}, inbound_nodes: [[['in', 0, 0, {}]]] },
        { class_name: className, name: 'op', config, inbound_nodes: [call] },
      ],
      input_layers: [['in', 0, 0]],
      output_layers: [['op', 0, 0]],
    },
  }, 'The model');
  const network = readNetwork(readableGraph(model), dialect, (layer) => (name) => {
    if (!Object.hasOwn(weights, name)) throw new MissingWeightError(layer.id, name, 'the test does not give');
    return zeros(weights[name]);
  });
  return network.nodes.slice(2);
}

const statistics = (nodes: readonly Node[]): unknown => nodes.map(({ op, attributes, weights }) => [op, attributes, weights]);
const vector = (...values: number[]): Weight => ({ shape: [4], values: Float32Array.from(values) });
const both = [['in', 0, 0, {}], ['twin', 0, 0, {}]];

describe('layers by the rules of Keras', () => {
  it.each<[string, object, string, object, Read?]>([
    ['ReLU', { negative_slope: 0.1, threshold: 0 }, 'activation', { function: 'leakyRelu', alpha: 0.1 }],
    ['LeakyReLU', {}, 'activation', { function: 'leakyRelu', alpha: 0.3 }],
    ['LeakyReLU', { negative_slope: 0.2 }, 'activation', { function: 'leakyRelu', alpha: 0.2 }, { dialect: 'keras3' }],
    ['ELU', { alpha: 0.5 }, 'activation', { function: 'elu', alpha: 0.5 }],
    ['Activation', { activation: 'leaky_relu' }, 'activation', { function: 'leakyRelu', alpha: 0.2 }],
    ['Activation', { activation: 'hard_silu' }, 'activation', { function: 'hardSwish' }, { dialect: 'keras3' }],
    ['Activation', { activation: 'hard_sigmoid' }, 'activation', { function: 'hardSigmoid', alpha: 0.2, beta: 0.5 }],
    ['Activation', { activation: 'hard_sigmoid' }, 'activation', { function: 'hardSigmoid' }, { dialect: 'keras3' }],
    ['Activation', { activation: { class_name: 'LeakyReLU', config: { alpha: 0.4 } } }, 'activation', { function: 'leakyRelu', alpha: 0.4 }],
    ['Activation', { activation: { module: 'builtins', class_name: 'function', config: 'relu6' } }, 'activation', { function: 'relu6' }],
    ['Resizing', { height: 3, width: 9, interpolation: 'nearest' }, 'resize2d', { size: [3, 9], interpolation: 'nearest', coordinates: 'halfPixel' }],
    ['UpSampling2D', { size: 2, interpolation: 'bilinear' }, 'resize2d', { size: [12, 10], interpolation: 'bilinear', coordinates: 'halfPixel' }],
    ['GlobalMaxPooling2D', { keepdims: true }, 'globalMaxPool2d', { keepDims: true }],
    ['Concatenate', { axis: -2 }, 'concat', { axis: 1 }, { call: both }],
    ['Subtract', {}, 'subtract', {}, { call: both }],
    ['RandomFlip', { mode: 'horizontal' }, 'dropout', { rate: 0 }],
    ['SpatialDropout2D', { rate: 0.3 }, 'dropout', { rate: 0.3 }],
    ['TFOpLambda', { function: 'nn.relu6' }, 'activation', { function: 'relu6' }],
    ['TFOpLambda', { function: 'math.truediv' }, 'rescaling', { scale: 0.25, offset: 0 }, { call: ['in', 0, 0, { y: 4, name: null }] }],
    ['TFOpLambda', { function: 'math.subtract' }, 'subtract', {}, { call: ['in', 0, 0, { y: ['twin', 0, 0], name: null }] }],
    ['DepthwiseConv2D', { kernel_size: [3, 3], dilation_rate: [2, 1], use_bias: false }, 'depthwiseConv2d', { strides: [1, 1], padding: 'valid', dilations: [2, 1] },
      { weights: { depthwise_kernel: [3, 3, 4, 2] } }],
    ['Conv2DTranspose', { filters: 2, kernel_size: 3, strides: 2, padding: 'same', output_padding: 0, use_bias: false }, 'transposedConv2d', { strides: [2, 2], cropping: [[1, 1], [1, 1]] },
      { weights: { kernel: [3, 3, 2, 4] } }],
    ['Conv2DTranspose', { filters: 2, kernel_size: 3, strides: 2, padding: 'valid', output_padding: [1, 0], use_bias: false }, 'transposedConv2d', { strides: [2, 2], cropping: [[0, -1], [0, 0]] },
      { weights: { kernel: [3, 3, 2, 4] } }],
    ['GroupNormalization', { groups: -1, axis: -1, scale: false, center: false }, 'groupNorm', { groups: 4, epsilon: 1e-3 }],
  ])('%s %j', (className, config, op, attributes, how) => {
    const nodes = read(className, config, how);
    expect(nodes).toHaveLength(1);
    expect(nodes[0]).toMatchObject({ id: 'op', op, attributes });
  });

  it('Average is a sum and its share', () => {
    expect(read('Average', {}, { call: both })).toMatchObject([
      { id: 'op_sum', op: 'add', inputs: ['in', 'twin'] },
      { id: 'op', op: 'rescaling', inputs: ['op_sum'], attributes: { scale: 0.5, offset: 0 } },
    ]);
  });

  it('Normalization takes its statistics from the file or from its settings, one number or one a channel', () => {
    expect(statistics(read('Normalization', { axis: -1 }, { weights: { mean: [4], variance: [4], count: [] } }))).toEqual([
      ['batchNorm', { epsilon: 0 }, { mean: vector(0, 0, 0, 0), variance: vector(1e-14, 1e-14, 1e-14, 1e-14) }],
    ]);
    expect(statistics(read('Normalization', { axis: null, mean: 2, variance: 4 }))).toEqual([
      ['batchNorm', { epsilon: 0 }, { mean: vector(2, 2, 2, 2), variance: vector(4, 4, 4, 4) }],
    ]);
    expect(statistics(read('Normalization', { axis: 3, mean: [1, 2, 3, 4], variance: [1, 1, 2, 2] }))).toEqual([
      ['batchNorm', { epsilon: 0 }, { mean: vector(1, 2, 3, 4), variance: vector(1, 1, 2, 2) }],
    ]);
  });
});

describe('what is refused, and how it is said', () => {
  it.each<[string, object, new (...args: never[]) => Error, RegExp, Read?]>([
    ['Lambda', {}, UnsupportedLayerError, /Layer "op" is a Lambda, which is not supported\. Supported: InputLayer/],
    ['ReLU', { max_value: 4 }, UnsupportedConfigError, /"op" \(ReLU\): max_value must be absent or 6.*found 4/],
    ['ReLU', { max_value: 6, negative_slope: 0.1 }, UnsupportedConfigError, /max_value must be absent where negative_slope/],
    ['ReLU', { threshold: 0.5 }, UnsupportedConfigError, /a rectifier with a threshold would have to be an op/],
    ['Softmax', { axis: 1 }, UnsupportedConfigError, /axis must be the last \(-1 or 3\), found 1/],
    ['LayerNormalization', { axis: [1, 2, 3] }, UnsupportedConfigError, /axis must be the last.*\[1,2,3\]/],
    ['LayerNormalization', { axis: -1, rms_scaling: true }, UnsupportedConfigError, /rms_scaling/],
    ['GroupNormalization', { groups: 3 }, UnsupportedConfigError, /groups must divide 4 channels, found 3/],
    ['Normalization', { axis: 1 }, UnsupportedConfigError, /axis must be the last/],
    ['Normalization', { axis: -1, invert: true }, UnsupportedConfigError, /invert/],
    ['Resizing', { height: 3, width: 3, crop_to_aspect_ratio: true }, UnsupportedConfigError, /crop_to_aspect_ratio must be false/],
    ['Resizing', { height: 3, width: 3, interpolation: 'bicubic' }, UnsupportedConfigError, /interpolation.*"bicubic"/],
    ['Reshape', { target_shape: [-1, 7] }, UnsupportedConfigError, /at most one size open and hold 120 values/],
    ['Reshape', { target_shape: [-1, -1] }, UnsupportedConfigError, /at most one size open/],
    ['Concatenate', { axis: 0 }, UnsupportedGraphError, /joins along axis 0/, { call: both }],
    ['TFOpLambda', { function: 'image.resize' }, UnsupportedConfigError, /function must be one of.*"image\.resize"/],
    ['Divide', { name: 'op' }, UnsupportedConfigError, /a number divided by a value/, { call: { args: [1, tensor('in')], kwargs: {} } }],
    ['Divide', { name: 'op' }, UnsupportedGraphError, /computes divide of 2 values/, { call: { args: [tensor('in'), tensor('twin')], kwargs: {} } }],
    ['Activation', { activation: 'relu' }, UnsupportedGraphError, /"op" \(Activation\) is called on a number/, { call: { args: [tensor('in'), 2], kwargs: {} } }],
    ['Activation', { activation: 'relu' }, UnsupportedGraphError, /called with mask = /, { call: { args: [tensor('in')], kwargs: { mask: tensor('twin') } } }],
    ['Activation', { activation: 'relu' }, ModelFileError, /connections of "op" cannot be read.*__numpy__/,
      { call: { args: [{ class_name: '__numpy__', config: { value: [1] } }], kwargs: {} } }],
    ['Conv2D', { filters: 2, kernel_size: 3 }, MissingWeightError, /Layer "op" needs the weight "kernel"/],
    ['Softmax', {}, UnsupportedGraphError, /"op" \(Softmax\) takes one input, found 2/, { call: both }],
  ])('%s %j', (className, config, error, message, how) => {
    expect(() => read(className, config, how)).toThrow(error);
    expect(() => read(className, config, how)).toThrow(message);
  });
});

function tensor(name: string): unknown {
  return { class_name: '__keras_tensor__', config: { shape: [null], dtype: 'float32', keras_history: [name, 0, 0] } };
}

const input = { class_name: 'InputLayer', name: 'in', config: { batch_input_shape: [null, 4] }, inbound_nodes: [] };

/** A model that gives its input back. */
function echo(name: string, ...from: readonly string[]) {
  return {
    class_name: 'Functional',
    name,
    config: { layers: [{ class_name: 'InputLayer', name: 'i', config: {}, inbound_nodes: [] }], input_layers: [['i', 0, 0]], output_layers: [['i', 0, 0]] },
    inbound_nodes: [from.map((source) => [source, 0, 0, {}])],
  };
}

function graphOf(layers: unknown[], output = 'm0'): unknown {
  const config = { layers, input_layers: [['in', 0, 0]], output_layers: [[output, 0, 0]] };
  return readableGraph(parseModelConfig({ class_name: 'Functional', config }, 'The model'));
}

describe('hostile wiring', () => {
  it('cycles through inner models, and lists or models nested without end, are refused', () => {
    expect(() => graphOf([input, echo('m0', 'm1'), echo('m1', 'm0')])).toThrow(/"m0", which is part of a cycle/);
    const deep = JSON.parse(`${'['.repeat(4000)}["in",0,0]${']'.repeat(4000)}`) as unknown;
    const reader = { class_name: 'Identity', name: 'm0', config: {}, inbound_nodes: [{ args: [deep], kwargs: {} }] };
    expect(() => graphOf([input, reader])).toThrow(/"m0" cannot be read/);
    let model: object = { layers: [input], output_layers: [['in', 0, 0]] };
    for (let k = 0; k < 40; k++) model = { layers: [{ class_name: 'Functional', name: 'm0', config: model, inbound_nodes: [] }], output_layers: [['m0', 0, 0]] };
    expect(() => readableGraph(parseModelConfig({ class_name: 'Functional', config: model }, 'The model'))).toThrow(/nests models too deeply/);
  });

  it('inner models are called on as many values as they have inputs, and give outputs that they have', () => {
    expect(() => graphOf([input, echo('m0', 'in', 'in')])).toThrow(/"m0" has 1 inputs, but is called on 2 values/);
    const second = { class_name: 'Identity', name: 'x', config: {}, inbound_nodes: [[['m0', 1, 1, {}]]] };
    expect(() => graphOf([input, echo('m0', 'in'), second], 'x')).toThrow(/"x" reads output 1 of "m0", which has 1/);
  });

  it('a chain of thousands of inner models is followed to its end', () => {
    const chain = Array.from({ length: 3000 }, (_, k) => echo(`m${k}`, k === 2999 ? 'in' : `m${k + 1}`));
    expect(graphOf([input, ...chain])).toMatchObject({ layers: [{ id: 'in' }], outputs: ['in'] });
  });
});
