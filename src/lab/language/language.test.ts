import { describe, expect, it, vi } from 'vitest';
import { FakeWorkers } from '../fakeWorkers.ts';
import { makeLab } from '../fixtures/testLab.ts';
import type { Language } from './language.ts';

const TEXT = { kind: 'url', url: 'https://lab.example/somewhere/models/text-lm/' } as const;

async function opened(workers = new FakeWorkers()) {
  const made = makeLab(workers);
  const { lab, state } = made;
  await lab.boot();
  await lab.openModel(TEXT);
  await vi.waitFor(() => {
    expect(state().result?.latency).toBe(2);
    expect(state().jobs).toEqual([]);
  });
  const language = await lab.language();
  workers.calls.length = 0;
  return { ...made, language, written: () => language.store.getState() };
}

const texts = (language: Language) => {
  const { before, after } = language.store.getState();
  return [before?.text, after?.text];
};
const generated = (workers: FakeWorkers) => workers.calls.filter((call) => call.startsWith('generate'));

describe('writing on', () => {
  it('is done by the intact network and then by the plan on screen, from one prompt and seed', async () => {
    const { language, workers, state, written } = await opened();
    language.set({ prompt: 'Once', seed: 7 });
    await language.write();
    expect(generated(workers)).toEqual(['generate intact Once', 'generate plan Once']);
    expect(texts(language)).toEqual([' intact 7', ' pruned 7']);
    expect(written().after).toMatchObject({ prompt: 'Once', plan: state().result?.plan, done: { tokens: 2 } });
    expect(written().after?.name).toMatch(/singleton/);
    // what comes after the result is not taken for it
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(texts(language)).toEqual([' intact 7', ' pruned 7']);
    // the intact network would write the same again
    await language.write();
    expect(generated(workers)).toHaveLength(3);
    language.set({ temperature: 0 });
    await language.write();
    expect(generated(workers)).toHaveLength(5);
  });

  it('shows what there is while it goes on, and keeps it when it is stopped', async () => {
    const { language, workers, written, state } = await opened();
    workers.held.add('generate');
    const writing = language.write();
    await vi.waitFor(() => expect(written().before?.text).toBe(' in'));
    expect(state().jobs).toMatchObject([{ kind: 'generate', label: 'The intact network writes', progress: { done: 1, total: 48 } }]);
    language.stop();
    await writing;
    workers.release();
    expect(written().before).toMatchObject({ text: ' in' });
    expect(written().before?.done).toBeUndefined();
    expect(written().failure).toBeUndefined();
    expect(state().jobs).toEqual([]);
  });

  it('follows the plan once the budget rests, if it was asked to', async () => {
    const { lab, language, workers, written, state } = await opened();
    await language.write();
    const first = written().after?.plan;
    lab.setTarget({ kind: 'channels', value: 0.25 }, false);
    await vi.waitFor(() => expect(state().result?.plan).not.toBe(first));
    // the slider still moves
    expect(generated(workers)).toHaveLength(2);
    lab.setTarget({ kind: 'channels', value: 0.25 }, true);
    await vi.waitFor(() => {
      expect(written().after).toMatchObject({ plan: state().result?.plan, done: { tokens: 2 } });
      expect(state().jobs).toEqual([]);
    });
    expect(generated(workers)).toEqual(['generate intact The morning was', 'generate plan The morning was', 'generate plan The morning was']);
    language.set({ follow: false });
    lab.setTarget({ kind: 'channels', value: 0.5 }, true);
    await vi.waitFor(() => expect(state().jobs).toEqual([]));
    expect(generated(workers)).toHaveLength(3);
    expect(written().after?.plan).not.toBe(state().result?.plan);
  });

  it('says what it failed with, and is gone with its network', async () => {
    const { lab, language, workers, written } = await opened();
    workers.failures.set('generate', new Error('the prompt has no tokens'));
    await language.write();
    expect(written().failure).toBe('the prompt has no tokens');
    await language.write();
    expect(written().failure).toBeUndefined();
    await lab.openModel({ kind: 'shipped', id: 'vgg-cifar10' });
    expect(written()).toMatchObject({ before: undefined, after: undefined });
  });

  it('takes nothing out of range', async () => {
    const { language, written } = await opened();
    language.set({ tokens: 1e9, temperature: -3, topK: 0.4, seed: Number.NaN, prompt: 'x'.repeat(5000) });
    expect(written().settings).toEqual({ prompt: 'x'.repeat(2000), tokens: 256, temperature: 0, seed: 0, follow: true });
  });
});

describe('multiple choice', () => {
  it('is answered by both networks, the intact one once', async () => {
    const { lab, language, workers, written, state } = await opened();
    await language.measureCloze();
    expect(workers.calls).toEqual(['cloze intact 20', 'cloze plan 20']);
    expect(written().cloze).toMatchObject({ intact: { accuracy: 0.6, chance: 0.25 }, pruned: { accuracy: 0.4 }, plan: state().result?.plan });
    lab.setTarget({ kind: 'channels', value: 0.25 }, true);
    await vi.waitFor(() => {
      expect(written().cloze?.plan).not.toBe(state().result?.plan);
      expect(state().jobs).toEqual([]);
    });
    workers.calls.length = 0;
    await language.measureCloze();
    expect(workers.calls).toEqual(['cloze plan 20']);
  });

  it('keeps what is known when it is stopped, and goes with the text', async () => {
    const { lab, language, workers, written } = await opened();
    workers.held.add('cloze');
    const measuring = language.measureCloze();
    await vi.waitFor(() => expect(workers.calls).toEqual(['cloze intact 20']));
    lab.cancel();
    await measuring;
    workers.release();
    expect(written().cloze).toBeUndefined();
    expect(written().clozeFailure).toBeUndefined();
    await language.measureCloze();
    expect(written().cloze?.pruned).toBeDefined();
    await lab.openFiles([{ path: 'a.txt', file: new File(['text'], 'a.txt') }]);
    expect(written().cloze).toBeUndefined();
  });
});
