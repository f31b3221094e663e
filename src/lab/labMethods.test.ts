import { describe, expect, it, vi } from 'vitest';
import { shownPlan, type Method } from './experiment.ts';
import { FakeWorkers } from './fakeWorkers.ts';
import { makeLab, memoryStorage } from './fixtures/testLab.ts';
import type { LabEnvironment } from './session.ts';

async function bootedLab(given = new FakeWorkers(), more: Partial<LabEnvironment> = {}) {
  const { lab, workers, state } = makeLab(given, more);
  const settled = () =>
    vi.waitFor(
      () => {
        expect(state().jobs).toEqual([]);
        expect(shownPlan(state())).toMatch(/sequential|oneShot/);
      },
      { timeout: 3000 },
    );
  await lab.boot();
  await settled();
  workers.calls.length = 0;
  return { lab, workers, state, settled };
}

const theoryLink = (images: number) => ({ read: () => `v=1&images=${images}&allocate=theory`, write: () => {}, onChange: () => () => {} });

const PLAIN: Method = { select: 'l1', compensate: 'none', order: 'sequential', allocate: 'uniform', renorm: false };

describe('a rule that the workers rank by', () => {
  it('leaves the plan on screen, as stale, until it is ranked, and is then measured', async () => {
    const { lab, workers, state, settled } = await bootedLab();
    const { keep } = state();
    lab.setMethod({ select: 'greedy' });
    expect(state().keep).toBe(keep);
    expect(shownPlan(state())).toBe('stale');
    await settled();
    expect(workers.calls).toEqual(['rank greedy leastSquares', 'compensate', 'evaluate plan 1000', 'pruneSequentially', 'evaluate plan 1000']);
    expect(state().keep?.first).toContain(7);
    expect(state().history.nodes.at(-1)?.settings.request.select).toBe('greedy');
  });

  it('that runs the network is scored by the engine once, whatever compensation follows', async () => {
    const { lab, workers, settled } = await bootedLab();
    lab.setMethod({ select: 'hrank' });
    await settled();
    expect(workers.calls.slice(0, 2)).toEqual(['criterion hrank 512 1', 'rank hrank leastSquares scored']);
    workers.calls.length = 0;
    // its sets are the same under any compensation; only a fidelity target asks for the curve
    lab.setMethod({ compensate: 'scale' });
    await settled();
    expect(workers.calls.filter((call) => /criterion|rank/.test(call))).toEqual([]);
    lab.setTarget({ kind: 'eta', value: 0.8 }, true);
    await settled();
    expect(workers.calls.filter((call) => /criterion|rank/.test(call))).toEqual(['rank hrank scale scored']);
  });

  it('is ranked anew where its sets depend on the compensation, and not where it was ranked before', async () => {
    const { lab, workers, settled } = await bootedLab();
    for (const compensate of ['leastSquares', 'scale', 'leastSquares'] as const) {
      lab.setMethod({ select: 'backward', compensate });
      await settled();
    }
    expect(workers.calls.filter((call) => call.startsWith('rank'))).toEqual(['rank backward leastSquares', 'rank backward scale']);
  });

  it('is scored anew on other pictures', async () => {
    const { lab, workers, settled } = await bootedLab();
    lab.setMethod({ select: 'nisp' });
    await settled();
    workers.calls.length = 0;
    await lab.setCalibration({ images: 64, seed: 3 });
    await settled();
    expect(workers.calls.filter((call) => /criterion|rank/.test(call))).toEqual(['criterion nisp 64 3', 'rank nisp leastSquares scored']);
  });

  it('says what is being scored, with progress', async () => {
    const { lab, workers, state, settled } = await bootedLab();
    workers.held.add('criterion');
    lab.setMethod({ select: 'coar' });
    await vi.waitFor(() => expect(state().jobs).toMatchObject([{ kind: 'rank', label: 'Scoring channels by COAR', progress: { done: 1, total: 2 } }]));
    workers.release();
    await settled();
  });

  it('that cannot be had is a notice, and the rule before it stays in force', async () => {
    const { lab, workers, state, settled } = await bootedLab();
    lab.setMethod({ select: 'thinet' });
    await settled();
    const { keep } = state();
    workers.failures.set('criterion', new Error('This backend has no gradients of a convolution.'));
    lab.setMethod({ select: 'taylor' });
    await vi.waitFor(() => expect(state().notices.at(-1)?.text).toBe('Channels could not be ranked by Taylor: This backend has no gradients of a convolution.'));
    await settled();
    expect(state().request.select).toBe('thinet');
    expect(state().keep).toEqual(keep);
  });

  it('that fails at the start gives way to singleton', async () => {
    const workers = new FakeWorkers();
    workers.failures.set('rank', new Error('The rule has no answer.'));
    const address = { read: () => 'v=1&select=obc&allocate=eta', write: () => {}, onChange: () => () => {} };
    const { state } = await bootedLab(workers, { address });
    expect(state().request).toMatchObject({ select: 'singleton', allocate: 'uniform' });
    expect(state().notices.map(({ text }) => text)).toEqual(['Channels could not be ranked by OBC: The rule has no answer.']);
  });

  it('given up by another choice, or by hand, is not waited for', async () => {
    const { lab, workers, state, settled } = await bootedLab();
    workers.held.add('criterion');
    lab.setMethod({ select: 'coar' });
    await vi.waitFor(() => expect(workers.calls).toEqual(['criterion coar 512 1']));
    lab.setMethod({ select: 'fpgm' });
    await settled();
    expect(state().request.select).toBe('fpgm');
    lab.setMethod({ select: 'synflow' });
    await vi.waitFor(() => expect(state().jobs[0]?.kind).toBe('rank'));
    lab.cancel(state().jobs[0].id);
    await settled();
    expect(state().request.select).toBe('fpgm');
    expect(state().notices).toEqual([]);
  });

  it('of the fidelity worker shows its groups go by, and a stop ends it there at once', async () => {
    const { lab, workers, state, settled } = await bootedLab();
    workers.held.add('rank');
    lab.setMethod({ select: 'exact' });
    await vi.waitFor(() => expect(state().jobs).toMatchObject([{ kind: 'rank', label: 'Scoring channels by exact', progress: { done: 1, total: 2 } }]));
    lab.cancel(state().jobs[0].id);
    // the worker has not answered yet
    await settled();
    expect(workers.calls).toContain('stopRanking');
    expect(state().request.select).toBe('singleton');
    workers.release();
  });

  it('is ranked on what a calibration that was stopped has scored', async () => {
    const { lab, workers, state, settled } = await bootedLab();
    lab.setMethod({ select: 'greedy' });
    await settled();
    workers.calls.length = 0;
    workers.held.add('calibrate');
    const calibrating = lab.setCalibration({ images: 64, seed: 2 });
    await vi.waitFor(() => expect(state().calibration.update?.images).toBe(32));
    lab.cancel(state().jobs.find(({ kind }) => kind === 'calibration')?.id);
    await calibrating;
    await settled();
    expect(state().calibration.status).toBe('cancelled');
    expect(workers.calls).toContain('rank greedy leastSquares');
    expect(shownPlan(state())).toBe('sequential');
    expect(state().result?.settings.request.select).toBe('greedy');
  });
});

it('a rule that keeps the same channels as the one before is a plan of its own in the history', async () => {
  const { lab, workers, state, settled } = await bootedLab();
  lab.setMethod({ select: 'l1' });
  await settled();
  workers.calls.length = 0;
  lab.setMethod({ select: 'l2' });
  await settled();
  expect(workers.calls).toEqual(['rank l2 leastSquares']);
  expect(state().history.nodes.map(({ settings: { request } }) => request.select)).toEqual(['singleton', 'l1', 'l2']);
});

describe('an allocation', () => {
  it('by equal fidelity follows the rule’s own curves', async () => {
    const { lab, workers, state, settled } = await bootedLab();
    lab.setMethod({ select: 'l2', allocate: 'eta' });
    await settled();
    expect(workers.calls[0]).toBe('rank l2 leastSquares');
    expect(state().cost?.macs).toBeLessThanOrEqual((state().model.loaded?.cost.macs ?? 0) / 2);
  });

  it('by theory measures the slopes once, and spares the group whose cut costs most', async () => {
    const { lab, workers, state, settled } = await bootedLab();
    const uniform = state().keep;
    lab.setMethod({ allocate: 'theory' });
    expect(state().keep).toBe(uniform);
    await settled();
    expect(workers.calls.slice(0, 2)).toEqual(['theory localGlobal', 'rank singleton leastSquares']);
    expect(state().keep).not.toEqual(uniform);
    expect(state().cost?.macs).toBeLessThanOrEqual((state().model.loaded?.cost.macs ?? 0) / 2);
    workers.calls.length = 0;
    lab.setTarget({ kind: 'macs', value: 0.3 }, true);
    await settled();
    expect(workers.calls.some((call) => /theory|rank/.test(call))).toBe(false);
  });

  it('by theory finds its slopes again after a reload, but not for other pictures', async () => {
    const storage = memoryStorage();
    const first = await bootedLab(new FakeWorkers(), { storage });
    first.lab.setMethod({ allocate: 'theory' });
    await first.settled();
    first.lab.dispose();
    const same = new FakeWorkers();
    const spared = vi.spyOn(same, 'fail');
    const second = await bootedLab(same, { storage, address: theoryLink(512) });
    expect(spared).not.toHaveBeenCalledWith('theory');
    expect(second.state().theory.localGlobal).toEqual(first.state().theory.localGlobal);
    await second.lab.setCalibration({ images: 512, seed: 9 });
    await second.settled();
    expect(second.workers.calls.filter((call) => call.startsWith('theory'))).toHaveLength(1);
    second.lab.dispose();
    const others = new FakeWorkers();
    const theory = vi.spyOn(others, 'fail');
    await bootedLab(others, { storage, address: theoryLink(64) });
    expect(theory).toHaveBeenCalledWith('theory');
  });

  it('waits for slopes that are being measured already', async () => {
    const { lab, workers, settled } = await bootedLab();
    workers.held.add('theory');
    const measuring = lab.runTheory('localGlobal');
    await vi.waitFor(() => expect(workers.calls).toEqual(['theory localGlobal']));
    lab.setMethod({ allocate: 'theory' });
    workers.release();
    await measuring;
    await settled();
    expect(workers.calls.filter((call) => call.startsWith('theory'))).toHaveLength(1);
  });
});

describe('a target in milliseconds', () => {
  it('has the layers of the intact network timed once, and then follows at once', async () => {
    const { lab, workers, state, settled } = await bootedLab();
    const { keep } = state();
    lab.setTarget({ kind: 'latency', value: 0.5 }, true);
    expect(state().keep).toBe(keep);
    await settled();
    expect(workers.calls[0]).toBe('layerTimes intact');
    const half = state().keep?.first.length ?? 0;
    expect(half).toBeLessThan(8);
    lab.setTarget({ kind: 'latency', value: 0.9 }, false);
    expect(state().keep?.first.length).toBeGreaterThan(half);
    lab.setMethod({ select: 'greedy', allocate: 'theory' });
    await settled();
    expect(workers.calls.filter((call) => call.startsWith('layerTimes'))).toEqual(['layerTimes intact']);
  });

  it('becomes one of MACs where the layers cannot be timed', async () => {
    const { lab, workers, state, settled } = await bootedLab();
    workers.failures.set('layerTimes', new Error('The clock stands still.'));
    lab.setTarget({ kind: 'latency', value: 0.4 }, true);
    await vi.waitFor(() => expect(state().notices.map(({ text }) => text)).toEqual(['The layers could not be timed: The clock stands still.']));
    await settled();
    expect(state().request.target).toEqual({ kind: 'macs', value: 0.4 });
  });
});

describe('norms that are measured again', () => {
  it('are measured by the engine after a one-shot plan, and on the way of a sequential one', async () => {
    const { lab, workers, state, settled } = await bootedLab();
    lab.setMethod({ renorm: true });
    await settled();
    expect(workers.calls).toEqual(['compensate', 'renorm', 'evaluate plan 1000', 'pruneSequentially renorm', 'evaluate plan 1000']);
    workers.calls.length = 0;
    lab.setMethod({ compensate: 'none' });
    await settled();
    expect(workers.calls).toEqual(['renorm', 'evaluate plan 1000']);
    expect(state().history.nodes.map(({ settings: { request } }) => request.renorm)).toEqual([false, true, true]);
  });
});

describe('a sweep', () => {
  const plan = { methods: [{ ...PLAIN, select: 'hrank' }, { ...PLAIN, select: 'greedy', compensate: 'scale', allocate: 'theory' }], targets: [0.7, 0.5, 0.3] } as const;

  it('ranks each rule once, measures the slopes once, and times nothing', async () => {
    const { lab, workers, state } = await bootedLab();
    const latency = vi.spyOn(workers.engines[0].api, 'latency');
    await lab.sweep(plan);
    expect(workers.calls.filter((call) => /theory|criterion|rank/.test(call))).toEqual(['theory localGlobal', 'criterion hrank 512 1', 'rank hrank none scored', 'rank greedy scale']);
    expect(state().sweepPoints.map(({ select, target }) => `${select} ${target.value}`)).toEqual(['hrank', 'greedy'].flatMap((select) => [0.7, 0.5, 0.3].map((value) => `${select} ${value}`)));
    expect(latency).not.toHaveBeenCalled();
    expect(state().pendingSweep).toBeUndefined();
  });

  it('is one job from its slopes on, and can be stopped while they are measured', async () => {
    const { lab, workers, state } = await bootedLab();
    workers.held.add('theory');
    const sweeping = lab.sweep(plan);
    await vi.waitFor(() => expect(state().jobs).toMatchObject([{ kind: 'sweep', label: 'Cutting group after group' }]));
    lab.cancel(state().jobs[0].id);
    await sweeping;
    expect(workers.calls).toEqual(['theory localGlobal']);
    expect(state().jobs).toEqual([]);
    expect(state().pendingSweep).toEqual(plan);
  });

  it('measures only the time of points that lack it once the axis is latency', async () => {
    const { lab, workers, state } = await bootedLab();
    await lab.sweep(plan);
    workers.calls.length = 0;
    lab.setAxis('latency');
    await lab.sweep(plan);
    expect(workers.calls).toEqual([]);
    expect(state().sweepPoints.map(({ latency }) => latency)).toEqual(Array.from({ length: 6 }, () => 2));
  });

  it('that was cancelled goes on after a reload where it stopped', async () => {
    const storage = memoryStorage();
    const first = await bootedLab(new FakeWorkers(), { storage });
    const evaluate = vi.spyOn(first.workers.engines[0].api, 'evaluate');
    const stop = first.lab.store.subscribe(({ sweepPoints }) => {
      if (sweepPoints.length === 2) first.workers.held.add('evaluate');
    });
    const sweeping = first.lab.sweep(plan);
    await vi.waitFor(() => expect(evaluate).toHaveBeenCalledTimes(3));
    await vi.waitFor(() => expect(first.state().jobs).toMatchObject([{ kind: 'sweep', label: 'Measuring HRank at 30 %', progress: { done: 2, total: 6 } }]));
    first.lab.cancel(first.state().jobs[0].id);
    await sweeping;
    stop();
    const done = first.state().sweepPoints.length;
    expect(done).toBe(2);
    expect(first.state().pendingSweep).toEqual(plan);
    first.lab.dispose();

    const second = await bootedLab(new FakeWorkers(), { storage });
    expect(second.state().sweepPoints).toHaveLength(done);
    expect(second.state().pendingSweep).toEqual(plan);
    await second.lab.sweep();
    expect(second.state().sweepPoints).toHaveLength(6);
    expect(second.workers.calls.filter((call) => call.startsWith('evaluate'))).toHaveLength(6 - done);
    expect(second.state().pendingSweep).toBeUndefined();
  });

  it('leaves a method out that fails, with a notice, and measures the others', async () => {
    const { lab, workers, state } = await bootedLab();
    workers.failures.set('criterion', new Error('These pictures have no labels.'));
    await lab.sweep({ methods: [{ ...PLAIN, select: 'taylor' }, PLAIN], targets: [0.5] });
    expect(state().notices.map(({ text }) => text)).toEqual(['Taylor was left out of the frontier: These pictures have no labels.']);
    expect(state().sweepPoints.map(({ select }) => select)).toEqual(['l1']);
    expect(state().pendingSweep).toBeUndefined();
  });

  it('can be given up', async () => {
    const { lab, workers, state } = await bootedLab();
    workers.held.add('evaluate');
    const sweeping = lab.sweep({ methods: [PLAIN], targets: [0.5] });
    await vi.waitFor(() => expect(workers.calls).toContain('evaluate plan 1000'));
    lab.dropSweep();
    await sweeping;
    expect(state().pendingSweep).toBeUndefined();
    expect(state().sweepPoints).toEqual([]);
  });
});

it('an old link on a page that allocates by theory means the usual allocation', async () => {
  let now = '';
  const followers: (() => void)[] = [];
  const address = { read: () => now, write: (next: string) => { now = next; }, onChange: (follow: () => void) => { followers.push(follow); return () => {}; } };
  const { lab, state, settled } = await bootedLab(new FakeWorkers(), { address });
  lab.setMethod({ allocate: 'theory', renorm: true });
  await settled();
  await vi.waitFor(() => expect(now).toContain('allocate=theory&renorm=on'));
  now = 'v=1&model=resnet20-cifar10&select=singleton&compensate=scale&order=oneShot';
  for (const follow of followers) follow();
  expect(state().request).toMatchObject({ allocate: 'uniform', renorm: false, compensate: 'scale' });
});
