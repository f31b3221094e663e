import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { CompiledNetwork } from '../engine/interpreter.ts';
import { startWasm } from '../engine/fixtures/wasmBackend.ts';
import { residualNetwork } from '../network/fixtures/networks.ts';
import type { Network, Node } from '../network/network.ts';
import { greatestDifference, savedByTfjs, shardReader } from './fixtures/plainTfjs.ts';
import {
  exportTfjsLayers, importTfjsLayers, MissingWeightError, ModelFileError, UnsupportedConfigError, UnsupportedGraphError,
} from './tfjsLayers.ts';

beforeAll(async () => {
  await startWasm();
});

const { layers } = tf;
type Symbolic = tf.SymbolicTensor;
type AnyLayer = { apply: (inputs: Symbolic | Symbolic[]) => unknown };

/** `layer` between an input of `shape` and a layer that keeps its value. */
function around(layer: AnyLayer, shape: number[] = [8, 7, 4]): tf.LayersModel {
  const input = tf.input({ shape, name: 'in' });
  const value = layer.apply(input) as Symbolic;
  return tf.model({ inputs: input, outputs: layers.activation({ activation: 'linear', name: 'out' }).apply(value) as Symbolic });
}

/** Draws for every weight, so that zeros and ones of the initialisers hide nothing. */
function randomise(model: tf.LayersModel): void {
  model.setWeights(model.getWeights().map((weight, i) => tf.randomUniform(weight.shape, weight.rank > 1 ? -0.4 : 0.1, 0.5, 'float32', i)));
}

async function imported(model: tf.LayersModel): Promise<Network> {
  const { modelJson, shards } = await savedByTfjs(model);
  return importTfjsLayers(modelJson, shardReader(shards));
}

/** The lab's values of all outputs for `batch`. */
async function inLab(network: Network, batch: tf.Tensor): Promise<readonly Float32Array[]> {
  const compiled = new CompiledNetwork(network);
  const values = compiled.run(batch);
  const read = await Promise.all(network.outputs.map(async (id) => (await values[id].data()) as Float32Array));
  tf.dispose(values);
  compiled.dispose();
  return read;
}

/** Imports the model and expects the lab to compute what plain TensorFlow.js does. */
async function expectSame(model: tf.LayersModel): Promise<Network> {
  randomise(model);
  const network = await imported(model);
  const batch = tf.randomUniform([2, ...(model.inputs[0].shape.slice(1) as number[])], -2, 2, 'float32', 7);
  const plain = [tf.tidy(() => model.predict(batch))].flat();
  const lab = await inLab(network, batch);
  for (const [k, tensor] of plain.entries()) {
    const expected = (await tensor.data()) as Float32Array;
    expect(new Set(expected).size).toBeGreaterThan(2);
    expect(greatestDifference(lab[k], expected)).toBeLessThan(1e-4);
  }
  tf.dispose([batch, plain]);
  return network;
}

const opsOf = ({ nodes }: Network): readonly string[] => nodes.slice(1, -1).map(({ op }) => op);

describe('every layer of plain TensorFlow.js that the lab has an op for is read, and computes the same to 1e-4', () => {
  const wide = { kernelSize: 3, strides: 2, padding: 'same' } as const;
  it.each<[string, AnyLayer, string[], number[]?]>([
    ['Conv2D', layers.conv2d({ filters: 3, ...wide }), ['conv2d']],
    ['Conv2D, dilated, with an activation', layers.conv2d({ filters: 3, kernelSize: [3, 2], dilationRate: [2, 1], activation: 'swish' }), ['conv2d', 'activation']],
    ['DepthwiseConv2D', layers.depthwiseConv2d({ ...wide, depthMultiplier: 2, activation: 'relu6' }), ['depthwiseConv2d', 'activation']],
    ['SeparableConv2D', layers.separableConv2d({ filters: 3, ...wide, depthMultiplier: 2, activation: 'elu' }), ['depthwiseConv2d', 'conv2d', 'activation']],
    ['SeparableConv2D, dilated', layers.separableConv2d({ filters: 3, kernelSize: 3, dilationRate: 2, useBias: false }), ['depthwiseConv2d', 'conv2d']],
    ['Conv2DTranspose, same', layers.conv2dTranspose({ filters: 3, kernelSize: 4, strides: 2, padding: 'same' }), ['transposedConv2d']],
    ['Conv2DTranspose, same, odd', layers.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2, padding: 'same' }), ['transposedConv2d']],
    ['Conv2DTranspose, strides above the kernel', layers.conv2dTranspose({ filters: 3, kernelSize: 2, strides: [3, 1], padding: 'valid' }), ['transposedConv2d']],
    ['Conv2DTranspose, same, strides above the kernel', layers.conv2dTranspose({ filters: 3, kernelSize: 1, strides: 3, padding: 'same' }), ['transposedConv2d']],
    ['Dense on a picture', layers.dense({ units: 5, activation: 'gelu' }), ['dense', 'activation']],
    ['Dense on a vector', layers.dense({ units: 5, useBias: false }), ['dense'], [6]],
    ['BatchNormalization', layers.batchNormalization({ axis: 3, center: false }), ['batchNorm']],
    ['LayerNormalization', layers.layerNormalization({ axis: [3] }), ['layerNorm']],
    ['ReLU', layers.reLU({}), ['activation']],
    ['ReLU to 6', layers.reLU({ maxValue: 6 }), ['activation']],
    ['LeakyReLU', layers.leakyReLU({ alpha: 0.15 }), ['activation']],
    ['PReLU', layers.prelu({ sharedAxes: [1, 2] }), ['prelu']],
    ['PReLU of its own for each value', layers.prelu({}), ['prelu']],
    ['ELU', layers.elu({}), ['activation']],
    ['Softmax', layers.softmax({ axis: -1 }), ['activation']],
    ...(['elu', 'selu', 'gelu', 'hardSigmoid', 'softplus', 'sigmoid', 'tanh', 'swish', 'softmax'] as const).map(
      (activation): [string, AnyLayer, string[]] => [`Activation ${activation}`, layers.activation({ activation }), ['activation']],
    ),
    ['MaxPooling2D', layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }), ['maxPool2d']],
    ['AveragePooling2D', layers.averagePooling2d({ poolSize: [3, 2], strides: 2, padding: 'same' }), ['averagePool2d']],
    ['GlobalAveragePooling2D', layers.globalAveragePooling2d({}), ['globalAveragePool2d']],
    ['GlobalMaxPooling2D', layers.globalMaxPooling2d({}), ['globalMaxPool2d']],
    ['Flatten', layers.flatten(), ['flatten']],
    ['Reshape with an open size', layers.reshape({ targetShape: [4, -1, 2] as number[] }), ['reshape']],
    ['Permute', layers.permute({ dims: [3, 1, 2] }), ['permute']],
    ['ZeroPadding2D', layers.zeroPadding2d({ padding: [[1, 2], [0, 3]] }), ['zeroPad2d']],
    ['Cropping2D', layers.cropping2D({ cropping: [[1, 2], [0, 3]] }), ['crop2d']],
    ['UpSampling2D, nearest', layers.upSampling2d({ size: [2, 3] }), ['resize2d']],
    ['UpSampling2D, bilinear', layers.upSampling2d({ size: [2, 3], interpolation: 'bilinear' }), ['resize2d']],
    ['Rescaling', layers.rescaling({ scale: 0.1, offset: -3 }), ['rescaling']],
    ['Rescaling by channel', layers.rescaling({ scale: [0.1, 1, -2, 3] as unknown as number, offset: 0.5 }), ['batchNorm']],
    ['Dropout', layers.dropout({ rate: 0.5 }), ['dropout']],
    ['GaussianDropout', layers.gaussianDropout({ rate: 0.5 }), ['dropout']],
    ['GaussianNoise', layers.gaussianNoise({ stddev: 0.5 }), ['dropout']],
    ['AlphaDropout', layers.alphaDropout({ rate: 0.5 }), ['dropout']],
  ])('%s', async (_name, layer, ops, shape) => {
    expect(opsOf(await expectSame(around(layer, shape)))).toEqual(ops);
  });

  it('merges: Add, Multiply and Concatenate of shapes that are broadcast, and Average', async () => {
    const input = tf.input({ shape: [5, 4, 3], name: 'in' });
    const tanh = layers.activation({ activation: 'tanh' }).apply(input) as Symbolic;
    const pooled = layers.globalAveragePooling2d({}).apply(input) as Symbolic;
    const gate = layers.multiply().apply([pooled, layers.add().apply([input, tanh, input]) as Symbolic]) as Symbolic;
    const mean = layers.average({ name: 'mean' }).apply([gate, tanh]) as Symbolic;
    const joined = layers.concatenate({ axis: 2 }).apply([mean, gate]) as Symbolic;
    const channels = layers.concatenate().apply([mean, gate]) as Symbolic;
    const network = await expectSame(tf.model({ inputs: input, outputs: [joined, channels] }));
    expect(network.outputs).toHaveLength(2);
  });
});

const inner = (): tf.LayersModel => {
  const input = tf.input({ shape: [6, 6, 3], name: 'inner_in' });
  const conv = layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same', activation: 'relu', name: 'conv' }).apply(input) as Symbolic;
  const sum = layers.add({ name: 'sum' }).apply([conv, input]) as Symbolic;
  return tf.model({ inputs: input, outputs: layers.batchNormalization({ name: 'norm' }).apply(sum) as Symbolic, name: 'inner' });
};

describe('models as layers', () => {
  it('are flattened into ids outer/inner, Functional in Functional', async () => {
    const input = tf.input({ shape: [6, 6, 3], name: 'in' });
    const first = layers.conv2d({ filters: 3, kernelSize: 1, name: 'stem' }).apply(input) as Symbolic;
    const value = inner().apply(first) as Symbolic;
    const network = await expectSame(tf.model({ inputs: input, outputs: layers.flatten({ name: 'flat' }).apply(value) as Symbolic }));
    expect(network.nodes.map(({ id }) => id)).toEqual([
      'in', 'stem', 'inner/conv', 'inner/conv_activation', 'inner/sum', 'inner/norm', 'flat',
    ]);
    expect(network.nodes.find(({ id }) => id === 'inner/sum')?.inputs).toEqual(['inner/conv_activation', 'stem']);
  });

  it('Functional and Sequential in Sequential, the first of them with the only input', async () => {
    const head = tf.sequential({ name: 'head', layers: [layers.flatten({ inputShape: [6, 6, 3], name: 'flat' }), layers.dense({ units: 4, name: 'dense' })] });
    const network = await expectSame(tf.sequential({ layers: [inner(), head, layers.softmax({ name: 'softmax' })] }));
    expect(network.nodes[0]).toMatchObject({ id: 'inner/inner_in', op: 'input' });
    expect(network.nodes.map(({ id }) => id)).toContain('head/dense');
    expect(network.outputs).toEqual(['softmax']);
  });

  it('that are used twice are refused by name', async () => {
    const input = tf.input({ shape: [6, 6, 3], name: 'in' });
    const shared = inner();
    const twice = shared.apply(shared.apply(input)) as Symbolic;
    const model = tf.model({ inputs: input, outputs: twice });
    await expect(imported(model)).rejects.toThrow(UnsupportedGraphError);
    await expect(imported(model)).rejects.toThrow(/"inner" is used 2 times/);
  });
});

describe('settings that plain TensorFlow.js ignores and Keras does not', () => {
  it.each([
    ['ReLU', layers.reLU({ name: 'op' }), { negative_slope: 0.2 }, /negative_slope must be 0: plain TensorFlow.js ignores/],
    ['ReLU', layers.reLU({ name: 'op' }), { threshold: 1 }, /threshold must be 0/],
    ['ReLU', layers.reLU({ name: 'op' }), { max_value: 2 }, /max_value must be absent or 6.*found 2/],
    ['DepthwiseConv2D', layers.depthwiseConv2d({ kernelSize: 3, name: 'op' }), { dilation_rate: [2, 2] }, /dilation_rate must be 1: plain/],
    ['Conv2DTranspose', layers.conv2dTranspose({ filters: 2, kernelSize: 3, name: 'op' }), { output_padding: [1, 1] }, /output_padding/],
    ['Conv2DTranspose', layers.conv2dTranspose({ filters: 2, kernelSize: 3, name: 'op' }), { dilation_rate: [2, 2] }, /dilation_rate must be 1; transposed/],
  ])('of %s are refused, naming layer, class and setting', async (className, layer, config, message) => {
    const { modelJson, shards } = await savedByTfjs(around(layer));
    const found = layersOf(modelJson).find((entry) => entry.config.name === 'op');
    Object.assign(found?.config ?? {}, config);
    const reading = importTfjsLayers(modelJson, shardReader(shards));
    await expect(reading).rejects.toThrow(UnsupportedConfigError);
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toThrow(`Layer "op" (${className})`);
  });
});

interface FileLayer {
  class_name: string;
  name: string;
  config: Record<string, unknown>;
  inbound_nodes: unknown[];
}

function layersOf(modelJson: unknown): FileLayer[] {
  const { modelTopology } = modelJson as { modelTopology: { config?: { layers: FileLayer[] }; model_config?: { config: { layers: FileLayer[] } } } };
  return (modelTopology.model_config ?? modelTopology).config?.layers ?? [];
}

/** An export with its layers written as Keras 3 does. */
function inKeras3(network: Network): { json: unknown; weights: Uint8Array } {
  const { modelJson, weights } = exportTfjsLayers(network);
  const json: unknown = JSON.parse(JSON.stringify(modelJson));
  for (const layer of layersOf(json)) {
    const { batch_input_shape: shape, ...config } = layer.config;
    const dtype = { module: 'keras', class_name: 'DTypePolicy', config: { name: 'float32' }, registered_name: null };
    Object.assign(layer, { module: 'keras.layers', registered_name: null, build_config: { input_shape: [null] }, config: { ...config, dtype, ...(shape !== undefined && { batch_shape: shape }) } });
    const [sources] = layer.inbound_nodes as [string][][];
    const tensors = (sources ?? []).map(([name]) => ({ class_name: '__keras_tensor__', config: { shape: [null], dtype: 'float32', keras_history: [name, 0, 0] } }));
    layer.inbound_nodes = sources ? [{ args: tensors.length > 1 ? [tensors] : tensors, kwargs: {} }] : [];
  }
  return { json, weights };
}

const tensor = (name: string): unknown => ({ class_name: '__keras_tensor__', config: { keras_history: [name, 0, 0] } });
const operation = (name: string, class_name: string, ...args: unknown[]): FileLayer & { module: string } => ({
  module: 'keras.src.ops.numpy', class_name, name, config: { name }, inbound_nodes: [{ args, kwargs: {} }],
});

describe('the dialect of Keras 3', () => {
  it('is read to an equal network', async () => {
    const { json, weights } = inKeras3(residualNetwork());
    expect(await importTfjsLayers(json, async () => weights)).toStrictEqual(residualNetwork());
  });

  it('gives hard_sigmoid, up-sampling and operators Keras 3’s meaning', async () => {
    const nodes: Node[] = [
      { id: 'in', op: 'input', inputs: [], attributes: { shape: [4, 4, 2] }, weights: {} },
      { id: 'up', op: 'resize2d', inputs: ['in'], attributes: { size: [8, 8], interpolation: 'bilinear', coordinates: 'asymmetric' }, weights: {} },
      { id: 'gate', op: 'activation', inputs: ['up'], attributes: { function: 'hardSigmoid', alpha: 0.2, beta: 0.5 }, weights: {} },
      { id: 'sum', op: 'add', inputs: ['gate', 'up'], attributes: {}, weights: {} },
    ];
    const { json, weights } = inKeras3({ name: 'ops', nodes, outputs: ['sum'] });
    layersOf(json).push(
      operation('plus', 'Add', tensor('sum'), 3),
      operation('minus', 'Subtract', 1, tensor('plus')),
      operation('half', 'TrueDivide', tensor('minus'), 2),
      operation('difference', 'Subtract', tensor('half'), tensor('gate')),
    );
    const model = (json as { modelTopology: { model_config: { config: { output_layers: unknown } } } }).modelTopology.model_config.config;
    model.output_layers = ['difference', 0, 0];
    const network = await importTfjsLayers(json, async () => weights);
    expect(network.nodes.slice(1).map(({ op, attributes, inputs }) => [op, attributes, inputs])).toEqual([
      ['resize2d', { size: [8, 8], interpolation: 'bilinear', coordinates: 'halfPixel' }, ['in']],
      ['activation', { function: 'hardSigmoid' }, ['up']],
      ['add', {}, ['gate', 'up']],
      ['rescaling', { scale: 1, offset: 3 }, ['sum']],
      ['rescaling', { scale: -1, offset: 1 }, ['plus']],
      ['rescaling', { scale: 0.5, offset: 0 }, ['minus']],
      ['subtract', {}, ['half', 'gate']],
    ]);
  });
});

/** The file of `model` with every weight stored anew by `store`. */
async function stored(model: tf.LayersModel, store: (values: Float32Array) => { bytes: Uint8Array; spec: object }) {
  const { modelJson, shards } = await savedByTfjs(model);
  const all = Buffer.concat([...shards.values()]);
  const [{ weights: specs }] = modelJson.weightsManifest as { weights: { name: string; shape: number[] }[] }[];
  const parts: Uint8Array[] = [];
  let at = 0;
  const weights = specs.map((spec) => {
    const size = 4 * spec.shape.reduce((product, d) => product * d, 1);
    const { bytes, spec: how } = store(new Float32Array(Uint8Array.from(all.subarray(at, (at += size))).buffer));
    parts.push(bytes);
    return { ...spec, ...how };
  });
  const bytes = Uint8Array.from(Buffer.concat(parts));
  const json = { ...modelJson, weightsManifest: [{ paths: ['w.bin'], weights }] };
  return { json: JSON.parse(JSON.stringify(json)) as tf.io.ModelJSON, bytes };
}

const quantised = (levels: 255 | 65535) => (values: Float32Array) => {
  const [min, max] = [Math.min(...values), Math.max(...values)];
  const scale = (max - min) / levels || 1;
  const codes = values.map((value) => Math.round((value - min) / scale));
  const bytes = levels === 255 ? Uint8Array.from(codes) : new Uint8Array(Uint16Array.from(codes).buffer);
  return { bytes, spec: { quantization: { dtype: levels === 255 ? 'uint8' : 'uint16', min, scale, original_dtype: 'float32' } } };
};
/** Truncated to half precision: normal numbers and zero. */
const halves = (values: Float32Array) => {
  const bits = new Uint32Array(values.buffer);
  const codes = Uint16Array.from(bits, (b) => {
    const exponent = ((b >>> 23) & 255) - 112;
    return exponent < 1 ? (b >>> 16) & 0x8000 : ((b >>> 16) & 0x8000) | (exponent << 10) | ((b >>> 13) & 1023);
  });
  return { bytes: new Uint8Array(codes.buffer), spec: { quantization: { dtype: 'float16', original_dtype: 'float32' } } };
};

describe('weights', () => {
  it.each([
    ['uint8', quantised(255)],
    ['uint16', quantised(65535)],
    ['float16', halves],
  ])('quantised to %s are those that plain TensorFlow.js reads, bit by bit', async (_name, store) => {
    const model = around(layers.separableConv2d({ filters: 5, kernelSize: 3, name: 'op' }));
    randomise(model);
    const { json, bytes } = await stored(model, store);
    const plain = await tf.loadLayersModel(
      tf.io.fromMemory({ modelTopology: json.modelTopology, weightSpecs: json.weightsManifest[0].weights, weightData: bytes.buffer }),
    );
    const network = await importTfjsLayers(json, async () => bytes);
    const read = network.nodes.flatMap(({ weights }) => Object.values(weights as Record<string, { values: Float32Array }>));
    const expected = await Promise.all(plain.getWeights().map(async (weight) => (await weight.data()) as Float32Array));
    expect(read.map(({ values }) => values)).toEqual(expected);
  });

  it('float16 holds every half exactly: normal, subnormal, zero and infinity', async () => {
    const { float16ToFloat32 } = await import('./kerasLayers/float16.ts');
    const bits = Uint16Array.of(0x3c00, 0xc000, 0x3555, 0x7bff, 0x0400, 0x03ff, 0x0001, 0x8001, 0x0000, 0x8000, 0x7c00, 0xfc00);
    const values = [1, -2, 0.333251953125, 65504, 2 ** -14, (1023 / 1024) * 2 ** -14, 2 ** -24, -(2 ** -24), 0, -0, Infinity, -Infinity];
    expect([...float16ToFloat32(bits)]).toEqual(values);
    expect(float16ToFloat32(Uint16Array.of(0x7e00))[0]).toBeNaN();
  });

  it('come from shards of any number and size', async () => {
    const { modelJson, weights } = exportTfjsLayers(residualNetwork());
    const json = JSON.parse(JSON.stringify(modelJson)) as { weightsManifest: { paths: string[] }[] };
    const shards = new Map<string, Uint8Array>();
    for (let at = 0; at < weights.length; at += 37) shards.set(`w/group1-shard${shards.size}.bin`, weights.slice(at, at + 37));
    expect(shards.size).toBeGreaterThan(150);
    json.weightsManifest[0].paths = [...shards.keys()];
    expect(await importTfjsLayers(json, shardReader(shards))).toStrictEqual(residualNetwork());
  });

  it('that a layer does not need may be of any type, and one that it needs must be there and not of two layers', async () => {
    const { modelJson, weights } = exportTfjsLayers(residualNetwork());
    const withSpecs = (change: (specs: { name: string; shape: number[]; dtype: string }[]) => void, more = 0): Promise<Network> => {
      const json = JSON.parse(JSON.stringify(modelJson)) as { weightsManifest: { weights: { name: string; shape: number[]; dtype: string }[] }[] };
      change(json.weightsManifest[0].weights);
      return importTfjsLayers(json, async () => Uint8Array.from([...weights, ...Array.from({ length: more }, () => 0)]));
    };
    await expect(withSpecs((specs) => specs.push({ name: 'count', shape: [], dtype: 'int32' }), 4)).resolves.toStrictEqual(residualNetwork());
    const renamed = withSpecs((specs) => { specs[0].name = 'scope/stem/kernel:0'; });
    await expect(renamed).resolves.toStrictEqual(residualNetwork());
    const two = withSpecs((specs) => {
      specs[0].name = 'a/stem/kernel';
      specs.push({ name: 'b/stem/kernel', shape: [], dtype: 'float32' });
    }, 4);
    await expect(two).rejects.toThrow(ModelFileError);
    await expect(two).rejects.toThrow(/Both "a\/stem\/kernel" and "b\/stem\/kernel"/);
    await expect(withSpecs((specs) => { specs[0].name = 'stem/other'; })).rejects.toThrow(MissingWeightError);
  });
});
