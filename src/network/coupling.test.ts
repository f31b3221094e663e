import { describe, expect, it } from 'vitest';
import { coupling, couplingGroups } from './coupling.ts';
import { networkBuilder, plainNetwork, randomWeights, residualNetwork } from './fixtures/networks.ts';
import { EmptyPartError } from './pruneErrors.ts';
import { validateNetwork } from './shapes.ts';
import { prune } from './surgery.ts';

describe('couplingGroups', () => {
  it('ties the producers of a residual stream and orders groups by execution', () => {
    const groups = couplingGroups(residualNetwork());
    expect(groups.map((group) => [group.name, group.channels])).toEqual([
      ['input', 3], ['stem', 6], ['block1_conv1', 5], ['block2_conv1', 7], ['block2_conv2', 8], ['logits', 4],
    ]);
    expect(groups[1].producers).toEqual(['stem', 'block1_conv2']);
    expect(groups[1].passThroughs).toEqual(['stem_norm', 'stem_relu', 'block1_conv2_norm', 'block1_add', 'block1_relu']);
    expect(groups[1].consumers).toEqual(['block1_conv1', 'block2_conv1', 'block2_shortcut']);
    expect(groups[4].producers).toEqual(['block2_conv2', 'block2_shortcut']);
    expect(groups[4].consumers).toEqual(['logits']);
  });

  it('freezes the input and the output and nothing else', () => {
    const frozen = couplingGroups(residualNetwork()).filter((group) => group.frozen !== undefined);
    expect(frozen.map((group) => [group.name, group.frozen])).toEqual([
      ['input', "it holds the network's input channels"],
      ['logits', "it holds the network's output"],
    ]);
  });

  it('follows channels through a flatten, position after position', () => {
    const { groups, features } = coupling(plainNetwork());
    const group = groups.find(({ name }) => name === 'conv2');
    expect(group?.channels).toBe(4);
    expect(group?.passThroughs).toEqual(['conv2_relu', 'pool2', 'flatten']);
    expect(group?.consumers).toEqual(['dense1']);
    expect([...(features.get('flatten')?.component ?? [])]).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]);
  });

  it('freezes a group that is added to the input, under its producer’s name', () => {
    const b = networkBuilder(1);
    const input = b.input('input', [4, 4, 3]);
    const sum = b.add('sum', b.conv('conv', input, [3, 3], 3, 3), input);
    const [group] = couplingGroups(b.build('tied', b.conv('out', sum, [1, 1], 3, 2)));
    expect(group.name).toBe('conv');
    expect(group.frozen).toMatch(/input channels/);
  });

  it('freezes groups that pass a softmax, feed nothing or are normalised over', () => {
    const b = networkBuilder(1);
    const input = b.input('input', [2, 2, 3]);
    const gated = b.activation('gate', b.conv('conv', input, [1, 1], 3, 4), 'softmax');
    b.conv('unread', input, [1, 1], 3, 2);
    const wide = b.conv('wide', input, [1, 1], 3, 4);
    const normed = b.node({ id: 'norm', op: 'layerNorm', inputs: [wide], attributes: { epsilon: 1e-5 }, weights: {} });
    const both = b.node({ id: 'both', op: 'concat', inputs: [gated, normed], attributes: { axis: 2 }, weights: {} });
    const network = b.build('odd', b.dense('out', b.globalPool('pool', both), 8, 2));
    const reasons = Object.fromEntries(couplingGroups(network).map((group) => [group.name, group.frozen]));
    expect(reasons.conv).toBe('"gate" is a softmax over its channels');
    expect(reasons.unread).toBe('no layer reads it');
    expect(reasons.wide).toBe('"norm" normalises over all of its channels');
  });

  it('keeps the halves of a concatenation apart, and ties what is added to it', () => {
    const b = networkBuilder(1);
    const input = b.input('input', [2, 2, 3]);
    const parts = [b.conv('left', input, [1, 1], 3, 2), b.conv('right', input, [1, 1], 3, 3)];
    const both = b.node({ id: 'both', op: 'concat', inputs: parts, attributes: { axis: 2 }, weights: {} });
    const free = couplingGroups(b.build('free', b.conv('out', both, [1, 1], 5, 2)));
    expect(free.map(({ name, channels, consumers }) => [name, channels, consumers])).toEqual([
      ['input', 3, ['left', 'right']], ['left', 2, ['out']], ['right', 3, ['out']], ['out', 2, []],
    ]);
    const c = networkBuilder(1);
    const start = c.input('input', [2, 2, 3]);
    const joined = c.node({
      id: 'both', op: 'concat', attributes: { axis: 2 }, weights: {},
      inputs: [c.conv('left', start, [1, 1], 3, 2), c.conv('right', start, [1, 1], 3, 3)],
    });
    const tied = couplingGroups(c.build('tied', c.conv('out', c.add('sum', joined, c.conv('whole', start, [1, 1], 3, 5)), [1, 1], 5, 2)));
    expect(tied[1]).toMatchObject({ name: 'left', channels: 5, producers: ['left', 'right', 'whole'], parts: [[0, 1], [2, 3, 4]] });
  });

  it('freezes every part of a concatenation that is an output', () => {
    const b = networkBuilder(1);
    const input = b.input('input', [2, 2, 3]);
    const parts = [b.conv('left', input, [1, 1], 3, 2), b.conv('right', input, [1, 1], 3, 3)];
    const both = b.node({ id: 'both', op: 'concat', inputs: parts, attributes: { axis: 2 }, weights: {} });
    const reasons = couplingGroups(b.build('joined', both, b.conv('more', both, [1, 1], 5, 2))).map(({ frozen }) => frozen);
    expect(reasons.slice(1)).toEqual(Array.from({ length: 3 }, () => "it holds the network's output"));
  });

  it('ties channels through gates, depthwise and grouped convolutions, splits and channel shuffles', () => {
    const b = networkBuilder(1);
    const input = b.input('input', [4, 4, 3]);
    const expand = b.conv('expand', input, [1, 1], 3, 8);
    const depthwise = b.node({
      id: 'depthwise', op: 'depthwiseConv2d', inputs: [expand],
      attributes: { strides: [1, 1], padding: 'same', dilations: [1, 1] }, weights: { kernel: randomWeights(2)([3, 3, 8, 2]) },
    });
    const squeeze = b.conv('squeeze', b.globalPool('pool', depthwise, 'globalAveragePool2d', true), [1, 1], 16, 4);
    const excite = b.activation('gate', b.conv('excite', squeeze, [1, 1], 4, 16), 'hardSigmoid');
    const gated = b.node({ id: 'gated', op: 'multiply', inputs: [depthwise, excite], attributes: {}, weights: {} });
    const grouped = b.conv('grouped', gated, [3, 3], 16, 12, { groups: 2 });
    const split = b.node({ id: 'split', op: 'reshape', inputs: [grouped], attributes: { shape: [4, 4, 2, 6] }, weights: {} });
    const swapped = b.node({ id: 'swapped', op: 'permute', inputs: [split], attributes: { order: [0, 1, 3, 2] }, weights: {} });
    const shuffled = b.node({ id: 'shuffled', op: 'reshape', inputs: [swapped], attributes: { shape: [4, 4, 12] }, weights: {} });
    const half = b.node({ id: 'half', op: 'slice', inputs: [shuffled], attributes: { axis: 2, start: 0, size: 6 }, weights: {} });
    const network = b.build('tied', b.conv('out', half, [1, 1], 6, 2));
    const { groups, features } = coupling(network);
    const named = new Map(groups.map((group) => [group.name, group]));
    // two outputs a channel of the depthwise convolution, and the halves of the grouped one, leave together
    expect(named.get('expand')).toMatchObject({ channels: 4, producers: ['expand', 'excite'], consumers: ['squeeze', 'grouped'] });
    expect(named.get('expand')?.frozen).toBeUndefined();
    expect(named.get('squeeze')).toMatchObject({ channels: 4, consumers: ['excite'] });
    expect(named.get('grouped')).toMatchObject({ channels: 6, parts: [[0, 1, 2]] });
    expect([...(features.get('shuffled')?.component ?? [])]).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);

    const pruned = prune(network, { keep: { expand: [1, 3], squeeze: [0], grouped: [1, 2, 5] }, weights: {} });
    validateNetwork(pruned);
    expect(pruned.nodes.find(({ id }) => id === 'half')?.attributes).toEqual({ axis: 2, start: 0, size: 4 });
    expect(() => prune(network, { keep: { grouped: [3, 4] }, weights: {} })).toThrow(EmptyPartError);
  });

  it('puts every node into exactly one group', () => {
    for (const network of [residualNetwork(), plainNetwork()]) {
      const groups = couplingGroups(network);
      const members = groups.flatMap((group) => [...group.producers, ...group.passThroughs]);
      expect(members.toSorted()).toEqual(network.nodes.map((node) => node.id).toSorted());
      expect([...coupling(network).features.keys()]).toEqual(network.nodes.map((node) => node.id));
    }
  });
});
