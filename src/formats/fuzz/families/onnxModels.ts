import { readFile } from 'node:fs/promises';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import * as tf from '@tensorflow/tfjs';
import { relativeError } from '../../../engine/fixtures/arrays.ts';
import type { Network } from '../../../network/network.ts';
import { inferShapes } from '../../../network/shapes.ts';
import { exportOnnx } from '../../onnx.ts';
import { randomInput } from '../../onnx/fixtures/agreement.ts';
import { runInOnnxRuntime } from '../../onnx/fixtures/onnxRuntime.ts';
import { channelsFirst, runInLab } from '../../onnx/fixtures/runNetwork.ts';
import { floats, ints, modelBytes, node, random } from '../../onnx/fixtures/onnxModel.ts';
import { AttributeProtoSchema, ModelProtoSchema, NodeProtoSchema, StringStringEntryProtoSchema, type ModelProto, type NodeProto, type TensorProto } from '../../onnx/schema/onnx_pb.ts';
import { Dice } from '../dice.ts';
import type { FuzzCase, FuzzFamily } from '../fuzzCase.ts';
import { cuts, joined, mutateBytes, mutateWithin } from '../mutators/bytes.ts';
import { mutateMessage } from '../mutators/protobuf.ts';
import { modelCase, openFiles, type Expectation, type Files } from '../networkOracle.ts';
import { NOT_FINITE, soundNetworks } from './sources.ts';

interface Sound {
  readonly name: string;
  readonly network: Network;
  readonly bytes: Uint8Array;
}

/** Written by PyTorch. */
const FIXTURES = ['residual', 'inverted', 'flattened', 'heads'] as const;
const folder = new URL('../../fixtures/onnx/', import.meta.url);

/** ONNX models, as bytes and as messages. */
export const onnxModels: FuzzFamily = {
  async cases(seed) {
    const networks = soundNetworks();
    const contents = [
      ...networks.map((network) => exportOnnx(network)),
      ...(await Promise.all(FIXTURES.map((name) => readFile(new URL(`${name}.onnx`, folder))))),
    ];
    const names = [...networks.map(({ name }) => name), ...FIXTURES.map((name) => `${name}.onnx`)];
    const sounds = await Promise.all(contents.map(async (content, k): Promise<Sound> => {
      const bytes = Uint8Array.from(content);
      return { name: names[k], bytes, network: await openFiles({ 'model.onnx': bytes }) };
    }));
    const each = <T>(count: number, offset: number, make: (sound: Sound, dice: Dice) => T): readonly T[] =>
      Array.from({ length: count }, (_, k) => make(sounds[k % sounds.length], new Dice(seed * 1000 + offset + k)));
    return [
      ...sounds.flatMap((sound) => cuts(sound.bytes, 8).map((length) => caseOf(sound, `cut to ${length} bytes`, 'unchanged', () => sound.bytes.slice(0, length)))),
      ...each(120, 0, (sound, dice) => {
        const { name, bytes } = mutateBytes(sound.bytes, dice);
        return caseOf(sound, name, 'anyNetwork', () => bytes);
      }),
      ...each(40, 200, weightBytes),
      ...each(280, 300, (sound, dice) => {
        const model = fromBinary(ModelProtoSchema, sound.bytes);
        const name = mutateMessage(model, dice);
        return caseOf(sound, name, 'anyNetwork', () => toBinary(ModelProtoSchema, model));
      }),
      ...[sounds[0], sounds[4]].flatMap((sound) => noticed(sound)),
      ...proportions(sounds[0]),
      ...(await external()),
    ];
  },
};

function caseOf({ name: sound, network }: Pick<Sound, 'name' | 'network'>, name: string, expect: Expectation, bytes: () => Uint8Array): FuzzCase {
  return modelCase({ name: `${sound}: ${name}`, files: () => ({ 'model.onnx': bytes() }), expect, sound: network, compare: otherwiseInRuntime });
}

/** What onnxruntime computes otherwise than the lab; undefined where they agree, or where onnxruntime does not take the file. */
async function otherwiseInRuntime(network: Network, files: Files): Promise<string | undefined> {
  const values = [...inferShapes(network).values()].reduce((sum, shape) => sum + shape.reduce((product, size) => product * size, 1), 0);
  if (values > 200_000) return undefined;
  await tf.setBackend('cpu');
  const input = randomInput(network, 1);
  const expected = await runInOnnxRuntime(files['model.onnx'], await channelsFirst(input)).catch(() => undefined);
  if (expected?.length !== network.outputs.length) return undefined;
  const found = await runInLab(network, input);
  for (const [k, { values: wanted }] of expected.entries()) {
    // both overflow alike
    if (!Array.from(wanted).every(Number.isFinite)) continue;
    const output = await channelsFirst(found[k]);
    const error = wanted.length === output.values.length ? relativeError(output.values, wanted) : Infinity;
    if (!(error < 1e-3)) return `opened, but onnxruntime computes output ${k} otherwise, by ${error}`;
  }
  return undefined;
}

/** Damage in the largest weight, which changes nothing but its values. */
function weightBytes(sound: Sound, dice: Dice): FuzzCase {
  const tensors = fromBinary(ModelProtoSchema, sound.bytes).graph?.initializer ?? [];
  const [largest] = tensors.filter(({ dataType }) => dataType === 1).toSorted((a, b) => b.rawData.length - a.rawData.length);
  const start = Buffer.from(sound.bytes).indexOf(largest.rawData);
  const { name, bytes } = mutateWithin(sound.bytes, start, start + largest.rawData.length, dice);
  return caseOf(sound, name, 'sameLayers', () => bytes);
}

function noticed(sound: Sound): readonly FuzzCase[] {
  const { graph: { node: nodes = [], initializer = [] } = {} } = fromBinary(ModelProtoSchema, sound.bytes);
  const changed = (name: string, change: (model: ModelProto, nodes: NodeProto[], tensors: TensorProto[]) => void): FuzzCase =>
    caseOf(sound, name, 'refused', () => {
      const model = fromBinary(ModelProtoSchema, sound.bytes);
      change(model, model.graph?.node ?? [], model.graph?.initializer ?? []);
      return toBinary(ModelProtoSchema, model);
    });
  const last = nodes[nodes.length - 1].output[0];
  const given = new Set(initializer.map(({ name }) => name));
  const kernels = initializer.map((tensor, k) => ({ ...tensor, k })).filter(({ dataType, rawData }) => dataType === 1 && rawData.length > 16);
  return [
    ...nodes.flatMap(({ name, input, output }, k) => (given.has(input[0]) || input.length === 0 ? [] : [
      changed(`"${name}" reads itself`, (_model, all) => { all[k].input[0] = output[0]; }),
      changed(`"${name}" reads the output`, (_model, all) => { all[k].input[0] = last; }),
      changed(`"${name}" reads what nothing makes`, (_model, all) => { all[k].input[0] = 'ghost'; }),
      changed(`"${name}" is of an unknown operator`, (_model, all) => { all[k].opType = 'Spectral'; }),
      changed(`"${name}" is of another domain`, (_model, all) => { all[k].domain = 'com.example'; }),
      changed(`"${name}" has an unknown attribute`, (_model, all) => { all[k].attribute.push(create(AttributeProtoSchema, { name: 'mystery', type: 2, i: 1n })); }),
    ])),
    ...kernels.flatMap(({ name, dims, k }) => [
      changed(`"${name}" has one more row`, (_model, _nodes, tensors) => { tensors[k].dims[0] = dims[0] + 1n; }),
      changed(`"${name}" is of 2^62 rows`, (_model, _nodes, tensors) => { tensors[k].dims[0] = 2n ** 62n; }),
      changed(`"${name}" is of −1 rows`, (_model, _nodes, tensors) => { tensors[k].dims[0] = -1n; }),
      changed(`"${name}" is cut`, (_model, _nodes, tensors) => { tensors[k].rawData = tensors[k].rawData.slice(0, -4); }),
      changed(`"${name}" is missing`, (model) => { model.graph?.initializer.splice(k, 1); }),
      changed(`"${name}" stands twice`, (model, _nodes, tensors) => { model.graph?.initializer.push(tensors[k]); }),
      changed(`"${name}" is of text`, (_model, _nodes, tensors) => { tensors[k].dataType = 8; }),
    ]),
    ...kernels.slice(0, 3).flatMap(({ name, rawData, k }) => NOT_FINITE.map((value) => changed(`"${name}" holds ${value}`, (_model, _nodes, tensors) => {
      const copy = rawData.slice();
      new DataView(copy.buffer).setFloat32(copy.length - 4, value, true);
      tensors[k].rawData = copy;
    }))),
    changed('no graph', (model) => { delete model.graph; }),
    changed('no operator set', (model) => { model.opsetImport = []; }),
    ...[0n, -1n, 5n, 2n ** 40n].map((version) => changed(`operator set ${version}`, (model) => { model.opsetImport[0].version = version; })),
    changed('no outputs', (model) => { model.graph?.output.splice(0); }),
    changed('no inputs', (model) => { model.graph?.input.splice(0); }),
    ...[0n, -3n, 2n ** 40n, 2n ** 62n].map((size) => changed(`an input of ${size} rows`, (model) => {
      const dim = model.graph?.input[0].type?.tensorType?.shape?.dim[2];
      if (dim) dim.value = { case: 'dimValue', value: size };
      for (const output of model.graph?.output ?? []) delete output.type;
    })),
  ];
}

/** Files that ask for far more than they hold. */
function proportions(sound: Sound): readonly FuzzCase[] {
  const made = (name: string, expect: Expectation, build: () => Parameters<typeof modelBytes>[0]): FuzzCase => caseOf(sound, name, expect, () => modelBytes(build()));
  const chain = (count: number, op: (from: string, to: string) => NodeProto): readonly NodeProto[] =>
    Array.from({ length: count }, (_, k) => op(k === 0 ? 'x' : `n${k - 1}`, k === count - 1 ? 'y' : `n${k}`));
  const sized = (opType: string, name: string, sizes: readonly number[], more: readonly string[] = []): FuzzCase =>
    made(name, 'refused', () => ({ nodes: [node(opType, ['x', 's', ...more], 'y')], initializers: [ints('s', sizes)] }));
  return [
    made('a constant of 10^12 values', 'refused', () => ({ nodes: [node('ConstantOfShape', ['s'], 'c'), node('Add', ['x', 'c'], 'y')], initializers: [ints('s', [1e6, 1e6])] })),
    made('a constant of 2^40 values in one axis', 'refused', () => ({ nodes: [node('ConstantOfShape', ['s'], 'c'), node('Add', ['x', 'c'], 'y')], initializers: [ints('s', [2 ** 40])] })),
    made('constants that double 60 times', 'refused', () => ({
      nodes: [...Array.from({ length: 60 }, (_, k) => node('Concat', [`c${k}`, `c${k}`], `c${k + 1}`, { axis: 0 })), node('Add', ['x', 'c60'], 'y')], initializers: [floats('c0', [2], [1, 2])],
    })),
    sized('Pad', 'padding to 10^18 pixels', [0, 0, 1e9, 1e9, 0, 0, 0, 0]),
    sized('Reshape', 'a reshape to 60 axes', [1, 3, 6, 5, ...Array.from({ length: 60 }, () => 1)]),
    sized('Reshape', 'a reshape to a product beyond 2^53', [1, 2 ** 40, 2 ** 40]),
    sized('Expand', 'an expansion to 10^12', [1, 1e6, 1e6]),
    sized('Resize', 'a resize to 10^18 pixels', [1, 3, 1e9, 1e9]),
    made('joins that double 60 times', 'refused', () => ({ nodes: chain(60, (from, to) => node('Concat', [from, from], to, { axis: 1 })) })),
    made('sums that double 60 times', 'anyNetwork', () => ({ nodes: chain(60, (from, to) => node('Add', [from, from], to)) })),
    made('squares of squares 60 times', 'anyNetwork', () => ({ nodes: chain(60, (from, to) => node('Mul', [from, from], to)) })),
    made('20,000 identities in a row', 'anyNetwork', () => ({ nodes: chain(20_000, (from, to) => node('Identity', [from], to)) })),
    made('3,000 activations in a row', 'anyNetwork', () => ({ nodes: chain(3000, (from, to) => node('Relu', [from], to)) })),
    made('3,000 transpositions in a row', 'anyNetwork', () => ({ nodes: chain(3000, (from, to) => node('Transpose', [from], to, { perm: [0, 3, 1, 2] })) })),
    made('strides of 2^31', 'anyNetwork', () => ({ nodes: [node('Conv', ['x', 'k'], 'y', { strides: [2 ** 31, 2 ** 31] })], initializers: [random('k', [4, 3, 3, 3])] })),
    made('a dilation of 2^40', 'refused', () => ({ nodes: [node('Conv', ['x', 'k'], 'y', { dilations: [2 ** 40, 1] })], initializers: [random('k', [4, 3, 3, 3])] })),
    made('padding of 2^40 in a convolution', 'refused', () => ({ nodes: [node('Conv', ['x', 'k'], 'y', { pads: [2 ** 40, 2 ** 40, 0, 0] })], initializers: [random('k', [4, 3, 3, 3])] })),
    caseOf(sound, 'messages in messages, 20,000 deep', 'refused', () => {
      // a node whose attribute is a graph, whose node's attribute is a graph, …
      let inner = new Uint8Array(0);
      for (let depth = 0; depth < 20_000 && inner.length < 120_000; depth++) inner = field(depth % 3 === 0 ? 1 : depth % 3 === 1 ? 5 : 6, inner);
      return field(7, inner);
    }),
    caseOf(sound, 'a length of 2^32 − 1', 'refused', () => Uint8Array.of(0x3a, 255, 255, 255, 255, 15, 1, 2)),
    caseOf(sound, 'a number of 100 bytes', 'refused', () => joined(Uint8Array.of(0x08), new Uint8Array(100).fill(255))),
    caseOf(sound, 'a node of 100,000 inputs', 'refused', () => {
      const model = fromBinary(ModelProtoSchema, sound.bytes);
      model.graph?.node.push(create(NodeProtoSchema, { opType: 'Sum', name: 'sum', input: Array.from({ length: 100_000 }, () => 'input'), output: ['all'] }));
      if (model.graph) model.graph.output[0].name = 'all';
      return toBinary(ModelProtoSchema, model);
    }),
  ];
}

/** A length-delimited field of the wire format. */
function field(number: number, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const length: number[] = [];
  for (let rest = content.length; ; rest = Math.floor(rest / 128)) {
    length.push(rest >= 128 ? (rest % 128) | 128 : rest);
    if (rest < 128) break;
  }
  return Uint8Array.from(joined(Uint8Array.of(number * 8 + 2, ...length), content));
}

/** Weights in a file of their own. */
async function external(): Promise<readonly FuzzCase[]> {
  const [model, weights] = await Promise.all(['residual.external.onnx', 'external.bin'].map(async (name) => Uint8Array.from(await readFile(new URL(name, folder)))));
  const sound = await openFiles({ 'model.onnx': model, 'external.bin': weights });
  const withFiles = (name: string, expect: Expectation, files: () => Files): FuzzCase => modelCase({ name: `external: ${name}`, files, expect, sound });
  const changed = (name: string, expect: Expectation, key: string, value: string): FuzzCase => withFiles(name, expect, () => {
    const message = fromBinary(ModelProtoSchema, model);
    const outside = (message.graph?.initializer ?? []).filter(({ externalData }) => externalData.length > 0);
    for (const { externalData } of outside.slice(0, 1)) {
      const entry = externalData.find((each) => each.key === key);
      if (entry) entry.value = value;
      else externalData.push(create(StringStringEntryProtoSchema, { key, value }));
    }
    return { 'model.onnx': toBinary(ModelProtoSchema, message), 'external.bin': weights };
  });
  const outside = ['../external.bin', '/etc/passwd', 'a/../../external.bin', 'C:\\external.bin', '..\\external.bin', 'https://example.com/w.bin', 'file:///etc/passwd', '', 'ghost.bin', 'nul\0', 'model.onnx/../external.bin'];
  return [
    withFiles('without its file', 'refused', () => ({ 'model.onnx': model })),
    withFiles('an empty file', 'refused', () => ({ 'model.onnx': model, 'external.bin': new Uint8Array(0) })),
    ...cuts(weights, 10).map((length) => withFiles(`weights cut to ${length} bytes`, 'unchanged', () => ({ 'model.onnx': model, 'external.bin': weights.slice(0, length) }))),
    ...outside.map((path) => changed(`its file is called "${path}"`, 'refused', 'location', path)),
    ...['-1', '1e9', '99999999999999999999', 'NaN', 'x', '4294967296', '0.5'].flatMap((value) => [
      changed(`an offset of ${value}`, 'refused', 'offset', value), changed(`a length of ${value}`, 'refused', 'length', value),
    ]),
    ...NOT_FINITE.map((value) => withFiles(`weights of ${value}`, 'refused', () => ({ 'model.onnx': model, 'external.bin': new Uint8Array(new Float32Array(weights.length / 4).fill(value).buffer) }))),
  ];
}
