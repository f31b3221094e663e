import { readFile } from 'node:fs/promises';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { NonFiniteWeightsError } from '../../network/networkErrors.ts';
import {
  importOnnx, OnnxExternalDataError, OnnxFileError, OnnxTensorSizeError, UnsupportedOnnxModelError, UnsupportedOnnxOperatorError,
  UnsupportedOnnxTensorError,
} from '../onnx.ts';
import { floats, ints, modelBytes, node, random, type ModelOptions } from './fixtures/onnxModel.ts';
import { AttributeProtoSchema, ModelProtoSchema, StringStringEntryProtoSchema, TensorProtoSchema, ValueInfoProtoSchema, type ModelProto } from './schema/onnx_pb.ts';

const relu: ModelOptions = { nodes: [node('Relu', ['x'], 'y')] };

/** A sound model, changed. */
function changed(change: (model: ModelProto) => void, options = relu): Uint8Array {
  const model = fromBinary(ModelProtoSchema, modelBytes(options));
  change(model);
  return toBinary(ModelProtoSchema, model);
}
const graphOf = (model: ModelProto): NonNullable<ModelProto['graph']> => {
  if (!model.graph) throw new Error('no graph');
  return model.graph;
};

describe('a file that is not a sound ONNX model', () => {
  it.each([
    ['nothing', new Uint8Array(0)],
    ['text', new TextEncoder().encode('<html>not a model</html>')],
    ['a zip', Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0)],
  ])('%s', async (_, bytes) => {
    await expect(importOnnx(bytes)).rejects.toThrow(OnnxFileError);
  });

  it('groups within groups without end', async () => {
    await expect(importOnnx(new Uint8Array(100_000).fill(0x0b))).rejects.toThrow(OnnxFileError);
  });

  it('names a node of a cycle', async () => {
    const cyclic = modelBytes({ nodes: [node('Add', ['x', 'b'], 'a'), node('Relu', ['a'], 'b'), node('Relu', ['b'], 'y')] });
    await expect(importOnnx(cyclic)).rejects.toThrow(OnnxFileError);
    await expect(importOnnx(cyclic)).rejects.toThrow(/"(Add_a|Relu_b)".* is part of a cycle/);
    await expect(importOnnx(modelBytes({ nodes: [node('Add', ['x', 'y'], 'y')] }))).rejects.toThrow(/"Add_y" \(Add\) is part of a cycle/);
  });

  it('names tensors that nothing, or more than one node, makes', async () => {
    await expect(importOnnx(modelBytes({ nodes: [node('Relu', ['z'], 'y')] }))).rejects.toThrow(/"Relu_y" \(Relu\) reads the tensor "z"/);
    await expect(importOnnx(modelBytes({ nodes: [node('Relu', ['x'], 'y'), node('Tanh', ['x'], 'y')] }))).rejects.toThrow(/both make the tensor "y"/);
    await expect(importOnnx(modelBytes({ ...relu, outputs: ['q'] }))).rejects.toThrow(/outputs reads the tensor "q"/);
    await expect(importOnnx(modelBytes({ ...relu, nodes: [node('Relu', ['x'], 'x')] }))).rejects.toThrow(/which the graph is given/);
    const double = { nodes: [node('PRelu', ['x', 's'], 'y')], initializers: [floats('s', [1], [1]), floats('s', [1], [2])] };
    await expect(importOnnx(modelBytes(double))).rejects.toThrow(/called "s"/);
  });

  it('refuses outputs of other sizes than the file states', async () => {
    const bytes = changed((model) => {
      const [output] = graphOf(model).output;
      output.type = graphOf(model).input[0].type;
    }, { nodes: [node('MaxPool', ['x'], 'y', { kernel_shape: [2, 2] })] });
    await expect(importOnnx(bytes)).rejects.toThrow(/"y" is stated to be \[batch, 3, 6, 5\].*\[batch, 3, 5, 4\]/);
  });
});

const conv = (weight: ReturnType<typeof floats>): Uint8Array => modelBytes({ nodes: [node('Conv', ['x', 'w'], 'y')], initializers: [weight] });
const raw = (shape: number[], bytes: number, dataType = 1): ReturnType<typeof floats> =>
  create(TensorProtoSchema, { name: 'w', dataType, dims: shape.map(BigInt), rawData: new Uint8Array(bytes) });

describe('weights', () => {
  it('are checked against the bytes there are before anything is allocated', async () => {
    await expect(importOnnx(conv(raw([1e6, 1e6, 1e6, 1e6], 16)))).rejects.toThrow(OnnxTensorSizeError);
    await expect(importOnnx(conv(raw([4, 3, 2, 2], 191)))).rejects.toThrow(/"w" of shape \[4, 3, 2, 2\] needs 192 bytes, but the file holds 191/);
    await expect(importOnnx(conv(floats('w', [4, 3, 2, 2], [1])))).rejects.toThrow(/needs 48 values, but the file holds 1/);
    await expect(importOnnx(conv(raw([-4, 3, 2, 2], 16)))).rejects.toThrow(OnnxFileError);
  });

  it('of other types are refused by name', async () => {
    await expect(importOnnx(conv(raw([4, 3, 2, 2], 96, 16)))).rejects.toThrow(UnsupportedOnnxTensorError);
    await expect(importOnnx(conv(raw([4, 3, 2, 2], 48, 3)))).rejects.toThrow(/"Conv_y" \(Conv\): its input 1 must hold floating-point numbers/);
  });

  it('that are not finite are refused by layer', async () => {
    const bytes = conv(floats('w', [1, 3, 1, 1], [1, Number.NaN, 1]));
    await expect(importOnnx(bytes)).rejects.toThrow(NonFiniteWeightsError);
    await expect(importOnnx(bytes)).rejects.toThrow(/"Conv_y"/);
    const infinite = modelBytes({ nodes: [node('Mul', ['x', 'c'], 'y')], initializers: [floats('c', [], [Infinity])] });
    await expect(importOnnx(infinite)).rejects.toThrow(/"Mul_y" \(Mul\): its constant must be finite/);
  });

  it('that unfold to many times the file are refused', async () => {
    const doubling = Array.from({ length: 40 }, (_, k) => node('Concat', [`c${k}`, `c${k}`], `c${k + 1}`, { axis: 0 }));
    const bytes = modelBytes({ nodes: [...doubling, node('PRelu', ['x', 'c40'], 'y')], initializers: [floats('c0', [2], [1, 1])] });
    await expect(importOnnx(bytes)).rejects.toThrow(/too large|many times as large/);
    const shape = modelBytes({ nodes: [node('ConstantOfShape', ['s'], 'c'), node('Mul', ['x', 'c'], 'y')], initializers: [ints('s', [1e5, 1e5])] });
    await expect(importOnnx(shape)).rejects.toThrow(/"ConstantOfShape_c".*too large/);
  });
});

const four = async (): Promise<Uint8Array> => new Uint8Array(4);

const external = (entries: Record<string, string>): Uint8Array => {
  const externalData = Object.entries(entries).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value }));
  const weight = create(TensorProtoSchema, { name: 's', dataType: 1, dims: [1n], dataLocation: 1, externalData });
  return modelBytes({ nodes: [node('PRelu', ['x', 's'], 'y')], initializers: [weight] });
};

describe('external data', () => {
  it.each(['../secret.bin', '/etc/passwd', 'https://example.com/w.bin', 'a/../../b.bin', '..\\b.bin', 'C:\\b.bin', ''])('does not follow the path "%s"', async (location) => {
    await expect(importOnnx(external({ location }), four)).rejects.toThrow(OnnxExternalDataError);
  });

  it('says which file is missing, which cannot be read, and which is too short', async () => {
    await expect(importOnnx(external({ location: 'w.bin' }))).rejects.toThrow(/"s" lies in the file "w.bin"; open it together/);
    await expect(importOnnx(external({ location: 'w.bin' }), () => Promise.reject(new Error('gone')))).rejects.toThrow(/"w.bin", which cannot be read: gone/);
    await expect(importOnnx(external({ location: 'w.bin', offset: '4', length: '4' }), four)).rejects.toThrow(/from byte 4, 4 bytes long, but that file has 4 bytes/);
    await expect(importOnnx(external({ location: 'w.bin', offset: '-1' }), four)).rejects.toThrow(OnnxExternalDataError);
    await expect(importOnnx(external({ location: 'w.bin', length: '2' }), four)).rejects.toThrow(OnnxTensorSizeError);
    await expect(importOnnx(external({ location: 'w.bin' }), four)).resolves.toMatchObject({ outputs: ['PRelu_y'] });
  });
});

describe('models of another kind', () => {
  it('old and missing operator sets', async () => {
    await expect(importOnnx(modelBytes({ ...relu, opset: 8 }))).rejects.toThrow(/operator set 8; 9 or later is needed/);
    await expect(importOnnx(changed((model) => { model.opsetImport = []; }))).rejects.toThrow(OnnxFileError);
  });

  it('several inputs', async () => {
    const bytes = changed((model) => {
      const { input } = graphOf(model);
      input.push(create(ValueInfoProtoSchema, { name: 'z', type: input[0].type }));
    }, { nodes: [node('Add', ['x', 'z'], 'y')] });
    await expect(importOnnx(bytes)).rejects.toThrow(UnsupportedOnnxModelError);
    await expect(importOnnx(bytes)).rejects.toThrow(/one input, found 2: "x", "z"/);
  });

  it('sizes that are left open, unless they are given', async () => {
    const open = modelBytes({ ...relu, input: [3, 'height', 'width'] });
    await expect(importOnnx(open)).rejects.toThrow(/Axis 2 of the input "x" is called "height"; sizes must be fixed/);
    const network = await importOnnx(open, undefined, { inputShape: [7, 9, 3] });
    expect(network.nodes[0]).toMatchObject({ op: 'input', attributes: { shape: [7, 9, 3] } });
    await expect(importOnnx(open, undefined, { inputShape: [7, 9, 4] })).rejects.toThrow(/\[7, 9, 4\] does not fit/);
    await expect(importOnnx(modelBytes({ ...relu, input: [3, 4] }))).rejects.toThrow(/has 3 axes/);
    await expect(importOnnx(modelBytes({ ...relu, input: [3, 2 ** 20, 2 ** 20] }))).rejects.toThrow(/too large to be meant/);
  });

  it('outputs that do not depend on the input', async () => {
    const bytes = modelBytes({ nodes: [node('Relu', ['x'], 'y'), node('Identity', ['c'], 'z')], initializers: [floats('c', [1], [1])], outputs: ['y', 'z'] });
    await expect(importOnnx(bytes)).rejects.toThrow(/"z" does not depend on the input/);
  });
});

describe('operators', () => {
  const refused: readonly (readonly [string, ModelOptions, RegExp])[] = [
    ['an unknown one', { nodes: [node('LRN', ['x'], 'y', { size: 3 })] }, /"LRN_y" \(LRN\): this operator is not supported. Supported: Add,/],
    ['attention', { nodes: [node('Transpose', ['x'], 't', { perm: [0, 1, 3, 2] }), node('MatMul', ['x', 't'], 'y')] }, /"MatMul_y".*attention/],
    ['a division by a computed value', { nodes: [node('Relu', ['x'], 'r'), node('Div', ['x', 'r'], 'y')] }, /"Div_y".*only division by a constant/],
    ['other bounds of a Clip', { nodes: [node('Clip', ['x', 'a', 'b'], 'y')], initializers: [floats('a', [], [-1]), floats('b', [], [1])] }, /"Clip_y".*found -1 and 1/],
    ['an error function by itself', { nodes: [node('Erf', ['x'], 'y')] }, /"Erf_y".*part of a GELU/],
    ['half of a GELU', { nodes: [node('Mul', ['x', 'r'], 'm'), node('Erf', ['m'], 'e'), node('Relu', ['e'], 'y')], initializers: [floats('r', [], [Math.SQRT1_2])] }, /"Erf_e".*part of a GELU, but "Relu_y" \(Relu\) reads it too/],
    ['half of a GELU as an output', { nodes: [node('Mul', ['x', 'r'], 'm'), node('Erf', ['m'], 'y')], initializers: [floats('r', [], [Math.SQRT1_2])] }, /"Erf_y".*but the output "y" is made of it/],
    ['a mean over channels', { nodes: [node('ReduceMean', ['x'], 'm', { axes: [1] }), node('Mul', ['x', 'm'], 'y')] }, /"ReduceMean_m".*layer normalisation/],
    ['a batch that does not stay whole', { nodes: [node('Reshape', ['x', 's'], 'y')], initializers: [ints('s', [2, 45])] }, /"Reshape_y".*cannot become \[2, 45\] with the batch first/],
    ['a transposed batch', { nodes: [node('Transpose', ['x'], 'y', { perm: [1, 0, 2, 3] })] }, /leave the batch first/],
    ['padding with another value', { nodes: [node('Pad', ['x', 'p', 'v'], 'y')], initializers: [ints('p', [0, 0, 1, 1, 0, 0, 1, 1]), floats('v', [], [1])] }, /constant_value must be 0, found 1/],
    ['padding by reflection', { nodes: [node('Pad', ['x', 'p'], 'y', { mode: 'reflect' })], initializers: [ints('p', [0, 0, 1, 1, 0, 0, 1, 1])] }, /its mode must be constant, found "reflect"/],
    ['padding of channels', { nodes: [node('Pad', ['x', 'p'], 'y')], initializers: [ints('p', [0, 1, 0, 0, 0, 1, 0, 0])] }, /pads channels/],
    ['a cubic resize', { nodes: [node('Resize', ['x', '', 's'], 'y', { mode: 'cubic' })], initializers: [floats('s', [4], [1, 1, 2, 2])] }, /its mode must be nearest or linear, found "cubic"/],
    ['pixels that no resize takes', { nodes: [node('Resize', ['x', '', 's'], 'y', { nearest_mode: 'ceil' })], initializers: [floats('s', [4], [1, 1, 1.5, 1.5])] }, /lie elsewhere than any supported resize/],
    ['dilated pools', { nodes: [node('MaxPool', ['x'], 'y', { kernel_shape: [2, 2], dilations: [2, 2] })] }, /dilations must be 1/],
    ['grouped transposed convolutions', { nodes: [node('ConvTranspose', ['x', 'w'], 'y', { group: 3 })], initializers: [random('w', [3, 1, 2, 2])] }, /its group must be 1, found 3/],
    ['kernels that do not fit', { nodes: [node('Conv', ['x', 'w'], 'y')], initializers: [random('w', [4, 2, 2, 2])] }, /kernel of \[4, 2, 2, 2\] in 1 groups cannot take 3 channels/],
    ['computed kernels', { nodes: [node('Conv', ['x', 'x'], 'y')] }, /its input 1 must be stored in the file/],
    ['norms in training', { nodes: [node('BatchNormalization', ['x', 's', 's', 's', 's'], 'y', { training_mode: 1 })], initializers: [random('s', [3], 1)] }, /training_mode must be 0, found 1/],
    ['a second output that is read', { nodes: [node('MaxPool', ['x'], ['p', 'i'], { kernel_shape: [2, 2] }), node('Add', ['p', 'i'], 'y')] }, /its output "i" is read/],
    ['one-dimensional kernels', { nodes: [node('Conv', ['x', 'w'], 'y')], initializers: [random('w', [4, 3, 2])] }, /must have 4 axes, found a shape of \[4, 3, 2\]/],
    ['an unknown attribute', { nodes: [node('Relu', ['x'], 'y', { slope: 1 })] }, /attribute "slope" is not supported/],
    ['an unknown input', { nodes: [node('Relu', ['x', 'x'], 'y')] }, /its input 1 is not supported/],
    ['a conversion to whole numbers', { nodes: [node('Cast', ['x'], 'y', { to: 7 })] }, /stays a float/],
    ['a constant that makes the value larger', { nodes: [node('Add', ['x', 'c'], 'y')], initializers: [random('c', [2, 3, 6, 5])] }, /\[2, 3, 6, 5\] does not fit a value of \[batch, 3, 6, 5\]/],
  ];

  it.each(refused)('%s: named with the node and what is wrong', async (_, options, message) => {
    const attempt = importOnnx(modelBytes(options));
    await expect(attempt).rejects.toThrow(UnsupportedOnnxOperatorError);
    await expect(attempt).rejects.toThrow(message);
  });

  it('of another domain, with a graph inside, with an attribute twice or of another type', async () => {
    await expect(importOnnx(changed((model) => { graphOf(model).node[0].domain = 'com.example'; }))).rejects.toThrow(/of the domain "com.example"/);
    const graph = create(AttributeProtoSchema, { name: 'body', type: 5, g: new Uint8Array(2) });
    await expect(importOnnx(changed((model) => { graphOf(model).node[0].attribute.push(graph); }))).rejects.toThrow(/attribute "body" is not supported/);
    const leaky = { nodes: [node('LeakyRelu', ['x'], 'y', { alpha: { float: 0.1 } })] };
    await expect(importOnnx(changed((model) => { const [{ attribute }] = graphOf(model).node; attribute.push(attribute[0]); }, leaky))).rejects.toThrow(/attribute twice/);
    await expect(importOnnx(changed((model) => { graphOf(model).node[0].attribute[0].type = 2; }, leaky))).rejects.toThrow(/"alpha" must be of type float/);
  });
});

describe('names', () => {
  it('are the nodes’ own where no other has them, or else their outputs’', async () => {
    const bytes = changed((model) => {
      const [first, second, third] = graphOf(model).node;
      [first.name, second.name, third.name] = ['same', 'same', ''];
    }, { nodes: [node('Relu', ['x'], 'a'), node('Tanh', ['a'], 'b'), node('Sigmoid', ['b'], 'y')] });
    const { nodes, outputs } = await importOnnx(bytes);
    expect(nodes.map(({ id }) => id)).toEqual(['x', 'same', 'same_2', 'y']);
    expect(outputs).toEqual(['y']);
  });

  it('that nothing reads are left out', async () => {
    const { nodes } = await importOnnx(modelBytes({ nodes: [node('Relu', ['x'], 'y'), node('LRN', ['x'], 'z', { size: 3 })] }));
    expect(nodes.map(({ id }) => id)).toEqual(['x', 'Relu_y']);
  });

  it('of a PyTorch export stay what they were', async () => {
    const { nodes } = await importOnnx(await readFile(new URL('../fixtures/onnx/residual.folded.onnx', import.meta.url)));
    expect(nodes.map(({ id }) => id)).toContain('/stem/stem.0/Conv');
  });
});
