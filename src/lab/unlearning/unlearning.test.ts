import { describe, expect, it, vi } from 'vitest';
import { FakeWorkers } from '../fakeWorkers.ts';
import { makeLab } from '../fixtures/testLab.ts';

async function openLab(workers = new FakeWorkers()) {
  const { lab, state } = makeLab(workers);
  await lab.boot();
  await vi.waitFor(() => {
    expect(state().result?.latency).toBe(2);
    expect(state().jobs).toEqual([]);
  });
  const unlearning = await lab.unlearning();
  const calls = () => workers.calls.filter((call) => /^(unlearn|measureForgetting|fineTune|pause|resume)/.test(call));
  return { lab, state, workers, unlearning, forgotten: () => unlearning.store.getState(), calls };
}

describe('forgetting', () => {
  it('shows shares as they are tried, then the outcome, then the whole test set', async () => {
    const workers = new FakeWorkers();
    workers.testImages = 3000;
    const { unlearning, state, forgotten, calls } = await openLab(workers);
    unlearning.toggleClass(0);
    unlearning.toggleClass(3);
    workers.held.add('unlearn').add('measureForgetting');
    const running = unlearning.forget();
    await vi.waitFor(() => expect(forgotten().run?.trials).toHaveLength(2));
    expect(forgotten().run).toMatchObject({ method: 'ours', classes: [3], trials: [{ share: 0 }, { share: 0.05, forget: 0 }] });
    await vi.waitFor(() => expect(state().jobs).toMatchObject([{ kind: 'forget', label: 'Forgetting “class 3”: contrast, forget-aware', progress: { done: 50 } }]));
    workers.release();
    workers.held.add('measureForgetting');
    await vi.waitFor(() => expect(forgotten().outcomes).toHaveLength(1));
    expect(forgotten()).toMatchObject({ shown: forgotten().outcomes[0].id, outcomes: [{ report: { measures: { images: 1000 } } }] });
    await vi.waitFor(() => expect(state().jobs).toMatchObject([{ kind: 'forgetTest' }]));
    workers.release();
    await running;
    expect(forgotten().outcomes).toMatchObject([{ network: { name: 'forgot' }, report: { measures: { images: 3000 } } }]);
    expect(forgotten().run).toBeUndefined();
    expect(calls()).toEqual(['unlearn ours 3 256', 'measureForgetting 3000']);
    expect(state().jobs).toEqual([]);
  });

  it('runs several methods in turn, each on the intact network; what one fails with does not stop the others', async () => {
    const { unlearning, workers, forgotten, state, calls } = await openLab();
    workers.failures.set('unlearn', new Error('The network puts none of the 256 forget pictures in class 3 (most in class 5)'));
    unlearning.set({ classes: [3], pictures: 64 });
    await unlearning.forget(['ours', 'paper', 'l1']);
    expect(calls()).toEqual(['unlearn ours 3 64', 'unlearn paper 3 64', 'unlearn l1 3 64']);
    expect(forgotten().failures).toEqual({ ours: 'The network puts none of the 256 forget pictures in class 3 (most in class 5)' });
    expect(forgotten().outcomes.map(({ report }) => report.method)).toEqual(['paper', 'l1']);
    // it is told where it was asked for, and nowhere else
    expect(state().notices).toEqual([]);
    await unlearning.forget(['ours']);
    expect(forgotten().failures).toEqual({});
    expect(forgotten().outcomes).toHaveLength(3);
  });

  it('stops when it is cancelled, and keeps what was there', async () => {
    const { lab, unlearning, workers, forgotten, state } = await openLab();
    await unlearning.forget();
    workers.held.add('unlearn');
    const running = unlearning.forget(['ours', 'paper']);
    await vi.waitFor(() => expect(forgotten().run?.trials).toHaveLength(2));
    lab.cancel(state().jobs.find(({ kind }) => kind === 'forget')?.id);
    await running;
    expect(forgotten().run).toBeUndefined();
    expect(forgotten().outcomes).toHaveLength(1);
    expect(forgotten().failures).toEqual({});
    expect(state().jobs).toEqual([]);
  });

  it('is dropped with the network or the pictures that it was about, and stopped', async () => {
    const { lab, unlearning, workers, forgotten, state } = await openLab();
    unlearning.set({ head: false });
    await unlearning.forget();
    workers.held.add('unlearn');
    const running = unlearning.forget(['paper']);
    await vi.waitFor(() => expect(forgotten().run?.trials).toHaveLength(2));
    await lab.openModel({ kind: 'shipped', id: 'vgg-cifar10' });
    await running;
    expect(forgotten()).toMatchObject({ outcomes: [], failures: {}, settings: { head: false } });
    expect(forgotten().run).toBeUndefined();
    expect(state().jobs.filter(({ kind }) => kind === 'forget')).toEqual([]);
  });

  it('asks for pictures of the source that is open, by the experiment’s seed', async () => {
    const { lab, unlearning, forgotten, calls } = await openLab();
    lab.store.setState(({ calibration, request }) => ({ calibration: { ...calibration, source: { kind: 'gaussian' } }, request: { ...request, seed: 7 } }));
    await unlearning.forget();
    expect(calls()).toEqual(['unlearn ours 0 256 from gaussian']);
    expect(forgotten().outcomes.at(-1)?.report.settings.seed).toBe(7);
  });

  it('opens what forgot in the lab', async () => {
    const { unlearning, workers, forgotten, state } = await openLab();
    await unlearning.forget();
    const [outcome] = forgotten().outcomes;
    await unlearning.openInLab(outcome);
    expect(workers.calls).toContain('loadModel files');
    expect(state().model.descriptor).toMatchObject({ name: 'resnet-20-without-class-0' });
    expect(forgotten().outcomes).toEqual([]);
  });
});

describe('fine-tuning', () => {
  it('shows its steps, can be held, and leaves an outcome', async () => {
    const { unlearning, workers, forgotten, calls } = await openLab();
    await unlearning.forget();
    workers.held.add('fineTune');
    unlearning.setTuning({ epochs: 2, pictures: 128 });
    const running = unlearning.fineTune();
    await vi.waitFor(() => expect(forgotten().tuning?.steps).toHaveLength(1));
    expect(forgotten().tuning).toMatchObject({ running: true, paused: false, epochs: [{ epoch: 1, loss: 0.7 }] });
    unlearning.pauseFineTune(true);
    expect(forgotten().tuning?.paused).toBe(true);
    unlearning.pauseFineTune(false);
    workers.release();
    await running;
    expect(calls()).toEqual(['unlearn ours 0 256', 'fineTune forgot 2 128 without 0', 'pause', 'resume']);
    expect(forgotten().tuning).toMatchObject({ running: false, paused: false, steps: [{ step: 1 }] });
    expect(forgotten().outcomes.at(-1)).toMatchObject({ network: { name: 'tuned' }, report: { method: 'ours', tuned: { epochs: 2, pictures: 128 }, gradientSteps: 2 } });
    // the probe's figure was of the network before
    expect(forgotten().outcomes.at(-1)?.report).not.toHaveProperty('recoverability');
  });

  it('leaves the last epoch’s network where it is stopped', async () => {
    const { lab, unlearning, workers, forgotten, state } = await openLab();
    workers.held.add('fineTune');
    unlearning.setTuning({ start: 'intact', epochs: 5 });
    const running = unlearning.fineTune();
    await vi.waitFor(() => expect(forgotten().tuning?.epochs).toHaveLength(1));
    lab.cancel(state().jobs.find(({ kind }) => kind === 'fineTune')?.id);
    await running;
    expect(forgotten().tuningFailure).toBe('Stopped after epoch 1 of 5: the network is that of its end.');
    expect(forgotten().outcomes).toMatchObject([{ network: { name: 'epoch 1' }, report: { method: 'fineTune', tuned: { epochs: 1 }, gradientSteps: 1 } }]);
    expect(state().jobs).toEqual([]);
  });

  it('starts from the pruned network of the page', async () => {
    const { unlearning, calls, forgotten } = await openLab();
    unlearning.setTuning({ start: 'pruned' });
    await unlearning.fineTune();
    expect(forgotten().tuningFailure).toBeUndefined();
    expect(calls()).toEqual([expect.stringMatching(/^fineTune .* 3 512 without $/)]);
    expect(forgotten().outcomes).toMatchObject([{ report: { settings: { classes: [] } } }]);
  });

  it('says what it failed with', async () => {
    const { unlearning, workers, forgotten } = await openLab();
    workers.failures.set('fineTune', new Error('no gradients here'));
    unlearning.setTuning({ start: 'intact' });
    await unlearning.fineTune();
    // an epoch had ended, so what it gave is kept
    expect(forgotten().tuningFailure).toBe('no gradients here');
    expect(forgotten().outcomes).toHaveLength(1);
  });
});
