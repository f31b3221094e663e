import type { Network } from '../../../network/network.ts';
import { attribute, graphBuilder, spatial, type GraphBuilder, type GraphModelJson } from '../../fixtures/graphModel.ts';
import { Dice } from '../dice.ts';
import type { FuzzCase, FuzzFamily } from '../fuzzCase.ts';
import { cuts, joined, mutateBytes } from '../mutators/bytes.ts';
import { mutateJson, type Json } from '../mutators/json.ts';
import { modelCase, openFiles, type Expectation, type Files } from '../networkOracle.ts';
import { otherwiseInTfjs } from './plainTfjs.ts';
import { encoded, NOT_FINITE, withFloat } from './sources.ts';

interface Sound {
  readonly name: string;
  readonly network: Network;
  readonly json: GraphModelJson;
  readonly weights: Uint8Array;
}

/** A norm after a convolution, a shortcut, pooling, a flatten before a matrix product. */
function residualGraph(b: GraphBuilder): string {
  const x = b.input('x', [6, 6, 3]);
  const stem = b.unary('Relu', 'relu', b.norm('norm', b.conv('stem', x, [3, 3, 3, 4]), 4));
  const sum = b.binary('AddV2', 'add', stem, b.conv('shortcut', x, [1, 1, 3, 4]));
  const flat = b.reshape('flat', b.pool('MaxPool', 'pool', sum, 2, 2), [-1, 36]);
  return b.unary('Softmax', 'probabilities', b.binary('BiasAdd', 'logits', b.binary('MatMul', 'dense', flat, b.random('kernel', [36, 3])), b.random('bias', [3])));
}

/** Depthwise and strided convolutions with fused activations, a concatenation, a gate. */
function branchedGraph(b: GraphBuilder): string {
  const x = b.input('x', [8, 8, 3]);
  const stem = b.fusedConv('stem', x, [3, 3, 3, 4], ['BiasAdd', 'Relu6'], [], { strides: spatial(2) });
  const deep = b.conv('depthwise', stem, [3, 3, 4, 1], {}, 'DepthwiseConv2dNative');
  const gate = b.unary('Sigmoid', 'gate', b.conv('squeeze', b.overPixels('Mean', 'mean', deep, true), [1, 1, 4, 4]));
  const both = b.concat('both', [b.binary('Mul', 'gated', deep, gate), stem], 3);
  const padded = b.pad('pad', both, [1, 1], [0, 1]);
  return b.node('Squeeze', 'squeezed', [b.conv('head', b.overPixels('Max', 'max', padded, true), [1, 1, 8, 3])], { squeeze_dims: attribute.integers(1, 2) });
}

/** Frozen TensorFlow.js graph models. */
export const graphModels: FuzzFamily = {
  async cases(seed) {
    const sounds = await Promise.all([residualGraph, branchedGraph].map(async (build, k): Promise<Sound> => {
      const b = graphBuilder(k + 1);
      const { modelJson: json, weights } = b.build([build(b)]);
      return { name: build.name, json, weights, network: await openFiles(filesOf(JSON.stringify(json), weights)) };
    }));
    const each = <T>(count: number, offset: number, make: (sound: Sound, dice: Dice) => T): readonly T[] =>
      Array.from({ length: count }, (_, k) => make(sounds[k % sounds.length], new Dice(seed * 1000 + offset + k)));
    return [
      ...sounds.flatMap((sound) => cuts(encoded(JSON.stringify(sound.json)), 15).map((length) =>
        caseOf(sound, `cut to ${length} bytes`, 'refused', (text) => text.slice(0, length)))),
      ...each(60, 0, (sound, dice) => {
        const { name, bytes } = mutateBytes(encoded(JSON.stringify(sound.json)), dice);
        return modelCase({ name: `${sound.name}: ${name}`, files: () => ({ ...filesOf('', sound.weights), 'model.json': bytes }), expect: 'anyNetwork', sound: sound.network, compare: otherwiseInTfjs });
      }),
      ...each(360, 100, (sound, dice) => {
        const { name, text } = mutateJson(sound.json as unknown as Json, dice);
        return caseOf(sound, name, 'anyNetwork', () => text);
      }),
      ...sounds.flatMap((sound) => [...noticed(sound), ...weightBytes(sound, new Dice(seed))]),
      ...proportions(sounds[0]),
    ];
  },
};

function filesOf(text: string, weights: Uint8Array): Files {
  return { 'model.json': encoded(text), 'group1-shard1of1.bin': weights };
}

function caseOf({ name: sound, network, json, weights }: Sound, name: string, expect: Expectation, text: (json: string) => string, alter = (bytes: Uint8Array) => bytes): FuzzCase {
  return modelCase({ name: `${sound}: ${name}`, files: () => filesOf(text(JSON.stringify(json)), alter(weights)), expect, sound: network, compare: otherwiseInTfjs });
}

function noticed(sound: Sound): readonly FuzzCase[] {
  const refused = (name: string, change: (json: GraphModelJson) => void): FuzzCase =>
    caseOf(sound, name, 'refused', () => {
      const json = structuredClone(sound.json);
      change(json);
      return JSON.stringify(json);
    });
  const { node: nodes } = sound.json.modelTopology;
  const output = nodes[nodes.length - 1].name;
  const [{ weights: specs }] = sound.json.weightsManifest;
  const computed = nodes.map((node, k) => ({ ...node, k })).filter(({ input }) => input.length > 0);
  return [
    ...computed.flatMap(({ name, k }) => [
      refused(`"${name}" reads itself`, (json) => { json.modelTopology.node[k].input[0] = name; }),
      refused(`"${name}" reads the output`, (json) => { json.modelTopology.node[k].input[0] = output; }),
      refused(`"${name}" reads what does not exist`, (json) => { json.modelTopology.node[k].input[0] = 'ghost'; }),
      refused(`"${name}" reads nothing`, (json) => { json.modelTopology.node[k].input = []; }),
    ]),
    ...specs.flatMap(({ name, shape }, k) => [
      refused(`"${name}" has one more value`, (json) => { json.weightsManifest[0].weights[k].shape = [(shape[0] ?? 1) + 1, ...shape.slice(1)]; }),
      refused(`"${name}" is of 10^18 values`, (json) => { json.weightsManifest[0].weights[k].shape = [1e9, 1e9]; }),
      refused(`"${name}" is missing`, (json) => { json.weightsManifest[0].weights[k].name = 'other'; }),
    ]),
    ...[0, -2, 2 ** 40, 1e15].map((size) => refused(`an input of ${size} rows`, (json) => {
      json.signature.inputs = {};
      for (const { op, attr } of json.modelTopology.node) if (op === 'Placeholder' && attr.shape.shape) attr.shape.shape.dim[1].size = String(size);
    })),
  ];
}

function weightBytes(sound: Sound, dice: Dice): readonly FuzzCase[] {
  const text = (json: string): string => json;
  const kernel = sound.json.weightsManifest[0].weights[0].shape.reduce((product, size) => product * size, 1);
  return [
    ...cuts(sound.weights, 8).map((length) => caseOf(sound, `weights cut to ${length} bytes`, 'refused', text, (bytes) => bytes.slice(0, length))),
    caseOf(sound, 'weights with 4 bytes more', 'refused', text, (bytes) => joined(bytes, new Uint8Array(4))),
    ...NOT_FINITE.flatMap((value) => Array.from({ length: 3 }, () => {
      const at = dice.below(kernel);
      return caseOf(sound, `weight ${at} is ${value}`, 'refused', text, (bytes) => withFloat(bytes, 4 * at, value));
    })),
  ];
}

/** Graphs that ask for far more than they hold. */
function proportions(sound: Sound): readonly FuzzCase[] {
  const graph = (name: string, expect: Expectation, build: (b: GraphBuilder, x: string) => string): FuzzCase => {
    const files = (): Files => {
      const b = graphBuilder(3);
      const { modelJson, weights } = b.build([build(b, b.input('x', [4, 6, 3]))]);
      return filesOf(JSON.stringify(modelJson), weights);
    };
    return modelCase({ name, files, expect, sound: sound.network });
  };
  const chain = (b: GraphBuilder, x: string, length: number, op: (name: string, x: string) => string): string => {
    let at = x;
    for (let k = 0; k < length; k++) at = op(`n${k}`, at);
    return b.unary('Relu', 'y', at);
  };
  const pads = (...sizes: number[]) => (b: GraphBuilder, x: string): string => b.node('Pad', 'y', [x, b.integers('p', sizes, [4, 2])]);
  return [
    graph('padding to 10^18 pixels', 'refused', pads(0, 0, 1e9, 0, 1e9, 0, 0, 0)),
    graph('padding by less than nothing', 'refused', pads(0, 0, -1, 0, 0, 0, 0, 0)),
    graph('a constant of 10^10 values', 'refused', (b, x) => b.binary('Mul', 'y', x, b.node('Fill', 'f', [b.integers('s', [100_000, 100_000]), b.floats('v', [], [1])]))),
    graph('a reshape to 40 axes', 'refused', (b, x) => b.reshape('y', x, [-1, 72, ...Array.from({ length: 40 }, () => 1)])),
    graph('30,000 nodes in a row', 'anyNetwork', (b, x) => chain(b, x, 30_000, (name, at) => b.unary('Identity', name, at))),
    graph('3,000 activations in a row', 'anyNetwork', (b, x) => chain(b, x, 3000, (name, at) => b.unary('Relu', name, at))),
    graph('sums that double 60 times', 'anyNetwork', (b, x) => chain(b, x, 60, (name, at) => b.binary('AddV2', name, at, at))),
    graph('joins that double 60 times', 'refused', (b, x) => chain(b, x, 60, (name, at) => b.concat(name, [at, at], 3))),
    graph('sizes that double 60 times', 'refused', (b, x) => chain(b, x, 60, (name, at) => b.pad(name, at, [2 ** 20, 2 ** 20], [2 ** 20, 2 ** 20]))),
  ];
}
