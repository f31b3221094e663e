import { describe, expect, it, vi } from 'vitest';
import { shippedData } from './catalogue.ts';
import { FakeWorkers, textModel } from './fakeWorkers.ts';
import { makeLab, memoryStorage } from './fixtures/testLab.ts';
import { frontierSeries } from './frontier.ts';
import { dataOfFiles, modelOfFiles, typedText } from './incoming.ts';
import { dataLabel } from './labels.ts';
import { MEASURES } from './measure.ts';
import { shownOutcome } from './outcome.ts';
import { buildReport } from './report.ts';
import { pointsLeft } from './sweepSteps.ts';
import { yardstick } from './yardstick.ts';

const TEXT = { kind: 'url', url: 'https://lab.example/somewhere/models/text-lm/' } as const;
const PICTURES = { kind: 'shipped', id: 'vgg-cifar10' } as const;
type State = ReturnType<ReturnType<typeof makeLab>['state']>;

const settled = (state: () => State) =>
  vi.waitFor(
    () => {
      expect(state().result?.kind).toBe('sequential');
      expect(state().result?.latency).toBe(2);
      expect(state().jobs).toEqual([]);
    },
    { timeout: 3000 },
  );

async function openedText(workers = new FakeWorkers(), more: Parameters<typeof makeLab>[1] = {}) {
  const made = makeLab(workers, more);
  await made.lab.boot();
  await settled(made.state);
  workers.calls.length = 0;
  await made.lab.openModel(TEXT);
  await settled(made.state);
  return made;
}

describe('a network that reads text', () => {
  it('takes the shipped text with it, in windows, and a network that sees pictures the pictures again', async () => {
    const { lab, workers, state } = await openedText();
    expect(state().dataset).toMatchObject({ id: 'novels', text: { stride: 4 } });
    expect(dataLabel(state().data.descriptor, state().model)).toBe('Novels');
    expect(workers.calls).toEqual(['loadModel text-lm', 'loadDataset novels', 'begin', 'calibrate 64 1', 'evaluate intact 32', 'compensate', 'evaluate plan 32', 'pruneSequentially', 'evaluate plan 32']);
    workers.calls.length = 0;
    await lab.openModel(PICTURES);
    await settled(state);
    expect(state().dataset?.id).toBe('toy');
    expect(workers.calls.slice(0, 4)).toEqual(['loadModel vgg-cifar10', 'begin', 'calibrate 512 1', 'evaluate intact 1000']);
  });

  it('has its text read anew for another that reads text, and keeps a number of windows that was asked for', async () => {
    const { lab, workers, state } = await openedText();
    await lab.setCalibration({ images: 100, seed: 1 });
    await settled(state);
    workers.calls.length = 0;
    await lab.openModel({ ...TEXT, url: TEXT.url.replace('text-lm', 'text-other') });
    await settled(state);
    expect(workers.calls.slice(0, 4)).toEqual(['loadModel text-other', 'loadDataset novels', 'begin', 'calibrate 100 1']);
  });

  it('is scored on text alone, whatever source of pictures was asked for', async () => {
    const { lab, state } = makeLab();
    await lab.boot();
    await settled(state);
    await lab.setCalibration({ images: 512, seed: 1, source: { kind: 'deadLeaves' } });
    await settled(state);
    await lab.openModel(TEXT);
    await settled(state);
    expect(state().calibration).toMatchObject({ images: 64, source: undefined });
  });

  it('whose text cannot be read says so once, and is shown without numbers', async () => {
    const { lab, workers, state } = makeLab();
    await lab.boot();
    await settled(state);
    workers.failures.set('loadDataset', new Error('the text is shorter than a window'));
    await lab.openModel(TEXT);
    expect(state().notices.filter(({ level }) => level === 'error')).toEqual([expect.objectContaining({ text: 'Novels could not be read: the text is shorter than a window' })]);
    expect(state().model.loaded?.network.name).toBe('text-lm');
    expect(state().dataset).toBeUndefined();
    expect(state().jobs).toEqual([]);
  });

  it('that a person brought reads what it can, before and after it is loaded', () => {
    expect(shippedData({ descriptor: { kind: 'files' } })).toBe('cifar10');
    expect(shippedData({ descriptor: { kind: 'files' }, loaded: textModel('text') })).toBe('novels');
    // while another is on its way, the entry says it
    expect(shippedData({ descriptor: PICTURES, loaded: textModel('text') })).toBe('cifar10');
  });

  it('comes back after a lost engine with its text', async () => {
    const { workers, state } = await openedText();
    workers.calls.length = 0;
    workers.engines[0].die('gone');
    await vi.waitFor(() => expect(workers.calls).toEqual(['start wasm', 'loadModel text-lm', 'loadDataset novels']));
    await vi.waitFor(() => expect(state().engine).toBe('ready'));
  });
});

describe('perplexity', () => {
  it('is what plans are judged by: in the history, on the frontier, in the report, and after a reload', async () => {
    const storage = memoryStorage();
    const { lab, state } = await openedText(new FakeWorkers(), { storage });
    expect(yardstick(state())).toBe('perplexity');
    const [node] = state().history.nodes;
    const { perplexity, divergence, accuracy } = shownOutcome(state()).outcome ?? {};
    expect(perplexity).toBeGreaterThan(20);
    expect(divergence).toBeGreaterThan(0);
    expect(accuracy).toBeUndefined();
    expect(node.outcome).toMatchObject({ perplexity, divergence, images: 32 });
    await lab.sweep({ methods: [{ select: 'l1', compensate: 'none', order: 'sequential', allocate: 'uniform', renorm: false }], targets: [0.5, 0.25] });
    expect(state().sweepPoints.map((point) => point.perplexity)).toEqual([expect.any(Number), expect.any(Number)]);
    const series = frontierSeries(state(), 'macs', state().request.rules, MEASURES.perplexity);
    const l1 = series.find(({ label }) => label === 'L1')?.points.map(({ value }) => value) ?? [];
    expect(l1[0]).toBeGreaterThan(l1[1]);
    expect(buildReport(state())).toMatchObject({ data: { text: { stride: 4, window: 8 } }, intact: { text: { perplexity: 20 } }, pruned: { text: { perplexity } } });
    lab.dispose();

    const next = makeLab(new FakeWorkers(), { storage });
    await next.lab.boot();
    await next.lab.openModel(TEXT);
    await settled(next.state);
    expect(next.state().history.nodes.map(({ outcome }) => outcome.perplexity)).toEqual([perplexity]);
    expect(next.state().sweepPoints).toHaveLength(2);
    expect(next.state().notices).toEqual([]);
  });

  it('of transforms is measured with the sweep, kept, and not measured again; one that fails is left out', async () => {
    const storage = memoryStorage();
    const { lab, workers, state } = await openedText(new FakeWorkers(), { storage });
    workers.calls.length = 0;
    workers.failures.set('transform', new Error('there are no blocks'));
    await lab.sweep({ methods: [], transforms: ['shortGpt', 'sliceGpt'], targets: [0.8, 0.5] });
    expect(workers.calls).toEqual(['transform shortGpt 0.8 32', 'transform sliceGpt 0.8 32', 'transform sliceGpt 0.5 32']);
    expect(state().notices.at(-1)?.text).toBe('ShortGPT was left out of the frontier: there are no blocks');
    expect(state().pendingSweep).toBeUndefined();
    expect(state().transformPoints.map(({ transform, macs, perplexity }) => [transform, macs, perplexity])).toEqual([['sliceGpt', 800, 25], ['sliceGpt', 500, 40]]);
    lab.dispose();

    const next = makeLab(new FakeWorkers(), { storage });
    await next.lab.boot();
    await next.lab.openModel(TEXT);
    await settled(next.state);
    expect(next.state().transformPoints).toEqual(state().transformPoints);
    expect(pointsLeft(next.state(), { methods: [], transforms: ['shortGpt', 'sliceGpt'], targets: [0.8, 0.5] })).toBe(2);
  });

  it('beyond all numbers is kept as the greatest there is, so that what is saved can be read', async () => {
    const { lab, state, workers } = await openedText();
    const api = workers.engines[0].api;
    const evaluate = api.evaluate.bind(api);
    Object.assign(api, {
      evaluate: async (...request: Parameters<typeof evaluate>) => {
        const evaluation = await evaluate(...request);
        return { ...evaluation, ...(request[1].plan ? { text: { tokens: 1, perplexity: Infinity, intactPerplexity: 20, divergence: Number.NaN } } : {}) };
      },
    });
    lab.setTarget({ kind: 'channels', value: 0.25 }, true);
    await vi.waitFor(() => expect(state().history.nodes).toHaveLength(2));
    expect(state().history.nodes[1].outcome).toMatchObject({ perplexity: Number.MAX_VALUE, divergence: Number.MAX_VALUE });
    expect(JSON.stringify(state().history.nodes[1].outcome)).not.toContain('null');
  });
});

describe('a text of one’s own', () => {
  const novel = { path: 'a tale.txt', file: new File(['Once upon a time. '.repeat(20)], 'a tale.txt') };

  it('that is dropped takes the place of the shipped one, is kept, and is found again after a reload', async () => {
    const storage = memoryStorage();
    const { lab, workers, state } = await openedText(new FakeWorkers(), { storage });
    workers.calls.length = 0;
    await lab.openFiles([novel]);
    await settled(state);
    expect(workers.calls.slice(0, 4)).toEqual(['loadText a tale', 'keep data a tale', 'begin', 'calibrate 64 1']);
    expect(state().dataset).toMatchObject({ name: 'a tale', text: { cloze: 0 } });
    await vi.waitFor(() => expect(state().data.descriptor).toMatchObject({ kind: 'kept', name: 'a tale' }));
    workers.calls.length = 0;
    await lab.openModel({ ...TEXT, url: TEXT.url.replace('text-lm', 'text-other') });
    await settled(state);
    expect(workers.calls.slice(0, 2)).toEqual(['loadModel text-other', 'loadText a tale']);
    expect(state().data.descriptor).toMatchObject({ kind: 'kept', name: 'a tale' });
  });

  it('makes way for the shipped pictures where the next network sees pictures', async () => {
    const { lab, workers, state } = await openedText();
    await lab.openFiles([novel]);
    await settled(state);
    workers.failures.set('loadPictures', new Error('there are no pictures'));
    await lab.openModel(PICTURES);
    await settled(state);
    expect(state().dataset?.id).toBe('toy');
    expect(state().data).toEqual({ descriptor: { kind: 'shipped' }, shipped: 'cifar10' });
    expect(state().notices).toContainEqual(expect.objectContaining({ text: 'a tale could not be read: there are no pictures', advice: 'CIFAR-10 takes their place.' }));
    expect(yardstick(state())).toBe('accuracy');
  });

  it('that is typed is a file called after its first words', async () => {
    const typed = typedText('  It was/is the best\nof times, it was the worst of times.');
    expect(typed).toMatchObject({ kind: 'files', name: '“It was is the…”' });
    if (typed.kind !== 'files') throw new Error('a typed text is files');
    expect(typed.files[0].path).toBe('It was is the.txt');
    expect(await typed.files[0].file.text()).toContain('the worst of times');
  });

  it('and a model’s folder are called after what says most', () => {
    const file = new File([''], 'x');
    const named = (...paths: string[]) => modelOfFiles(paths.map((path) => ({ path, file })));
    expect(named('tiny llama/tokenizer.json', 'tiny llama/config.json', 'tiny llama/model.safetensors')).toMatchObject({ name: 'tiny llama' });
    expect(named('net.onnx')).toMatchObject({ name: 'net' });
    expect(dataOfFiles([{ path: 'a tale.md', file }])).toMatchObject({ name: 'a tale' });
  });
});
