import { describe, expect, it } from 'vitest';
import { networkBuilder, nodeOfOp, plainNetwork, residualNetwork } from './fixtures/networks.ts';
import type { Network, Node } from './network.ts';
import { NetworkStructureError, NonFiniteWeightsError, ShapeError, WeightShapeError } from './networkErrors.ts';
import { inferShapes, validateNetwork } from './shapes.ts';

function replace(network: Network, id: string, change: (node: Node) => Node): Network {
  return { ...network, nodes: network.nodes.map((node) => (node.id === id ? change(node) : node)) };
}

describe('inferShapes', () => {
  it('follows same padding, strides and global pooling through a residual network', () => {
    const shapes = inferShapes(residualNetwork());
    expect(shapes.get('block1_add')).toEqual([8, 8, 6]);
    expect(shapes.get('block2_add')).toEqual([4, 4, 8]);
    expect(shapes.get('pool')).toEqual([8]);
    expect(shapes.get('logits')).toEqual([4]);
  });

  it('follows zero padding, valid windows, pooling and flatten', () => {
    const shapes = inferShapes(plainNetwork());
    expect(shapes.get('pad')).toEqual([10, 10, 2]);
    expect(shapes.get('conv1')).toEqual([8, 8, 5]);
    expect(shapes.get('pool1')).toEqual([4, 4, 5]);
    expect(shapes.get('flatten')).toEqual([16]);
  });

  it('rounds an odd size up under same padding', () => {
    const b = networkBuilder(1);
    const conv = b.conv('conv', b.input('input', [7, 5, 1]), [3, 3], 1, 2, { strides: [2, 2] });
    expect(inferShapes(b.build('odd', conv)).get('conv')).toEqual([4, 3, 2]);
  });

  it('names the node that cannot take its input', () => {
    const b = networkBuilder(1);
    const wrong = b.build('wrong', b.conv('conv', b.input('input', [4, 4, 3]), [3, 3], 2, 2));
    expect(() => inferShapes(wrong)).toThrow(ShapeError);
    expect(() => inferShapes(wrong)).toThrow(/"conv" \(conv2d\).*\[3, 3, 2, 2\].*\[4, 4, 3\]/);
    const c = networkBuilder(1);
    const input = c.input('input', [4, 4, 3]);
    const sum = c.build('sum', c.add('sum', input, c.conv('conv', input, [1, 1], 3, 2)));
    expect(() => inferShapes(sum)).toThrow(/"sum" \(add\).*\[4, 4, 3\] and \[4, 4, 2\]/);
    const d = networkBuilder(1);
    const big = d.build('big', d.conv('conv', d.input('input', [4, 4, 1]), [5, 5], 1, 1, { padding: 'valid' }));
    expect(() => inferShapes(big)).toThrow(/5 × 5 does not fit into \[4, 4, 1\]/);
    const e = networkBuilder(1);
    expect(() => inferShapes(e.build('lone', e.add('sum', e.input('input', [4]))))).toThrow(/two or more inputs, found 1/);
  });
});

describe('validateNetwork', () => {
  it('accepts sound networks', () => {
    expect(() => validateNetwork(residualNetwork())).not.toThrow();
    expect(() => validateNetwork(plainNetwork())).not.toThrow();
  });

  it('refuses repeated names, later inputs, a missing output and a second input', () => {
    const network = residualNetwork();
    const { nodes } = network;
    expect(() => validateNetwork({ ...network, nodes: [...nodes, nodes[3]] })).toThrow(NetworkStructureError);
    expect(() => validateNetwork({ ...network, nodes: [...nodes].reverse() })).toThrow(/not a layer that stands before/);
    expect(() => validateNetwork({ ...network, outputs: ['nowhere'] })).toThrow(/"nowhere" is not one of its layers/);
    const second: Node = { id: 'second', op: 'input', inputs: [], attributes: { shape: [3] }, weights: {} };
    expect(() => validateNetwork({ ...network, nodes: [...nodes, second] })).toThrow(/one input, found 2/);
  });

  it('refuses weights of the wrong shape or length', () => {
    const network = residualNetwork();
    const norm = nodeOfOp(network, 'stem_norm', 'batchNorm');
    const short = { shape: [5], values: new Float32Array(5) };
    const withMean = (mean: typeof short): Network =>
      replace(network, 'stem_norm', () => ({ ...norm, weights: { ...norm.weights, mean } }));
    expect(() => validateNetwork(withMean(short))).toThrow(WeightShapeError);
    expect(() => validateNetwork(withMean({ shape: [6], values: short.values }))).toThrow(/"mean".*\[6\].*with 5 values/);
  });

  it('names the layer, weight and position of a value that is not finite', () => {
    const network = residualNetwork();
    const logits = nodeOfOp(network, 'logits', 'dense');
    const bias = { shape: [4], values: Float32Array.of(0, 1, Number.NaN, 3) };
    const broken = replace(network, 'logits', () => ({ ...logits, weights: { ...logits.weights, bias } }));
    expect(() => validateNetwork(broken)).toThrow(NonFiniteWeightsError);
    expect(() => validateNetwork(broken)).toThrow(/"logits".*"bias" holds NaN at position 2/);
  });
});
