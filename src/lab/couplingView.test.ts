import { describe, expect, it } from 'vitest';
import { coupling } from '../network/coupling.ts';
import { networkBuilder, plainNetwork, randomWeights, residualNetwork } from '../network/fixtures/networks.ts';
import type { Network } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';
import { prune } from '../network/surgery.ts';
import { coupledLayers, couplingSummary, indexRuns } from './couplingView.ts';

/** An inverted residual with a gate, a grouped convolution that reads it, a concatenation with the stem, and a flatten. */
function gatedNetwork(): Network {
  const b = networkBuilder(5);
  const stem = b.conv('stem', b.input('input', [4, 4, 3]), [3, 3], 3, 6);
  const expand = b.activation('expand_act', b.norm('expand_norm', b.conv('expand', stem, [1, 1], 6, 8), 8), 'hardSwish');
  const deep = b.node({
    id: 'depthwise', op: 'depthwiseConv2d', inputs: [expand],
    attributes: { strides: [1, 1], padding: 'same', dilations: [1, 1] }, weights: { kernel: randomWeights(6)([3, 3, 8, 1]) },
  });
  const squeeze = b.conv('squeeze', b.globalPool('pool', deep, 'globalAveragePool2d', true), [1, 1], 8, 3);
  const gate = b.activation('gate', b.conv('excite', squeeze, [1, 1], 3, 8), 'hardSigmoid');
  const gated = b.node({ id: 'gated', op: 'multiply', inputs: [deep, gate], attributes: {}, weights: {} });
  const grouped = b.conv('grouped', b.conv('project', gated, [1, 1], 8, 6), [3, 3], 6, 4, { groups: 2 });
  const both = b.node({ id: 'both', op: 'concat', inputs: [grouped, stem], attributes: { axis: 2 }, weights: {} });
  const flat = b.flatten('flatten', b.conv('narrow', both, [1, 1], 10, 2));
  return b.build('gated', b.dense('logits', flat, 32, 4));
}

/** Layer, role and indices of what leaves with a channel. */
function leaving(network: Network, name: string, channel?: number): [string, string, number[]][] {
  const coupled = coupling(network);
  const group = coupled.groups.find((candidate) => candidate.name === name);
  if (!group) throw new Error(`no group ${name}`);
  return coupledLayers(network, coupled, group, channel).map(({ layer, role, features }) => [layer, role, [...features]]);
}

describe('what leaves with a channel', () => {
  it('of a residual stream are all that write into it and read it, at the same index', () => {
    expect(leaving(residualNetwork(), 'stem', 4)).toEqual([
      ['stem', 'makes', [4]], ['stem_norm', 'passes', [4]], ['stem_relu', 'passes', [4]],
      ['block1_conv1', 'reads', [4]], ['block1_conv2', 'makes', [4]], ['block1_conv2_norm', 'passes', [4]],
      ['block1_add', 'passes', [4]], ['block1_relu', 'passes', [4]], ['block2_conv1', 'reads', [4]], ['block2_shortcut', 'reads', [4]],
    ]);
  });

  it('of a concatenated layer has another index behind the concatenation', () => {
    // grouped makes 4 channels, and the stem’s come after them
    const rows = leaving(gatedNetwork(), 'stem', 2);
    expect(rows).toEqual([['stem', 'makes', [2]], ['expand', 'reads', [2]], ['both', 'passes', [6]], ['narrow', 'reads', [6]]]);
    // its two groups keep the same channels
    expect(leaving(gatedNetwork(), 'grouped', 1)).toEqual([['grouped', 'makes', [1, 3]], ['both', 'passes', [1, 3]], ['narrow', 'reads', [1, 3]]]);
  });

  it('of a gated layer are the gate’s own layers too', () => {
    const rows = leaving(gatedNetwork(), 'expand', 3);
    for (const layer of ['expand', 'excite']) expect(rows).toContainEqual([layer, 'makes', [3]]);
    for (const layer of ['depthwise', 'gate', 'gated', 'pool']) expect(rows).toContainEqual([layer, 'passes', [3]]);
    for (const layer of ['squeeze', 'project']) expect(rows).toContainEqual([layer, 'reads', [3]]);
  });

  it('of a grouped convolution is the same one of each of its groups', () => {
    const rows = leaving(gatedNetwork(), 'project', 1);
    expect(rows).toContainEqual(['project', 'makes', [1, 4]]);
    expect(rows).toContainEqual(['grouped', 'reads', [1, 4]]);
  });

  it('of a flattened layer is read at every position', () => {
    const rows = leaving(plainNetwork(), 'conv2', 1);
    expect(rows).toContainEqual(['flatten', 'passes', [1, 5, 9, 13]]);
    expect(rows).toContainEqual(['dense1', 'reads', [1, 5, 9, 13]]);
  });

  it('of a split is in its own part alone', () => {
    const b = networkBuilder(3);
    const all = b.conv('all', b.input('input', [4, 4, 3]), [3, 3], 3, 6);
    const part = (id: string, start: number) => b.node({ id, op: 'slice', inputs: [all], attributes: { axis: 2, start, size: 3 }, weights: {} });
    const [left, right] = [b.conv('left', part('first', 0), [1, 1], 3, 4), b.conv('right', part('second', 3), [1, 1], 3, 4)];
    const network = b.build('split', b.conv('out', b.add('sum', left, right), [1, 1], 4, 2));
    expect(leaving(network, 'all', 4)).toEqual([['all', 'makes', [4]], ['second', 'passes', [1]], ['right', 'reads', [1]]]);
  });

  it('stands twice where one layer both reads and makes it', () => {
    const b = networkBuilder(3);
    const stem = b.conv('stem', b.input('input', [4, 4, 3]), [3, 3], 3, 4);
    const network = b.build('loop', b.conv('out', b.add('sum', b.conv('inner', stem, [3, 3], 4, 4), stem), [1, 1], 4, 2));
    expect(leaving(network, 'stem', 0).filter(([layer]) => layer === 'inner')).toEqual([['inner', 'reads', [0]], ['inner', 'makes', [0]]]);
  });

  it('is what surgery takes away, in every layer of every group', () => {
    for (const network of [residualNetwork(), plainNetwork(), gatedNetwork()]) {
      const whole = coupling(network);
      for (const group of whole.groups.filter(({ frozen }) => frozen === undefined)) {
        const channel = group.channels - 1;
        const keep = { [group.name]: Array.from({ length: channel }, (_, i) => i) };
        const [before, after] = [inferShapes(network), inferShapes(prune(network, { keep, weights: {} }))];
        const lost = new Map(coupledLayers(network, whole, group, channel).filter(({ role }) => role !== 'reads').map(({ layer, features }) => [layer, features.length]));
        for (const { id } of network.nodes) {
          const axis = whole.features.get(id)?.axis ?? 0;
          expect((before.get(id)?.[axis] ?? 0) - (after.get(id)?.[axis] ?? 0)).toBe(lost.get(id) ?? 0);
        }
      }
    }
  });

  it('of a whole group are all of its channels', () => {
    expect(leaving(residualNetwork(), 'block1_conv1')).toContainEqual(['block1_conv2', 'reads', [0, 1, 2, 3, 4]]);
  });
});

it('every layer says why', () => {
  const network = gatedNetwork();
  const coupled = coupling(network);
  const why = new Map(coupled.groups.flatMap((group) => coupledLayers(network, coupled, group, 0)).map((row) => [`${row.layer} ${row.role}`, row.why]));
  expect(why.get('gated passes')).toMatch(/gate/);
  expect(why.get('grouped reads')).toMatch(/2 groups must stay of one width/);
  expect(why.get('flatten passes')).toMatch(/every pixel/);
  expect([...why.values()].every((text) => text.length > 0)).toBe(true);
});

it('indices are written as runs, and many are cut short', () => {
  expect(indexRuns([0, 1, 2, 3, 9])).toBe('0–3, 9');
  expect(indexRuns([1, 17, 33, 49], 2)).toBe('1, 17, … (4 in all)');
});

it('the summary counts layers by role', () => {
  const network = residualNetwork();
  const coupled = coupling(network);
  expect(couplingSummary(coupledLayers(network, coupled, coupled.groups[2], 0))).toBe('Made by 1 layer, passes through 2 layers, read by 1 layer.');
});
