import { describe, expect, it, vi } from 'vitest';
import { prunableGroups } from '../pruning/keepSets.ts';
import { NO_RULES } from '../pruning/widthRules.ts';
import { shownPlan } from './experiment.ts';
import { FakeWorkers, loadedModel, smallNetwork } from './fakeWorkers.ts';
import { makeLab } from './fixtures/testLab.ts';
import { layerTable } from './layerTable.ts';
import type { LabEnvironment } from './session.ts';
import { SWEEP_TARGETS } from './sweepPresets.ts';

async function bootedLab(given = new FakeWorkers(), more: Partial<LabEnvironment> = {}) {
  const { lab, workers, state } = makeLab(given, more);
  await lab.boot();
  return { lab, workers, state, settled: () => vi.waitFor(() => expect(state().jobs).toEqual([]), { timeout: 3000 }) };
}

/** Its only layer makes the output. */
function unprunable() {
  const { nodes } = smallNetwork();
  return loadedModel({ name: 'one layer', nodes: nodes.slice(0, 2), outputs: ['first'] });
}

describe('rules', () => {
  it('move keep sets and cost in the same call, for every group and for one', async () => {
    const { lab, state, settled } = await bootedLab();
    await settled();
    lab.setTarget({ kind: 'channels', value: 0.4 }, false);
    expect([state().keep?.first.length, state().keep?.second.length]).toEqual([3, 5]);
    lab.setRules({ multiple: 4 }, true);
    expect([state().keep?.first.length, state().keep?.second.length]).toEqual([4, 4]);
    expect(shownPlan(state())).toBe('stale');
    lab.setRules({ floor: 0.6 }, true);
    expect([state().keep?.first.length, state().keep?.second.length]).toEqual([8, 8]);
    lab.setGroupRule('first', { kind: 'width', channels: 5 });
    lab.setGroupRule('second', { kind: 'protect' });
    expect([state().keep?.first.length, state().keep?.second.length]).toEqual([5, 12]);
    lab.dropGroupRules();
    expect(state().request.rules).toEqual({ multiple: 4, floor: 0.6, groups: {} });
  });

  it('that protect a group take back what was set by hand in it, and let no hand in until they are taken back', async () => {
    const { lab, state, settled } = await bootedLab();
    await settled();
    lab.setTarget({ kind: 'channels', value: 0.25 }, false);
    lab.toggleChannel('first', 7);
    lab.toggleChannel('second', 7);
    lab.setGroupRule('first', { kind: 'protect' });
    expect(state().pins).toEqual({ second: { 7: true } });
    lab.toggleChannel('first', 0);
    lab.setWidth('first', 3, true);
    expect(state().keep?.first).toHaveLength(8);
    expect(state().notices.map(({ text }) => text)).toEqual(['All channels of first stay, for it is protected.']);
    lab.setGroupRule('first', undefined);
    lab.toggleChannel('first', 0);
    expect(state().keep?.first).toEqual([1]);
  });

  it('make plans of their own in the history, and going back brings them back', async () => {
    const { lab, state, settled } = await bootedLab();
    await settled();
    const [free] = state().history.nodes;
    lab.setRules({ multiple: 4 }, true);
    await settled();
    expect(state().history.nodes).toHaveLength(2);
    const [, ruled] = state().history.nodes;
    await lab.goTo(free);
    await settled();
    expect(state().request.rules).toEqual(NO_RULES);
    await lab.goTo(ruled);
    expect(state().request.rules.multiple).toBe(4);
  });

  it('of a link hold, and a link without any has none', async () => {
    let now = 'v=1&keep=channels:0.4&rules=m4,first*p';
    const followers: (() => void)[] = [];
    const address = { read: () => now, write: (next: string) => void (now = next), onChange: (callback: () => void) => { followers.push(callback); return () => {}; } };
    const { lab, state, settled } = await bootedLab(new FakeWorkers(), { address });
    await settled();
    expect([state().keep?.first.length, state().keep?.second.length]).toEqual([8, 4]);
    lab.setGroupRule('second', { kind: 'atLeast', channels: 6 });
    await vi.waitFor(() => expect(now).toContain('rules=m4,first*p,second*a6'));
    now = 'v=1&model=resnet20-cifar10&keep=channels:0.4';
    for (const follow of followers) follow();
    expect(state().request.rules).toEqual(NO_RULES);
  });

  it('of groups that another network does not have go with the old one, and the others stay', async () => {
    const address = { read: () => 'v=1&rules=m4,first*p,stage9_conv1*w8', write: () => {}, onChange: () => () => {} };
    const { state, settled } = await bootedLab(new FakeWorkers(), { address });
    await settled();
    expect(state().request.rules).toEqual({ multiple: 4, floor: 0, groups: { first: { kind: 'protect' } } });
  });

  it('hold in the sweep, whose points are not taken for others', async () => {
    const { lab, workers, state, settled } = await bootedLab();
    await settled();
    const plan = { methods: [{ select: 'l1', compensate: 'none', order: 'sequential', allocate: 'uniform', renorm: false }], targets: SWEEP_TARGETS } as const;
    await lab.sweep(plan);
    lab.setGroupRule('first', { kind: 'protect' });
    await settled();
    workers.calls.length = 0;
    await lab.sweep(plan);
    expect(state().sweepPoints).toHaveLength(12);
    expect(workers.calls).toHaveLength(6);
    const [free, ruled] = [state().sweepPoints[5], state().sweepPoints[11]];
    expect(free.rules).toBeUndefined();
    expect(ruled.rules?.groups).toEqual({ first: { kind: 'protect' } });
    expect(ruled.macs).toBeGreaterThan(free.macs);
    await lab.sweep(plan);
    expect(workers.calls).toHaveLength(6);
  });
});

describe('the layers', () => {
  it('are timed intact and pruned, the intact ones once, and are stale when the plan changes', async () => {
    const { lab, workers, state, settled } = await bootedLab();
    await settled();
    workers.calls.length = 0;
    await lab.timeLayers();
    expect(workers.calls).toEqual(['layerTimes intact', 'layerTimes plan']);
    expect(layerTable(state())?.timed).toBe(true);
    lab.setTarget({ kind: 'channels', value: 0.25 }, true);
    await settled();
    expect(layerTable(state())?.timed).toBe(false);
    workers.calls.length = 0;
    await lab.timeLayers();
    expect(workers.calls).toEqual(['layerTimes plan']);
    expect(layerTable(state())?.timed).toBe(true);
  });

  it('are shown while they are timed, and the timing can be cancelled', async () => {
    const { lab, workers, state, settled } = await bootedLab();
    await settled();
    workers.held.add('layerTimes');
    const timing = lab.timeLayers();
    await vi.waitFor(() => expect(state().jobs[0]).toMatchObject({ kind: 'layers', progress: { done: 2, total: 4 } }));
    lab.cancel(state().jobs[0].id);
    await timing;
    expect(state().layerTimes).toBeUndefined();
    expect(state().notices).toEqual([]);
  });

  it('that cannot be timed are a notice', async () => {
    const { lab, workers, state, settled } = await bootedLab();
    await settled();
    workers.failures.set('layerTimes', new Error('The clock stands still.'));
    await lab.timeLayers();
    expect(state().notices.at(-1)?.text).toBe('The layers could not be timed: The clock stands still.');
  });
});

describe('a network of which nothing can be cut', () => {
  it('opens, is measured intact, is not scored, and has no plan', async () => {
    const workers = new FakeWorkers();
    const engine = workers.createEngineClient();
    vi.spyOn(engine.api, 'loadModel').mockResolvedValue(unprunable());
    const { lab, state, settled } = await bootedLab(workers, { createEngineClient: () => engine });
    await settled();
    expect(prunableGroups(state().model.loaded?.groups ?? [])).toEqual([]);
    expect(state().model.loaded?.groups.map(({ frozen }) => frozen)).toEqual(["it holds the network's input channels", "it holds the network's output"]);
    expect(workers.calls.filter((call) => /^(calibrate|begin|evaluate plan)/.test(call))).toEqual([]);
    expect(state().intact).toBeDefined();
    expect(state()).toMatchObject({ keep: undefined, result: undefined });
    lab.setTarget({ kind: 'channels', value: 0.25 }, true);
    await settled();
    expect(state().history.nodes).toEqual([]);
    expect(layerTable(state())?.layers.map(({ layer }) => layer)).toEqual(['first']);
  });
});

describe('a group whose readers are too wide for curves', () => {
  it('is cut by its single scores, and stays whole for a target η', async () => {
    const workers = new FakeWorkers();
    const { lab, state, settled } = await bootedLab(workers);
    await settled();
    const { update } = state().calibration;
    if (!update) throw new Error('nothing was scored');
    const groups = update.groups.map((group) => (group.name === 'second' ? { ...group, curves: { scale: [], leastSquares: [] } } : group));
    lab.store.setState(({ calibration }) => ({ calibration: { ...calibration, update: { ...update, groups } } }));
    lab.setTarget({ kind: 'channels', value: 0.25 }, false);
    expect(state().keep?.second).toEqual([0, 1, 2]);
    lab.setTarget({ kind: 'eta', value: 0.5 }, false);
    expect(state().keep?.second).toHaveLength(12);
    expect(state().keep?.first.length).toBeLessThan(8);
  });
});
