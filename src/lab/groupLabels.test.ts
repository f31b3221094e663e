import { describe, expect, it } from 'vitest';
import { coupling } from '../network/coupling.ts';
import { gpt2, smolLm135m } from '../network/fixtures/architectures/decoders.ts';
import { swinTiny } from '../network/fixtures/architectures/swinTiny.ts';
import { visionTransformer } from '../network/fixtures/architectures/visionTransformer.ts';
import type { Network } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';
import { groupLabels } from './groupLabels.ts';
import { loadedModel, smallNetwork } from './fakeWorkers.ts';

function labelled(network: Network) {
  const { groups } = coupling(network);
  const shapes = inferShapes(network);
  return groupLabels(groups, { network, nodes: network.nodes.map(({ id, op }) => ({ id, op, shape: shapes.get(id) ?? [], macs: 0, params: 0 })) });
}

/** Every id is made meaningless, so that nothing can be read off names. */
function nameless(network: Network): Network {
  const names = new Map(network.nodes.map(({ id }, at) => [id, `n${at}`]));
  const named = (id: string) => names.get(id) ?? id;
  return { ...network, outputs: network.outputs.map(named), nodes: network.nodes.map((node) => ({ ...node, id: named(node.id), inputs: node.inputs.map(named) })) };
}

describe('labels of a network with attention', () => {
  it('number its blocks and tell heads from neurons, whatever its layers are called', () => {
    const stages = labelled(nameless(gpt2({ size: 8, classes: 16, divisor: 64, weights: 'zeros' })));
    expect(stages).toHaveLength(1);
    const groups = stages[0].groups.filter(({ unit }) => unit.one !== 'channel');
    expect(groups).toHaveLength(24);
    expect(groups.slice(0, 4).map(({ short }) => short)).toEqual(['block 1 · heads', 'block 1 · MLP neurons', 'block 2 · heads', 'block 2 · MLP neurons']);
    expect(groups[23]).toMatchObject({ full: 'Block 12, MLP neurons', unit: { one: 'neuron', many: 'neurons' } });
  });

  it('call a head of keys and values with its queries a head group', () => {
    const [{ groups }] = labelled(nameless(smolLm135m({ size: 8, classes: 16, divisor: 64, weights: 'zeros' })));
    const heads = groups.filter(({ short }) => short.includes('head'));
    expect(heads).toHaveLength(30);
    expect(heads[2]).toMatchObject({ short: 'block 3 · head groups', unit: { one: 'head group' } });
    expect(groups.filter(({ unit }) => unit.one === 'neuron')).toHaveLength(30);
  });

  it('begin a stage where patches are merged, with its size, and count blocks anew', () => {
    const stages = labelled(nameless(swinTiny({ size: 224, classes: 4, divisor: 32, weights: 'zeros' })));
    const blocks = stages.map(({ groups }) => groups.filter(({ unit }) => unit.one !== 'channel'));
    expect(blocks.map(({ length }) => length)).toEqual([4, 4, 12, 4]);
    expect(stages.map(({ title }) => title)).toEqual(['Stage 1 · 56 × 56', 'Stage 2 · 28 × 28', 'Stage 3 · 14 × 14', 'Stage 4 · 7 × 7']);
    expect(blocks[2][11].full).toBe('Stage 3, block 6, MLP neurons');
    expect(blocks[3][0].short).toBe('block 1 · heads');
  });

  it('are one for each group that may be cut', () => {
    const network = visionTransformer({ size: 32, classes: 4, divisor: 64, weights: 'zeros' });
    const cut = coupling(network).groups.filter(({ frozen }) => frozen === undefined).map(({ name }) => name);
    const names = labelled(network).flatMap(({ groups }) => groups.map(({ name }) => name));
    expect(names.toSorted()).toEqual(cut.toSorted());
  });
});

it('a network without attention is labelled by its names', () => {
  const loaded = loadedModel(smallNetwork());
  expect(groupLabels(loaded.groups, loaded)[0].groups.map(({ short, unit }) => [short, unit.many])).toEqual([['first', 'channels'], ['second', 'channels']]);
});
