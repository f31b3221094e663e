import { describe, expect, it } from 'vitest';
import { DEFAULT_REQUEST, type Pins } from '../pruning/pruneRequest.ts';
import { EMPTY_HISTORY, goToPlan, historyTree, recordPlan, removePlan, renamePlan, type History, type HistoryBranch } from './history.ts';

function plan(value: number, images = 1000, pins: Pins = {}) {
  return {
    settings: { request: { ...DEFAULT_REQUEST, target: { kind: 'macs', value } as const }, pins, images: 512 },
    keep: { a: [0] },
    cost: { macs: 1, params: 1, bytes: 4 },
    outcome: { images, accuracy: value, agreement: value, perClass: [] },
  };
}

function shape(branches: readonly HistoryBranch[]): unknown {
  return branches.map(({ node, children }) => [node.id, shape(children)]);
}

const three = [0.9, 0.5].reduce((history, value) => recordPlan(history, plan(value)), EMPTY_HISTORY);

describe('the history', () => {
  it('branches where a person goes back and tries something else', () => {
    const branched = recordPlan(goToPlan(three, '1'), plan(0.3));
    expect(shape(historyTree(branched))).toEqual([['1', [['2', []], ['3', []]]]]);
    expect(branched.current).toBe('3');
  });

  it('brings an equal plan up to date, and never with fewer images', () => {
    const more = recordPlan(three, plan(0.5, 10_000));
    expect(more.nodes).toHaveLength(2);
    expect(more.nodes[1].outcome.images).toBe(10_000);
    expect(recordPlan(more, plan(0.5, 1000)).nodes[1].outcome.images).toBe(10_000);
  });

  it('tells plans apart by their pins, whatever the order these were set in', () => {
    const one = recordPlan(EMPTY_HISTORY, plan(0.5, 1000, { a: { 1: true }, b: { 2: false } }));
    expect(recordPlan(one, plan(0.5, 1000, { b: { 2: false }, a: { 1: true } })).nodes).toHaveLength(1);
    expect(recordPlan(one, plan(0.5)).nodes).toHaveLength(2);
  });

  it('hangs what came from a removed plan under that plan’s parent', () => {
    const grown = recordPlan(three, plan(0.3));
    expect(shape(historyTree(removePlan(grown, '2')))).toEqual([['1', [['3', []]]]]);
    expect(removePlan(grown, '3').current).toBe('2');
  });

  it('forgets a name that is emptied', () => {
    const named = renamePlan(three, '1', '  mine ');
    expect(named.nodes[0].name).toBe('mine');
    expect('name' in renamePlan(named, '1', ' ').nodes[0]).toBe(false);
  });

  it('from a damaged file still is a tree', () => {
    const [first, second] = three.nodes;
    const loop: History = { nodes: [{ ...first, parent: '2' }, { ...second, parent: '1' }, { ...second, id: '9', parent: 'gone' }] };
    expect(shape(historyTree(loop))).toEqual([['1', [['2', []]]], ['9', []]]);
  });
});
