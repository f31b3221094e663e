import { describe, expect, it, vi } from 'vitest';
import { shownPlan } from './experiment.ts';
import { FakeWorkers } from './fakeWorkers.ts';
import { makeLab, memoryStorage } from './fixtures/testLab.ts';
import { Lab } from './lab.ts';
import { SWEEP_TARGETS } from './sweepPresets.ts';

const L1 = { select: 'l1', compensate: 'none', order: 'sequential', allocate: 'uniform', renorm: false } as const;

function memoryAddress(fragment = '') {
  let now = fragment;
  let changed: (() => void) | undefined;
  return {
    read: () => now,
    write: (next: string) => {
      now = next;
    },
    onChange: (callback: () => void) => {
      changed = callback;
      return () => {};
    },
    paste: (next: string) => {
      now = next;
      changed?.();
    },
  };
}

const settled = (state: () => ReturnType<Lab['store']['getState']>) =>
  vi.waitFor(
    () => {
      expect(state().result?.kind).toBe('sequential');
      expect(state().result?.latency).toBe(2);
      expect(state().jobs).toEqual([]);
    },
    { timeout: 3000 },
  );

describe('boot', () => {
  it('starts, loads, scores, measures the intact network, then the one-shot and the sequential plan', async () => {
    const { lab, workers, state } = makeLab();
    await lab.boot();
    await settled(state);
    expect(workers.calls).toEqual(['start auto', 'loadModel resnet20-cifar10', 'begin', 'calibrate 512 1', 'evaluate intact 1000', 'compensate', 'evaluate plan 1000', 'pruneSequentially', 'evaluate plan 1000']);
    expect(shownPlan(state())).toBe('sequential');
    expect(state().history.nodes).toHaveLength(1);
    expect(state().cost?.macs).toBeLessThanOrEqual((state().model.loaded?.cost.macs ?? 0) / 2);
  });

  it('goes on to all test images when nothing else is asked for', async () => {
    const workers = new FakeWorkers();
    workers.testImages = 3000;
    const { lab, state } = makeLab(workers);
    await lab.boot();
    await vi.waitFor(() => expect(state().result?.evaluation.images).toBe(3000));
    expect(state().intact?.evaluation.images).toBe(3000);
    expect(state().history.nodes[0].outcome.images).toBe(3000);
  });

  it('shows scores while calibration still runs', async () => {
    const workers = new FakeWorkers();
    workers.held.add('calibrate');
    const { lab, state } = makeLab(workers);
    void lab.boot();
    await vi.waitFor(() => expect(state().calibration.update?.images).toBe(256));
    expect(state().calibration.status).toBe('running');
    expect(state().keep?.first.length).toBeLessThan(8);
    workers.release();
    await settled(state);
  });
});

describe('the budget', () => {
  it('moves keep sets and cost in the same call, and marks the old numbers as stale', async () => {
    const { lab, state } = makeLab();
    await lab.boot();
    await settled(state);
    const before = state();
    lab.setTarget({ kind: 'channels', value: 0.25 }, false);
    expect(state().keep?.second).toEqual([0, 1, 2]);
    expect(state().cost?.macs).toBeLessThan(before.cost?.macs ?? 0);
    expect(shownPlan(state())).toBe('stale');
    expect(state().result).toBe(before.result);
  });

  it('is measured one-shot while the slider moves, and sequentially on release', async () => {
    const { lab, workers, state } = makeLab();
    await lab.boot();
    await settled(state);
    workers.calls.length = 0;
    lab.setTarget({ kind: 'channels', value: 0.25 }, false);
    await vi.waitFor(() => expect(shownPlan(state())).toBe('oneShot'));
    expect(workers.calls).toEqual(['compensate', 'evaluate plan 1000']);
    lab.setTarget({ kind: 'channels', value: 0.25 }, true);
    await vi.waitFor(() => expect(shownPlan(state())).toBe('sequential'));
    expect(workers.calls).toEqual(['compensate', 'evaluate plan 1000', 'pruneSequentially', 'evaluate plan 1000']);
  });

  it('cancels the measurement of a plan that is no longer wanted', async () => {
    const { lab, workers, state } = makeLab();
    await lab.boot();
    await settled(state);
    workers.held.add('evaluate');
    lab.setTarget({ kind: 'channels', value: 0.25 }, true);
    await vi.waitFor(() => expect(workers.calls.filter((call) => call === 'compensate')).toHaveLength(2));
    await vi.waitFor(() => expect(state().jobs.map(({ kind }) => kind)).toEqual(['plan']));
    lab.setTarget({ kind: 'channels', value: 0.75 }, true);
    workers.release();
    await vi.waitFor(() => expect(shownPlan(state())).toBe('sequential'));
    expect(state().result?.plan.keep.first).toHaveLength(6);
    expect(state().history.nodes.map(({ settings }) => settings.request.target.value)).not.toContain(0.25);
  });

  it('with another selection cuts by that selection', async () => {
    const { lab, state } = makeLab();
    await lab.boot();
    await settled(state);
    lab.setTarget({ kind: 'channels', value: 0.25 }, false);
    lab.setMethod({ select: 'l1' });
    await vi.waitFor(() => expect(state().keep?.first).toEqual([6, 7]));
  });
});

describe('channels by hand', () => {
  it('stay as they are pinned whatever the budget, until they are reset', async () => {
    const { lab, state } = makeLab();
    await lab.boot();
    lab.setTarget({ kind: 'channels', value: 0.25 }, false);
    lab.toggleChannel('first', 7);
    expect(state().keep?.first).toEqual([0, 1, 7]);
    lab.toggleChannel('first', 7);
    expect(state().keep?.first).toEqual([0, 1]);
    lab.setWidth('first', 5, false);
    lab.setTarget({ kind: 'channels', value: 0.9 }, false);
    expect(state().keep?.first).toEqual([0, 1, 2, 3, 4]);
    lab.setGroupRule('first', undefined);
    expect(state().keep?.first).toHaveLength(7);
  });
});

describe('cancel', () => {
  it('stops calibration and keeps what was scored by then', async () => {
    const workers = new FakeWorkers();
    workers.held.add('calibrate');
    const { lab, state } = makeLab(workers);
    const booted = lab.boot();
    await vi.waitFor(() => expect(state().calibration.update).toBeDefined());
    lab.cancel();
    await booted;
    expect(state().calibration.status).toBe('cancelled');
    expect(state().jobs).toEqual([]);
    expect(state().keep).toBeDefined();
    expect(workers.calls).not.toContain('evaluate intact 1000');
  });

  it('of a job that waits for its turn takes effect before it begins', async () => {
    const { lab, workers, state } = makeLab();
    await lab.boot();
    await settled(state);
    workers.held.add('evaluate');
    workers.calls.length = 0;
    lab.setTarget({ kind: 'channels', value: 0.25 }, true);
    await vi.waitFor(() => expect(workers.calls).toEqual(['compensate', 'evaluate plan 1000']));
    const sweeping = lab.sweep({ methods: [L1], targets: SWEEP_TARGETS });
    await vi.waitFor(() => expect(state().jobs.map(({ kind }) => kind)).toContain('sweep'));
    lab.cancel();
    await sweeping;
    expect(state().sweepPoints).toEqual([]);
    expect(workers.calls).toEqual(['compensate', 'evaluate plan 1000']);
  });

  it('of one job leaves the others', async () => {
    const { lab, workers, state } = makeLab();
    await lab.boot();
    await settled(state);
    workers.held.add('evaluate');
    const looking = lab.exciting('first', 0, 3);
    const expected = expect(looking).rejects.toThrow('cancelled');
    lab.setTarget({ kind: 'channels', value: 0.25 }, true);
    lab.cancel(state().jobs.find(({ kind }) => kind === 'look')?.id);
    await expected;
    workers.release();
    await vi.waitFor(() => expect(shownPlan(state())).toBe('sequential'));
  });
});

describe('another model', () => {
  it('opened while one is scored stops that job, closes its ports and starts over in the same workers', async () => {
    const workers = new FakeWorkers();
    workers.held.add('calibrate');
    const { lab, state } = makeLab(workers);
    const booted = lab.boot();
    await vi.waitFor(() => expect(state().calibration.update).toBeDefined());
    workers.held.clear();
    await lab.openModel({ kind: 'shipped', id: 'vgg-cifar10' });
    await booted;
    await settled(state);
    expect(state().model.descriptor).toEqual({ kind: 'shipped', id: 'vgg-cifar10' });
    expect(workers.engines).toHaveLength(1);
    expect(workers.fidelities).toHaveLength(1);
    expect(workers.calls.filter((call) => call.startsWith('calibrate'))).toHaveLength(2);
    expect(state().history.nodes).toHaveLength(1);
  });

  it('that cannot be read leaves everything on screen as it was', async () => {
    const { lab, workers, state } = makeLab();
    await lab.boot();
    await settled(state);
    const before = state();
    workers.loadError = new Error('group1-shard1of1.bin ends after 12 of 48 bytes.');
    await lab.openModel({ kind: 'url', url: 'https://lab.example/mine/' });
    expect({ ...state(), notices: [], jobs: [] }).toEqual({ ...before, notices: [], jobs: [] });
    expect(state().notices.at(-1)?.text).toContain('ends after 12 of 48 bytes');
  });

  it('opened twice in a row ends up as the second', async () => {
    const workers = new FakeWorkers();
    const { lab, state } = makeLab(workers);
    await lab.boot();
    await settled(state);
    workers.held.add('loadModel');
    const first = lab.openModel({ kind: 'url', url: 'https://lab.example/one/' });
    const second = lab.openModel({ kind: 'url', url: 'https://lab.example/two/' });
    workers.release();
    await Promise.all([first, second]);
    expect(state().model.descriptor).toEqual({ kind: 'url', url: 'https://lab.example/two/' });
    expect(state().model.opening).toBeUndefined();
  });
});

describe('an engine that dies', () => {
  it('while it measures is started on wasm with the same model, and the measurement is done again', async () => {
    const { lab, workers, state } = makeLab();
    await lab.boot();
    await settled(state);
    workers.held.add('evaluate');
    workers.calls.length = 0;
    lab.setTarget({ kind: 'channels', value: 0.25 }, true);
    await vi.waitFor(() => expect(workers.calls).toEqual(['compensate', 'evaluate plan 1000']));
    workers.calls.length = 0;
    const update = state().calibration.update;
    workers.held.clear();
    workers.engines[0].die('out of memory');
    await settled(state);
    expect(workers.engines).toHaveLength(2);
    expect(workers.engines[0].terminated).toBe(true);
    expect(workers.calls.slice(0, 2)).toEqual(['start wasm', 'loadModel resnet20-cifar10']);
    expect(state().calibration.update).toBe(update);
    expect(state().result?.plan.keep.first).toHaveLength(2);
    expect(state().notices.at(-1)?.text).toContain('out of memory');
  });

  it('between two calls of a job is waited for', async () => {
    const { lab, workers, state } = makeLab();
    await lab.boot();
    await settled(state);
    workers.calls.length = 0;
    lab.setTarget({ kind: 'channels', value: 0.25 }, true);
    workers.engines[0].die('out of memory');
    await vi.waitFor(() => expect(shownPlan(state())).toBe('sequential'));
    expect(workers.calls.indexOf('loadModel resnet20-cifar10')).toBeLessThan(workers.calls.indexOf('evaluate plan 1000'));
  });

  it('by a lost device while it scores begins the scoring again', async () => {
    const workers = new FakeWorkers();
    const lost = new Error('The GPU device was lost.');
    lost.name = 'DeviceLostError';
    workers.failures.set('calibrate', lost);
    const { lab, state } = makeLab(workers);
    await lab.boot();
    await settled(state);
    expect(workers.calls.filter((call) => call.startsWith('calibrate'))).toHaveLength(2);
    expect(workers.calls).toContain('start wasm');
    expect(state().calibration.status).toBe('done');
  });

  it('again and again is left alone, and says how to go on', async () => {
    const workers = new FakeWorkers();
    const { lab, state } = makeLab(workers);
    await lab.boot();
    await settled(state);
    for (let i = 0; i < 4; i++) {
      workers.engines.at(-1)?.die(`death ${i}`);
      await vi.waitFor(() => expect(['ready', 'failed']).toContain(state().engine));
    }
    expect(state().engine).toBe('failed');
    expect(state().notices.at(-1)?.action?.name).toBe('restartEngine');
    expect(state().result).toBeDefined();
    await lab.act('restartEngine');
    expect(state().engine).toBe('ready');
  });

  it('or a fidelity worker that dies has its statistics collected again', async () => {
    const { lab, workers, state } = makeLab();
    await lab.boot();
    await settled(state);
    workers.calls.length = 0;
    workers.fidelities[0].die('gone');
    await vi.waitFor(() => expect(workers.calls).toContain('calibrate 512 1'));
    await settled(state);
    expect(workers.fidelities).toHaveLength(2);
  });
});

describe('the sweep', () => {
  it('measures each method at each target, and not again what it knows', async () => {
    const { lab, workers, state } = makeLab();
    await lab.boot();
    await settled(state);
    const plan = { methods: [L1, { ...L1, select: 'singleton', compensate: 'scale', order: 'oneShot' }], targets: SWEEP_TARGETS } as const;
    await lab.sweep(plan);
    expect(state().sweepPoints).toHaveLength(12);
    workers.calls.length = 0;
    await lab.sweep(plan);
    expect(workers.calls).toEqual([]);
  });

  it('makes way for the plan that a person asks for, and goes on after it', async () => {
    const { lab, workers, state } = makeLab();
    await lab.boot();
    await settled(state);
    workers.held.add('evaluate');
    const sweeping = lab.sweep({ methods: [{ ...L1, select: 'l2' }], targets: SWEEP_TARGETS });
    await vi.waitFor(() => expect(state().jobs.map(({ kind }) => kind)).toContain('sweep'));
    workers.held.clear();
    lab.setTarget({ kind: 'channels', value: 0.25 }, true);
    await sweeping;
    expect(state().sweepPoints).toHaveLength(6);
    await vi.waitFor(() => expect(shownPlan(state())).toBe('sequential'));
  });
});

describe('the history', () => {
  it('hangs each plan under the one it came from, and going back brings request and pins back', async () => {
    const { lab, state } = makeLab();
    await lab.boot();
    await settled(state);
    const [root] = state().history.nodes;
    lab.toggleChannel('first', 7);
    await vi.waitFor(() => expect(state().history.nodes).toHaveLength(2));
    expect(state().history.nodes[1].parent).toBe(root.id);
    await lab.goTo(root);
    expect(state().pins).toEqual({});
    expect(state().history.current).toBe(root.id);
    await vi.waitFor(() => expect(shownPlan(state())).toBe('sequential'));
    expect(state().history.nodes).toHaveLength(2);
  });

  it('outlives a reload', async () => {
    const storage = memoryStorage();
    const first = makeLab(new FakeWorkers(), { storage });
    await first.lab.boot();
    await settled(first.state);
    first.lab.rename(first.state().history.nodes[0].id, 'the paper’s');
    first.lab.dispose();
    const second = makeLab(new FakeWorkers(), { storage });
    await second.lab.boot();
    expect(second.state().history.nodes.map(({ name }) => name)).toEqual(['the paper’s']);
  });

  it('that does not fit into the storage is a notice and nothing worse', async () => {
    const storage = { ...memoryStorage(), setItem: () => { throw new Error('QuotaExceededError'); } };
    const { lab, state } = makeLab(new FakeWorkers(), { storage });
    await lab.boot();
    await settled(state);
    await vi.waitFor(() => expect(state().notices.map(({ text }) => text).join()).toContain('does not fit'));
    expect(state().history.nodes).toHaveLength(1);
  });
});

describe('a link', () => {
  it('sets the experiment, and the address follows it', async () => {
    const address = memoryAddress('v=1&model=vgg-cifar10&images=64&seed=7&keep=channels:0.25&select=l2&compensate=none&order=oneShot&pins=first*k7&group=first&axis=params');
    const { lab, workers, state } = makeLab(new FakeWorkers(), { address });
    await lab.boot();
    await vi.waitFor(() => expect(shownPlan(state())).toBe('oneShot'));
    expect(workers.calls).toContain('calibrate 64 7');
    expect(state()).toMatchObject({ selectedGroup: 'first', axis: 'params', pins: { first: { 7: true } } });
    lab.setTarget({ kind: 'eta', value: 0.8 }, true);
    await vi.waitFor(() => expect(address.read()).toContain('keep=eta:0.8'));
    expect(address.read()).toContain('model=vgg-cifar10');
  });

  it('that asks for a model on another origin fetches nothing of it before the person agrees', async () => {
    const address = memoryAddress('v=1&url=https%3A%2F%2Fevil.example%2Fmodel%2F');
    const { lab, workers, state } = makeLab(new FakeWorkers(), { address });
    await lab.boot();
    expect(state().urlToConfirm).toBe('https://evil.example/model/');
    expect(workers.calls.filter((call) => call.startsWith('loadModel'))).toEqual(['loadModel resnet20-cifar10']);
    await lab.confirmUrl(true);
    expect(workers.calls).toContain('loadModel model');
    expect(state().model.descriptor).toEqual({ kind: 'url', url: 'https://evil.example/model/' });
  });

  it('that is hostile is told in one notice and changes nothing', async () => {
    const address = memoryAddress('v=1&images=1e99&select=%00&keep=__proto__:1&pins=%E0%A4%A&constructor=1');
    const { lab, state } = makeLab(new FakeWorkers(), { address });
    await lab.boot();
    await settled(state);
    expect(state().notices).toHaveLength(1);
    expect(state().calibration.images).toBe(512);
  });

  it('with another number of pictures or another seed has the network scored again', async () => {
    const address = memoryAddress();
    const { lab, workers, state } = makeLab(new FakeWorkers(), { address });
    await lab.boot();
    await settled(state);
    workers.calls.length = 0;
    address.paste('v=1&model=resnet20-cifar10&images=64&seed=3');
    await vi.waitFor(() => expect(workers.calls).toContain('calibrate 64 3'));
    await settled(state);
    expect(state().result?.settings.images).toBe(64);
    workers.calls.length = 0;
    address.paste('v=1&model=resnet20-cifar10&images=64&seed=3&keep=macs:0.3');
    await vi.waitFor(() => expect(state().result?.settings.request.target.value).toBe(0.3));
    await settled(state);
    expect(workers.calls.some((call) => call.startsWith('calibrate'))).toBe(false);
  });

  it('pasted into the address of an open page is followed', async () => {
    const address = memoryAddress();
    const { lab, state } = makeLab(new FakeWorkers(), { address });
    await lab.boot();
    await settled(state);
    address.paste('v=1&model=resnet20-cifar10&keep=channels:0.25');
    expect(state().keep?.first).toHaveLength(2);
  });
});

describe('a model that takes other pictures than the shipped ones', () => {
  it('is shown and not scored', async () => {
    const workers = new FakeWorkers();
    workers.shipped = [28, 28, 1];
    const { lab, state } = makeLab(workers);
    await lab.boot();
    expect(state().notices[0].text).toContain('28 × 28 × 1, but this network takes 8 × 8 × 3');
    expect(state().model.loaded).toBeDefined();
    expect(workers.calls.some((call) => call.startsWith('calibrate'))).toBe(false);
  });
});
