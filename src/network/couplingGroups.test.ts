import { describe, expect, it } from 'vitest';
import { couplingGroups, outputGroups } from './couplingGroups.ts';
import { networkBuilder, plainNetwork, residualNetwork } from './fixtures/networks.ts';

describe('couplingGroups', () => {
  it('ties the producers of a residual stream and orders groups by execution', () => {
    const groups = couplingGroups(residualNetwork());
    expect(groups.map((group) => [group.name, group.channels])).toEqual([
      ['input', 3], ['stem', 6], ['block1_conv1', 5], ['block2_conv1', 7], ['block2_conv2', 8], ['logits', 4],
    ]);
    expect(groups[1].producers).toEqual(['stem', 'block1_conv2']);
    expect(groups[1].passThroughs).toEqual(['stem_norm', 'stem_relu', 'block1_conv2_norm', 'block1_add', 'block1_relu']);
    expect(groups[1].consumers.map((consumer) => consumer.node)).toEqual(['block1_conv1', 'block2_conv1', 'block2_shortcut']);
    expect(groups[4].producers).toEqual(['block2_conv2', 'block2_shortcut']);
    expect(groups[4].consumers).toEqual([{ node: 'logits', spread: 1 }]);
  });

  it('freezes the input and the output and nothing else', () => {
    const frozen = couplingGroups(residualNetwork()).filter((group) => group.frozen !== undefined);
    expect(frozen.map((group) => [group.name, group.frozen])).toEqual([
      ['input', "it holds the network's input channels"],
      ['logits', "it holds the network's output"],
    ]);
  });

  it('gives the spread of a flatten to its consumer', () => {
    const group = couplingGroups(plainNetwork()).find(({ name }) => name === 'conv2');
    expect(group?.channels).toBe(4);
    expect(group?.passThroughs).toEqual(['conv2_relu', 'pool2', 'flatten']);
    expect(group?.consumers).toEqual([{ node: 'dense1', spread: 4 }]);
  });

  it('freezes a group that is added to the input, under its producer’s name', () => {
    const b = networkBuilder(1);
    const input = b.input('input', [4, 4, 3]);
    const sum = b.add('sum', b.conv('conv', input, [3, 3], 3, 3), input);
    const [group] = couplingGroups(b.build('tied', b.conv('out', sum, [1, 1], 3, 2)));
    expect(group.name).toBe('conv');
    expect(group.frozen).toMatch(/input channels/);
  });

  it('freezes groups that pass a softmax, feed nothing or meet another layout', () => {
    const b = networkBuilder(1);
    const input = b.input('input', [2, 2, 3]);
    const gated = b.activation('gate', b.conv('conv', input, [1, 1], 3, 4), 'softmax');
    b.conv('unread', input, [1, 1], 3, 2);
    const flat = b.plain('flat', gated, 'flatten');
    const pooled = b.plain('pooled', b.conv('wide', input, [1, 1], 3, 16), 'globalMaxPool2d');
    const network = b.build('odd', b.dense('out', b.add('sum', flat, pooled), 16, 2));
    const reasons = Object.fromEntries(couplingGroups(network).map((group) => [group.name, group.frozen]));
    expect(reasons.conv).toBe('"gate" is a softmax over its channels');
    expect(reasons.unread).toBe('no layer reads it');
    expect(reasons.wide).toBe('"sum" joins features that are laid out differently');
  });

  it('puts every node into exactly one group', () => {
    for (const network of [residualNetwork(), plainNetwork()]) {
      const groups = couplingGroups(network);
      const members = groups.flatMap((group) => [...group.producers, ...group.passThroughs]);
      expect(members.toSorted()).toEqual(network.nodes.map((node) => node.id).toSorted());
      expect(outputGroups(groups).size).toBe(network.nodes.length);
    }
  });
});
