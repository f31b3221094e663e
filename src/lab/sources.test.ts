import { describe, expect, it, vi } from 'vitest';
import type { CalibrationSource } from '../datasets/calibrationSource.ts';
import { shownFidelity, shownPlan } from './experiment.ts';
import { FakeWorkers } from './fakeWorkers.ts';
import { makeLab, memoryStorage } from './fixtures/testLab.ts';
import { realTwin } from './realTwin.ts';
import { sensitivitySentence, sensitivityTable } from './sensitivityView.ts';
import type { LabEnvironment } from './session.ts';
import { namedPlan } from './sourceLabels.ts';

const LEAVES: CalibrationSource = { kind: 'deadLeaves' };

async function bootedLab(given = new FakeWorkers(), more: Partial<LabEnvironment> = {}) {
  const { lab, workers, state } = makeLab(given, more);
  const settled = () =>
    vi.waitFor(() => {
      expect(state().jobs).toEqual([]);
      expect(shownPlan(state())).toMatch(/sequential|oneShot/);
    }, { timeout: 3000 });
  await lab.boot();
  await settled();
  return { lab, workers, state, settled };
}

function addressOf(initial: string) {
  let text = initial;
  return { read: () => text, write: (fragment: string) => void (text = fragment), onChange: () => () => {} };
}

describe('another source of calibration pictures', () => {
  it('is what the network is scored, refitted and ranked on, with a history and rankings of its own', async () => {
    const { lab, workers, state, settled } = await bootedLab();
    lab.setMethod({ select: 'nisp', renorm: true });
    await settled();
    workers.calls.length = 0;
    await lab.setCalibration({ images: 512, seed: 1, source: LEAVES });
    await settled();
    const from = workers.calls.filter((call) => /^(calibrate|criterion|renorm|pruneSequentially)/.test(call));
    expect(from.length).toBeGreaterThanOrEqual(4);
    expect(from.every((call) => call.endsWith(' from deadLeaves'))).toBe(true);
    expect(state().history.nodes.map(({ settings }) => settings.source?.kind)).toEqual([undefined, undefined, 'deadLeaves']);
    expect(namedPlan(state().history.nodes[2].settings)).toMatch(/, on dead leaves$/);
    // back on the open pictures, what was ranked on them is still known
    workers.calls.length = 0;
    await lab.setCalibration({ images: 512, seed: 1 });
    await settled();
    expect(workers.calls.filter((call) => call.startsWith('criterion'))).toEqual([]);
    expect(state().history.nodes).toHaveLength(3);
  });

  it('stands in the link, which brings it back; what was measured beforehand is not shown as its scores', async () => {
    const address = addressOf('v=1&images=64&source=deadLeaves%2Bgaussian:0.3');
    const ignored = await bootedLab(new FakeWorkers(), { address });
    expect(ignored.state().notices.map(({ text }) => text).join()).toContain('Ignored in the link: “source=deadLeaves%2Bgaussian:0.3”');
    const written = addressOf('v=1&images=64&source=deadLeaves+gaussian:0.3');
    const { lab, state, workers } = await bootedLab(new FakeWorkers(), { address: written });
    expect(state().calibration.source).toEqual({ kind: 'deadLeaves', mix: { kind: 'gaussian', share: 0.3 } });
    expect(workers.calls).toContain('calibrate 64 1 from deadLeaves+gaussian:0.3');
    await vi.waitFor(() => expect(written.read()).toContain('&source=deadLeaves+gaussian:0.3&'));
    const precomputed = { groups: [] } as never;
    expect(shownFidelity({ calibration: { status: 'idle', images: 64, source: LEAVES }, precomputed })).toEqual({ live: false });
    expect(shownFidelity({ calibration: { status: 'idle', images: 64 }, precomputed }).groups).toEqual([]);
    lab.dispose();
  });

  it('is not bounded by how many pictures are open', async () => {
    const { lab, state } = await bootedLab();
    await lab.setCalibration({ images: 5000, seed: 1 });
    const own = new FakeWorkers();
    own.own = { train: 40, test: 40 };
    const { lab: second, state: found } = await bootedLab(own);
    await second.openPictures({ kind: 'files', name: 'mine', files: [] });
    expect(found().calibration.images).toBe(40);
    await second.setCalibration({ images: 400, seed: 1, source: LEAVES });
    expect(found().calibration.images).toBe(400);
    expect(state().calibration.images).toBe(5000);
  });

  it('a plan of the history goes back to its own source, and survives a reload with it', async () => {
    const storage = memoryStorage();
    const first = await bootedLab(new FakeWorkers(), { storage });
    await first.lab.setCalibration({ images: 512, seed: 1, source: LEAVES });
    await first.settled();
    const [real, leaves] = first.state().history.nodes;
    first.lab.dispose();
    const { lab, workers, state, settled } = await bootedLab(new FakeWorkers(), { storage });
    expect(state().history.nodes.map(({ settings }) => settings)).toEqual([real.settings, leaves.settings]);
    workers.calls.length = 0;
    await lab.goTo(state().history.nodes[1]);
    await settled();
    expect(workers.calls).toContain('calibrate 512 1 from deadLeaves');
    expect(state().history.nodes).toHaveLength(2);
  });

  it('has its price: the same plan on real pictures, from a plan, a sweep or what was measured beforehand', async () => {
    const { lab, state, settled } = await bootedLab();
    await lab.setCalibration({ images: 512, seed: 1, source: LEAVES });
    await settled();
    const { result, history } = state();
    if (!result) throw new Error('No plan was measured.');
    expect(realTwin(state(), result.settings, result.cost.macs)).toEqual({ value: history.nodes[0].outcome.accuracy, from: 'plan', images: 512 });
    const alone = { ...state(), history: { nodes: history.nodes.slice(1) } };
    expect(realTwin(alone, result.settings, result.cost.macs)).toBeUndefined();
    const { select, compensate, order, allocate, renorm, target, seed } = result.settings.request;
    const method = { select, compensate, order, allocate, renorm };
    const sweepPoints = [{ ...method, target, seed, macs: result.cost.macs, params: 1, accuracy: 0.7, images: 1000, calibrationImages: 64 }];
    expect(realTwin({ ...alone, sweepPoints }, result.settings, result.cost.macs)).toEqual({ value: 0.7, from: 'plan', images: 64 });
    const [low, high] = [0.5, 1.5].map((factor) => ({ target: 0.5, macs: factor * result.cost.macs, params: 1, accuracy: 0.4 * factor, images: 1000 }));
    const precomputed = { images: 256, frontier: [{ method, points: [low, high] }] } as never;
    expect(realTwin({ ...alone, precomputed }, result.settings, result.cost.macs)).toEqual({ value: expect.closeTo(0.4, 6), from: 'precomputed', images: 256 });
    expect(realTwin({ ...alone, precomputed }, { ...result.settings, pins: { first: { 0: true } } }, result.cost.macs)).toBeUndefined();
  });
});

describe('pictures made from the network', () => {
  it('are listed with the model once they are there, and go with it', async () => {
    const { lab, state } = await bootedLab();
    const sources = await lab.sources();
    expect(await sources.make({ count: 16, steps: 3, seed: 2 })).toBe(true);
    expect(await sources.make({ count: 16, steps: 3, seed: 2 })).toBe(true);
    expect(state().model.made).toEqual([{ count: 16, steps: 3, seed: 2 }]);
    expect(state().notices.at(-1)?.text).toContain('it puts 50 % of them in the class');
    await lab.openModel({ kind: 'shipped', id: 'vgg-cifar10' });
    expect(state().model.made).toBeUndefined();
  });

  it('are not there where the job was stopped, without a word, or failed, with one', async () => {
    const { lab, workers, state } = await bootedLab();
    const sources = await lab.sources();
    workers.held.add('invert');
    const making = sources.make({ count: 16, steps: 3, seed: 2 });
    await vi.waitFor(() => expect(state().jobs.map(({ kind }) => kind)).toContain('invert'));
    lab.cancel(state().jobs.find(({ kind }) => kind === 'invert')?.id);
    expect(await making).toBe(false);
    const before = state().notices.length;
    workers.release();
    workers.failures.set('invert', new Error('No gradients here.'));
    expect(await sources.make({ count: 16, steps: 3, seed: 2 })).toBe(false);
    expect(state().notices.slice(before).map(({ text }) => text)).toEqual(['No pictures could be made from the network: No gradients here.']);
    expect(state().model.made).toBeUndefined();
  });

  it('that are asked for and not there stop the scoring with what to do', async () => {
    const { lab, workers, state } = await bootedLab();
    workers.failures.set('calibrate', new Error('No pictures made from it came with this network. Make some.'));
    await lab.setCalibration({ images: 512, seed: 1, source: { kind: 'inversion' } });
    expect(state().notices.at(-1)).toMatchObject({ level: 'error', text: 'Scoring stopped: No pictures made from it came with this network. Make some.' });
  });
});

describe('sensitivity', () => {
  it('shows points as they come, and goes with the pictures that it was measured on', async () => {
    const { lab, workers, state } = await bootedLab();
    workers.held.add('sensitivity');
    const running = lab.sources().then((sources) => sources.measure(3));
    await vi.waitFor(() => expect(state().sensitivity?.points).toHaveLength(1));
    expect(state().sensitivity?.result).toBeUndefined();
    workers.release();
    await running;
    const { sensitivity } = state();
    expect(sensitivity).toMatchObject({ of: { forgetClass: 3, testImages: 1000, seed: 1 }, result: { target: 0.625 } });
    expect(sensitivitySentence(sensitivity?.points ?? [])).toBe('Without data, pruning costs 10.0 points on dead leaves');
    expect(sensitivityTable(sensitivity ?? { points: [] }).rows).toEqual([
      ['–', 'the intact network', '–', '90.0 %', '90.0 %', '90.0 %', ''],
      ['Source', 'real pictures', '64', '80.0 %', '0.0 %', '90.0 %', ''],
      ['Source', 'dead leaves', '64', '70.0 %', '0.0 %', '90.0 %', ''],
    ]);
    await lab.openModel({ kind: 'shipped', id: 'vgg-cifar10' });
    expect(state().sensitivity).toBeUndefined();
  });

  it('keeps what came until it was stopped, and says what it failed with', async () => {
    const { lab, workers, state } = await bootedLab();
    const sources = await lab.sources();
    workers.held.add('sensitivity');
    const running = sources.measure(0);
    await vi.waitFor(() => expect(state().sensitivity?.points).toHaveLength(1));
    lab.cancel(state().jobs.find(({ kind }) => kind === 'sensitivity')?.id);
    await running;
    expect(state().sensitivity).toMatchObject({ points: [{ label: 'real pictures' }] });
    expect(state().sensitivity?.failure).toBeUndefined();
    workers.release();
    workers.failures.set('sensitivity', new Error('Nothing can be pruned.'));
    await sources.measure(0);
    expect(state().sensitivity?.failure).toBe('Nothing can be pruned.');
  });
});
