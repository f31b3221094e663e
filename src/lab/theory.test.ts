import { afterEach, describe, expect, it, vi } from 'vitest';
import { shownBands } from './bands.ts';
import { FakeWorkers } from './fakeWorkers.ts';
import { Lab } from './lab.ts';

const labs: Lab[] = [];

async function calibratedLab(workers = new FakeWorkers()) {
  const lab = new Lab({ createEngineClient: workers.createEngineClient, createFidelityClient: workers.createFidelityClient, baseUrl: 'https://lab.example/', fetchJson: async () => undefined });
  labs.push(lab);
  const state = () => lab.store.getState();
  await lab.boot();
  await vi.waitFor(() => {
    expect(state().result?.latency).toBe(2);
    expect(state().jobs).toEqual([]);
  });
  return { lab, workers, state };
}

afterEach(() => {
  for (const lab of labs.splice(0)) lab.dispose();
});

describe('a theory experiment', () => {
  it('runs on the engine and leaves its result', async () => {
    const { lab, workers, state } = await calibratedLab();
    await lab.runTheory('localGlobal');
    expect(workers.calls).toContain('theory localGlobal');
    expect(state().theory.localGlobal?.slopes).toHaveLength(2);
    expect(state().jobs).toEqual([]);
  });

  it('waits for the one before it, and each is stopped by itself', async () => {
    const { lab, workers, state } = await calibratedLab();
    workers.held.add('theory');
    const first = lab.runTheory('localGlobal');
    const second = lab.runTheory('lipschitz');
    await vi.waitFor(() => expect(workers.calls).toContain('theory localGlobal'));
    expect(state().jobs.map(({ kind, label }) => [kind, label])).toEqual([['theory:localGlobal', 'Cutting group after group'], ['theory:lipschitz', 'Waiting for its turn']]);
    lab.cancel(state().jobs.find(({ kind }) => kind === 'theory:lipschitz')?.id);
    workers.release();
    await Promise.all([first, second]);
    expect(workers.calls).not.toContain('theory lipschitz');
    expect(Object.keys(state().theory)).toEqual(['localGlobal']);
    expect(state().notices).toEqual([]);
  });

  it('says what went wrong', async () => {
    const { lab, workers, state } = await calibratedLab();
    workers.failures.set('theory', new Error('no norm layer has stored statistics'));
    await lab.runTheory('localGlobal');
    expect(state().theory).toEqual({});
    expect(state().theoryFailures).toEqual({ localGlobal: 'no norm layer has stored statistics' });
    await lab.runTheory('localGlobal');
    expect(state().theoryFailures).toEqual({});
  });

  it('keeps its result while the budget changes, and loses it with the seed, the pictures’ number and form, and the model', async () => {
    const { lab, state } = await calibratedLab();
    await lab.runTheory('localGlobal');
    lab.setTarget({ kind: 'channels', value: 0.25 }, true);
    lab.setEta(0.9);
    expect(state().theory.localGlobal).toBeDefined();

    const changes: readonly (readonly [string, () => Promise<void>])[] = [
      ['seed', () => lab.setCalibration({ images: 512, seed: 2 })],
      ['number', () => lab.setCalibration({ images: 256, seed: 2 })],
      ['form', () => lab.setPreprocessing({ ...state().preprocessing, order: 'BGR' })],
      ['model', () => lab.openModel({ kind: 'shipped', id: 'vgg-cifar10' })],
    ];
    for (const [name, change] of changes) {
      await lab.runTheory('localGlobal');
      expect(state().theory.localGlobal, name).toBeDefined();
      await change();
      expect(state().theory, name).toEqual({});
    }
  });

  it('is dropped where its subject changes while it runs', async () => {
    const { lab, workers, state } = await calibratedLab();
    await lab.runTheory('localGlobal');
    workers.held.add('theory');
    const running = lab.runTheory('localGlobal');
    await vi.waitFor(() => expect(workers.calls.filter((call) => call === 'theory localGlobal')).toHaveLength(2));
    const changed = lab.setCalibration({ images: 128, seed: 1 });
    await running;
    workers.release();
    await changed;
    expect(state().theory).toEqual({});
  });
});

describe('the bands of all groups', () => {
  it('are drawn once for one calibration, and anew for the next', async () => {
    const { lab, workers, state } = await calibratedLab();
    await Promise.all([lab.loadBands(), lab.loadBands()]);
    await lab.loadBands();
    expect(workers.calls.filter((call) => call.startsWith('bands'))).toEqual(['bands 200 1']);
    expect(shownBands(state())).toMatchObject({ status: 'done', groups: { first: { permutations: 200 }, second: { permutations: 200 } } });

    await lab.setCalibration({ images: 256, seed: 3 });
    expect(shownBands(state())).toBeUndefined();
    await lab.loadBands();
    expect(workers.calls.filter((call) => call.startsWith('bands'))).toEqual(['bands 200 1', 'bands 200 3']);
    expect(Object.keys(shownBands(state())?.groups ?? {})).toEqual(['first', 'second']);
  });

  it('are shown one after another', async () => {
    const { lab, workers, state } = await calibratedLab();
    workers.held.add('bands');
    const loading = lab.loadBands();
    await vi.waitFor(() => expect(Object.keys(shownBands(state())?.groups ?? {})).toEqual(['first']));
    expect(shownBands(state())?.status).toBe('running');
    workers.release();
    await loading;
    expect(shownBands(state())?.status).toBe('done');
  });

  it('can be asked for again where they failed', async () => {
    const { lab, workers, state } = await calibratedLab();
    workers.failures.set('bands', new Error('out of memory'));
    await lab.loadBands();
    expect(state().notices.map(({ text }) => text)).toEqual(['The random subsets could not be drawn: out of memory']);
    expect(shownBands(state())).toBeUndefined();
    await lab.loadBands();
    expect(shownBands(state())?.status).toBe('done');
  });
});
