import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NetworkStructureError, NonFiniteWeightsError, ShapeError, WeightShapeError } from '../../network/networkErrors.ts';
import { attribute, graphBuilder, spatial, type GraphBuilder, type GraphModel, type GraphModelJson, type GraphNodeJson } from '../fixtures/graphModel.ts';
import { MissingWeightError, ModelFileError, TruncatedWeightsError, UnsupportedWeightError } from '../kerasLayers/errors.ts';
import { GraphModelError, importTfjsGraph, UnsupportedGraphNodeError } from '../tfjsGraph.ts';

const { flag, integer, integers, text } = attribute;
const PICTURE = [4, 6, 3];

/** Imports a graph from one picture `x`. */
function opened(build: (b: GraphBuilder, x: string) => string): Promise<unknown> {
  const b = graphBuilder(3);
  return openedModel(b.build([build(b, b.input('x', PICTURE))]));
}

function openedModel({ modelJson, weights }: GraphModel, bytes: Uint8Array = weights): Promise<unknown> {
  return importTfjsGraph(JSON.parse(JSON.stringify(modelJson)), async () => bytes);
}

/** A small sound graph, damaged by `damage`. */
function damaged(damage: (json: GraphModelJson, node: (name: string) => GraphNodeJson) => void, bytes?: (weights: Uint8Array) => Uint8Array): Promise<unknown> {
  const model = sound();
  damage(model.modelJson, (name) => {
    const found = model.modelJson.modelTopology.node.find((node) => node.name === name);
    if (!found) throw new Error(`no node ${name}`);
    return found;
  });
  return openedModel(model, bytes?.(model.weights));
}

function sound(): GraphModel {
  const b = graphBuilder(3);
  const x = b.input('x', PICTURE);
  const relu = b.unary('Relu', 'relu', b.norm('norm', b.conv('conv', x, [3, 3, 3, 4]), 4));
  const flat = b.reshape('flat', b.pool('MaxPool', 'pool', b.binary('AddV2', 'add', relu, b.conv('other', x, [1, 1, 3, 4])), 2, 2), [-1, 24]);
  return b.build([b.binary('BiasAdd', 'logits', b.binary('MatMul', 'dense', flat, b.random('kernel', [24, 2])), b.random('bias', [2]))]);
}

function weight(json: GraphModelJson, name: string): GraphModelJson['weightsManifest'][0]['weights'][0] {
  const [{ weights }] = json.weightsManifest;
  return weights.find((candidate) => candidate.name === name) ?? weights[0];
}

describe('a file that is not a graph model', () => {
  it.each([[undefined], [null], ['text'], [[]], [{}], [{ modelTopology: { node: [] } }], [{ modelTopology: { node: [{}] }, weightsManifest: [] }]])('%j', async (json) => {
    await expect(importTfjsGraph(json, async () => new ArrayBuffer(0))).rejects.toThrow(GraphModelError);
  });
});

describe('a node that the lab cannot take is refused by name', () => {
  it.each<[string, RegExp, (b: GraphBuilder, x: string) => string]>([
    ['an unknown op', /Node "y" \(TopKV2\): this op is not supported\. Supported: .*Conv2D/, (b, x) => b.unary('TopKV2', 'y', x)],
    ['an unknown op far from the output', /Node "cumsum" \(Cumsum\)/, (b, x) => b.unary('Relu', 'y', b.unary('Cumsum', 'cumsum', x))],
    ['a loop', /Node "y" \(Exit\): control flow .* would have to be supported/, (b, x) => b.unary('Exit', 'y', x)],
    ['a function call', /Node "y" \(StatefulPartitionedCall\): control flow/, (b, x) => b.unary('StatefulPartitionedCall', 'y', x)],
    ['a second input', /Node "second" \(Placeholder\): is a second input beside "x"/, (b, x) => b.binary('Add', 'y', x, b.input('second', PICTURE))],
    ['channels first', /Node "y" \(Conv2D\): data_format must be NHWC, found NCHW/, (b, x) => b.conv('y', x, [1, 1, 3, 4], { data_format: text('NCHW') })],
    ['channels first in a pool', /Node "y" \(MaxPool\): data_format/, (b, x) => b.node('MaxPool', 'y', [x], { data_format: text('NCHW'), ksize: spatial(2), strides: spatial(2), padding: text('SAME') })],
    ['a norm in training', /Node "y" \(FusedBatchNormV3\): is_training must be false/, (b, x) =>
      b.node('FusedBatchNormV3', 'y', [x, ...['g', 'b', 'm', 'v'].map((name) => b.random(name, [3]))], { is_training: flag(true) })],
    ['a filter that is computed', /Node "y" \(Conv2D\): input 1 is computed from the picture/, (b, x) => b.node('Conv2D', 'y', [x, x], { padding: text('SAME') })],
    ['padding of an unknown kind', /padding must be SAME, VALID or EXPLICIT, found "causal"/, (b, x) => b.conv('y', x, [1, 1, 3, 4], { padding: text('CAUSAL') })],
    ['strides along channels', /strides must be \[1, height, width, 1\], found \[1, 2, 2, 2\]/, (b, x) => b.conv('y', x, [1, 1, 3, 4], { strides: integers(1, 2, 2, 2) })],
    ['an unknown fused activation', /fuses gelu; supported are relu/, (b, x) => b.fusedConv('y', x, [1, 1, 3, 4], ['BiasAdd', 'Gelu'])],
    ['a fused norm', /fused_ops must begin with BiasAdd, found fusedbatchnorm/, (b, x) => b.fusedConv('y', x, [1, 1, 3, 4], ['FusedBatchNorm'])],
    ['mirrored padding', /Node "y" \(MirrorPad\): pads with mirrored pixels/, (b, x) => b.node('MirrorPad', 'y', [x, b.integers('p', [0, 0, 1, 1, 1, 1, 0, 0], [4, 2])])],
    ['padding with ones', /Node "y" \(PadV2\): pads with 1/, (b, x) => b.node('PadV2', 'y', [x, b.integers('p', [0, 0, 1, 1, 1, 1, 0, 0], [4, 2]), b.floats('one', [], [1])])],
    ['padding of pictures', /must pad height, width and channels/, (b, x) => b.node('Pad', 'y', [x, b.integers('p', [0, 1, 0, 0, 0, 0, 0, 0], [4, 2])])],
    ['padding by an absurd number of channels', /adds 1000000000 channels of zeros to 3/, (b, x) => b.node('Pad', 'y', [x, b.integers('p', [0, 0, 0, 0, 0, 0, 0, 1e9], [4, 2])])],
    ['a constant that varies between pixels', /a constant of \[4, 6, 1\] meets \[batch, 4, 6, 3\]; only one number or one for each of the 3/, (b, x) => b.binary('Mul', 'y', x, b.random('map', [4, 6, 1]))],
    ['division by a layer', /Node "y" \(RealDiv\): division by a layer's value/, (b, x) => b.binary('RealDiv', 'y', b.conv('c', x, [1, 1, 3, 3]), x)],
    ['division by zero', /scale.*Infinity|Infinity · x/, (b, x) => b.binary('RealDiv', 'y', x, b.floats('zero', [], [0]))],
    ['a mean over channels', /reduces axes \[3\].*only height and width/, (b, x) => b.node('Mean', 'y', [x, b.integers('a', [3])])],
    ['a square root of a layer', /Node "y" \(Rsqrt\): is supported only where all of its inputs are constants/, (b, x) => b.unary('Rsqrt', 'y', x)],
    ['a reshape across pictures', /turns \[batch, 4, 6, 3\] into \[-1, 7\], which does not keep the pictures apart/, (b, x) => b.reshape('y', x, [-1, 7])],
    ['a transpose of the batch', /moves the batch axis/, (b, x) => b.node('Transpose', 'y', [x, b.integers('perm', [3, 1, 2, 0])])],
    ['an order that is none', /does not order the axes/, (b, x) => b.node('Transpose', 'y', [x, b.integers('perm', [0, 1, 1, 2])])],
    ['every second pixel', /takes every 2th index/, (b, x) => b.stridedSlice('y', x, [0, 0], [9, 4], [1, 2], { begin_mask: 1, end_mask: 1 })],
    ['some of the pictures', /picks some of the pictures/, (b, x) => b.stridedSlice('y', x, [1], [2], [1])],
    ['a concatenation along the batch', /along axis 0/, (b, x) => b.concat('y', [x, x], 0)],
    ['joining other axes', /their axes must correspond/, (b, x) => b.binary('Add', 'y', x, b.reshape('r', x, [-1, 24, 3]))],
    ['a squeeze of the batch', /removes the batch axis/, (b, x) => b.unary('Squeeze', 'y', x, { squeeze_dims: integers(0) })],
    ['rounding to whole numbers', /casts a layer's value to DT_INT32/, (b, x) => b.unary('Cast', 'y', x, { DstT: attribute.type('DT_INT32') })],
    ['a second output', /Node "norm" \(FusedBatchNormV3\): its output 1 is not supported/, (b, x) => {
      b.norm('norm', x, 3);
      return b.unary('Relu', 'y', 'norm:1');
    }],
    ['an output that is a constant', /is an output that does not depend on the picture/, (b) => b.random('y', [3])],
    ['too few inputs', /Node "y" \(MatMul\): needs at least/, (b) => b.node('MatMul', 'y', [])],
    ['an attribute of another kind', /Node "y" \(Conv2D\): attribute "padding" must be text, found \{"i":"3"\}/, (b, x) => b.conv('y', x, [1, 1, 3, 4], { padding: integer(3) })],
    ['text that is not base64', /attribute "padding" must be text in base64/, (b, x) => b.conv('y', x, [1, 1, 3, 4], { padding: { s: '§§' } })],
    ['a transposed convolution to another size', /an output of 20 along axis 1 does not belong to an input of 4/, (b, x) => b.node('Conv2DBackpropInput', 'y',
      [b.integers('size', [1, 20, 12, 2]), b.random('f', [3, 3, 2, 3]), x], { strides: spatial(2), padding: text('SAME') })],
    ['a matrix of pixels that goes elsewhere', /mixes pixels with the batch axis/, (b, x) => b.unary('Squeeze', 'y', b.reshape('rows', x, [-1, 3]))],
    ['too many parts', /parts do not divide 3/, (b, x) => b.node('Split', 'y', [b.integer('axis', 3), x], { num_split: integer(1e9) })],
    ['parts that are too large', /do not make up the 3/, (b, x) => b.node('SplitV', 'y', [x, b.integers('s', [2, 2]), b.integer('axis', 3)])],
    ['two activations in one', /fuses relu, relu/, (b, x) => b.fusedConv('y', x, [1, 1, 3, 4], ['BiasAdd', 'Relu', 'Relu'])],
  ])('%s', async (_name, message, build) => {
    const import_ = opened(build);
    await expect(import_).rejects.toThrow(UnsupportedGraphNodeError);
    await expect(import_).rejects.toThrow(message);
  });

  it('an input whose size is open', async () => {
    const open = damaged((json, node) => {
      json.signature.inputs = {};
      node('x').attr.shape.shape = { dim: [{ size: '-1' }, { size: '-1' }, { size: '6' }, { size: '3' }] };
    });
    await expect(open).rejects.toThrow(/must be fixed apart from the batch, found \[batch, \?, 6, 3\]/);
    await expect(damaged((json, node) => { json.signature.inputs = {}; delete node('x').attr.shape; })).rejects.toThrow(/found none/);
  });

  it('constants that grow out of all proportion', async () => {
    const grown = opened((b, x) => b.binary('Mul', 'y', x, b.node('Fill', 'fill', [b.integers('s', [100_000, 100_000]), b.floats('v', [], [1])])));
    await expect(grown).rejects.toThrow(GraphModelError);
    const crossed = opened((b, x) => b.binary('Mul', 'y', x, b.binary('Add', 'a', b.random('row', [1, 9000]), b.random('column', [9000, 1]))));
    await expect(crossed).rejects.toThrow(/computes more than/);
  });
});

describe('a damaged graph', () => {
  it('with a cycle, a missing node, a repeated name or no output', async () => {
    await expect(damaged((_json, node) => { node('relu').input = ['flat']; })).rejects.toThrow(/reads from itself by way of others/);
    await expect(damaged((_json, node) => { node('relu').input = ['ghost']; })).rejects.toThrow(/"relu" reads from "ghost"/);
    await expect(damaged((_json, node) => { node('relu').name = 'conv'; })).rejects.toThrow(/Two nodes are called "conv"/);
    await expect(damaged((json) => { json.signature.outputs.output_0.name = 'ghost'; })).rejects.toThrow(/output node "ghost" does not exist/);
    await expect(damaged((_json, node) => { node('relu').input = ['norm:x']; })).rejects.toThrow(/not a tensor's name/);
  });

  it('with a chain so long that calls would not nest', async () => {
    const b = graphBuilder(1);
    let x = b.input('x', [2, 2, 3]);
    for (let k = 0; k < 20_000; k++) x = b.unary('Identity', `i${k}`, x);
    await expect(openedModel(b.build([b.unary('Relu', 'y', x)]))).resolves.toMatchObject({ outputs: ['y'] });
  });

  it('without outputs in its signature gives those that nothing reads', async () => {
    await expect(damaged((json) => { json.signature.outputs = {}; })).resolves.toMatchObject({ outputs: ['dense'] });
  });

  it('with weights that are missing, cut short, misshapen, of another type or not finite', async () => {
    await expect(damaged((json) => { weight(json, 'conv/filter').name = 'other'; })).rejects.toThrow(MissingWeightError);
    await expect(damaged(() => {}, (bytes) => bytes.subarray(0, bytes.length - 2))).rejects.toThrow(TruncatedWeightsError);
    await expect(damaged(() => {}, (bytes) => new Uint8Array(bytes.length + 8))).rejects.toThrow(ModelFileError);
    await expect(damaged((json) => { weight(json, 'conv/filter').shape = [1e6, 1e6, 1e6, 1]; })).rejects.toThrow(TruncatedWeightsError);
    await expect(damaged((json) => { weight(json, 'conv/filter').shape = [3, 3, 4, 3]; })).rejects.toThrow(UnsupportedGraphNodeError);
    await expect(damaged((json) => { weight(json, 'norm/gamma').shape = [2, 2]; })).resolves.toBeDefined();
    await expect(damaged((json) => { Object.assign(weight(json, 'conv/filter'), { dtype: 'complex64', shape: [3, 3, 3, 2] }); })).rejects.toThrow(UnsupportedWeightError);
    await expect(damaged(() => {}, (bytes) => {
      const copy = Uint8Array.from(bytes);
      new DataView(copy.buffer).setFloat32(40, Number.NaN, true);
      return copy;
    })).rejects.toThrow(NonFiniteWeightsError);
  });

  it('ends in a named error or in a network, whatever is changed in it', async () => {
    const errors = [
      GraphModelError, UnsupportedGraphNodeError, MissingWeightError, ModelFileError, TruncatedWeightsError, UnsupportedWeightError,
      ShapeError, WeightShapeError, NonFiniteWeightsError, NetworkStructureError,
    ];
    const sounds = JSON.stringify(sound().modelJson);
    const { weights } = sound();
    const junk = fc.constantFrom<unknown>(null, -1, 0, 1e12, 'relu', 'x', [], {}, '-1', true, [1, 2], 'Conv2D', 'MatMul', { size: '0' }, Number.NaN);
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(), junk, fc.nat(), async (which, value, second) => {
        const json = JSON.parse(sounds) as unknown;
        for (const pick of [which, second]) replaceOne(json, pick, value);
        try {
          await importTfjsGraph(json, async () => weights);
        } catch (error) {
          refused++;
          expect(errors.some((kind) => error instanceof kind), String(error)).toBe(true);
        }
      }),
      { numRuns: 600, seed: 11 },
    );
    expect(refused).toBeGreaterThan(200);
  });
});

/** Replaces the value at one place of a JSON tree, chosen by `pick`. */
function replaceOne(json: unknown, pick: number, value: unknown): void {
  const places: [object, string][] = [];
  const visit = (tree: unknown): void => {
    if (typeof tree !== 'object' || tree === null) return;
    for (const [key, inner] of Object.entries(tree)) {
      places.push([tree, key]);
      visit(inner);
    }
  };
  visit(json);
  const [owner, key] = places[pick % places.length];
  Reflect.set(owner, key, structuredClone(value)); // a copy, or the tree could come to hold itself
}
