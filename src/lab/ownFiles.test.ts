import { describe, expect, it, vi } from 'vitest';
import { AS_THEY_ARE, PRESETS } from '../datasets/preprocessing.ts';
import type { PathedFile } from '../workers/protocol.ts';
import { shownPlan } from './experiment.ts';
import { FakeWorkers } from './fakeWorkers.ts';
import { makeLab } from './fixtures/testLab.ts';
import { frontierSeries } from './frontier.ts';
import { Lab } from './lab.ts';
import type { LabEnvironment } from './session.ts';
import { yardstick } from './yardstick.ts';
import { SWEEP_TARGETS } from './sweepPresets.ts';

function labAt(workers = new FakeWorkers(), fragment = '', more: Partial<LabEnvironment> = {}) {
  let now = fragment;
  const address = { read: () => now, write: (next: string) => void (now = next), onChange: () => () => {} };
  return { ...makeLab(workers, { address, ...more }), address };
}

function files(...paths: string[]): PathedFile[] {
  return paths.map((path) => ({ path, file: new File([path], path.split('/').at(-1) ?? path) }));
}

const measured = (state: () => ReturnType<Lab['store']['getState']>) =>
  vi.waitFor(() => {
    expect(shownPlan(state())).toBe('sequential');
    expect(state().jobs).toEqual([]);
  }, { timeout: 3000 });

function storageError(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

const pets = files('pets/cat/1.png', 'pets/dog/2.png');

describe('pictures of one’s own', () => {
  it('take the place of the shipped ones: everything is measured anew on them, they are kept, and the address refers to them', async () => {
    const { lab, workers, state, address } = labAt();
    await lab.boot();
    await measured(state);
    workers.calls.length = 0;
    await lab.openFiles(pets);
    await measured(state);
    expect(workers.calls.filter((call) => !call.startsWith('keep'))).toEqual(['loadPictures pets crop', 'begin', 'calibrate 40 1', 'evaluate intact 40', 'compensate', 'evaluate plan 40', 'pruneSequentially', 'evaluate plan 40']);
    expect(workers.calls).toContain('keep data pets');
    expect(state()).toMatchObject({ data: { descriptor: { kind: 'kept', id: 'a0', name: 'pets' } }, dataset: { name: 'pets', train: 40 }, calibration: { images: 40 } });
    expect(state().history.nodes).toHaveLength(1);
    expect(yardstick(state())).toBe('accuracy');
    await vi.waitFor(() => expect(address.read()).toContain('data=a0*pets'));
  });

  it('are found again by the next page, read at the size of its network', async () => {
    const first = labAt();
    await first.lab.boot();
    await first.lab.openFiles(pets);
    await vi.waitFor(() => expect(first.address.read()).toContain('data=a0*pets'));
    first.lab.dispose();
    first.workers.calls.length = 0;
    const second = labAt(first.workers, first.address.read());
    await second.lab.boot();
    await measured(second.state);
    expect(first.workers.calls.slice(0, 4)).toEqual(['start auto', 'loadModel resnet20-cifar10', 'loadPictures pets crop', 'begin']);
    expect(second.state().data.descriptor).toEqual({ kind: 'kept', id: 'a0', name: 'pets' });
    expect(second.state().kept.list?.items.map(({ name }) => name)).toEqual(['pets']);
  });

  it('without labels are judged by agreement, everywhere where accuracy stood', async () => {
    const workers = new FakeWorkers();
    workers.own = { unlabelled: 'No sub-folders name their classes.', classes: [] };
    const { lab, state } = labAt(workers);
    await lab.boot();
    await lab.openFiles(pets);
    await measured(state);
    expect(state().notices.map(({ text }) => text).join()).toContain('pets counts as unlabelled: No sub-folders');
    expect(yardstick(state())).toBe('agreement');
    const { evaluation } = state().result ?? {};
    expect(evaluation).not.toHaveProperty('accuracy');
    const [node] = state().history.nodes;
    expect(node.outcome.accuracy).toBeUndefined();
    expect(node.outcome.agreement).toBe(evaluation?.agreement);
    const [series] = frontierSeries(state(), 'macs');
    expect(series.points[0].value).toBe(evaluation?.agreement);
    await lab.sweep({ methods: [{ select: 'l1', compensate: 'none', order: 'oneShot', allocate: 'uniform', renorm: false }], targets: SWEEP_TARGETS });
    expect(state().sweepPoints.length).toBeGreaterThan(3);
    expect(state().sweepPoints.every(({ accuracy, agreement }) => accuracy === undefined && agreement !== undefined)).toBe(true);
  });

  it('have a history of their own, which a reload finds, and the shipped ones keep theirs', async () => {
    const entries = new Map<string, string>();
    const storage = { getItem: (key: string) => entries.get(key) ?? null, setItem: (key: string, value: string) => void entries.set(key, value), removeItem: (key: string) => void entries.delete(key) };
    const { lab, state, workers, address } = labAt(new FakeWorkers(), '', { storage });
    await lab.boot();
    await measured(state);
    lab.rename(state().history.nodes[0].id, 'on CIFAR-10');
    await vi.waitFor(() => expect([...entries.values()].join()).toContain('on CIFAR-10'));
    workers.own = { unlabelled: 'none', classes: [] };
    await lab.openFiles(pets);
    await measured(state);
    lab.rename(state().history.nodes[0].id, 'on pets');
    await vi.waitFor(() => expect(address.read()).toContain('data=a0'));
    lab.dispose();
    const again = labAt(workers, address.read(), { storage });
    await again.lab.boot();
    expect(again.state().history.nodes.map(({ name }) => name)).toEqual(['on pets']);
    await again.lab.openPictures({ kind: 'shipped' });
    expect(again.state().history.nodes.map(({ name }) => name)).toEqual(['on CIFAR-10']);
    expect(again.state().calibration.images).toBe(512);
  });

  it('that cannot be read, or whose reading is stopped, leave everything as it was', async () => {
    const { lab, workers, state } = labAt();
    await lab.boot();
    await measured(state);
    const before = state();
    workers.failures.set('loadPictures', new Error('None of the 2 pictures can be read.'));
    await lab.openFiles(pets);
    expect({ ...state(), notices: [], jobs: [] }).toEqual({ ...before, notices: [], jobs: [] });
    expect(state().notices.at(-1)?.text).toBe('pets could not be read: None of the 2 pictures can be read.');
    workers.held.add('loadPictures');
    const opening = lab.openFiles(pets);
    await vi.waitFor(() => expect(state().jobs.map(({ kind }) => kind)).toEqual(['data']));
    lab.cancel(state().jobs[0].id);
    await opening;
    expect({ ...state(), notices: [], jobs: [] }).toEqual({ ...before, notices: [], jobs: [] });
  });

  it('come back with the engine when it dies', async () => {
    const { lab, workers, state } = labAt();
    await lab.boot();
    await lab.openFiles(pets);
    await measured(state);
    workers.calls.length = 0;
    workers.engines[0].die('out of memory');
    await vi.waitFor(() => expect(workers.calls).toEqual(['start wasm', 'loadModel resnet20-cifar10', 'loadPictures pets crop']));
    await vi.waitFor(() => expect(state().engine).toBe('ready'));
  });
});

describe('preprocessing', () => {
  it('measures everything anew, goes with the link, and leaves what was measured beforehand out', async () => {
    const { lab, workers, state, address } = labAt();
    await lab.boot();
    await measured(state);
    workers.calls.length = 0;
    await lab.setPreprocessing(PRESETS.caffe);
    await measured(state);
    expect(workers.calls.slice(0, 3)).toEqual(['preprocess 1 BGR', 'begin', 'calibrate 512 1']);
    expect(state().precomputed).toBeUndefined();
    await vi.waitFor(() => expect(address.read()).toContain('pixels=crop;1;103.939,116.779,123.68;1;BGR'));
    const second = labAt(workers, address.read());
    workers.calls.length = 0;
    await second.lab.boot();
    expect(second.state().preprocessing).toEqual(PRESETS.caffe);
    expect(workers.calls.indexOf('preprocess 1 BGR')).toBeLessThan(workers.calls.indexOf('begin'));
    await second.lab.setPreprocessing(AS_THEY_ARE);
    await vi.waitFor(() => expect(second.address.read()).not.toContain('pixels'));
  });

  it('with another fit reads one’s own pictures again, and belongs to the model that is kept', async () => {
    const { lab, workers, state } = labAt();
    await lab.boot();
    await lab.openFiles(files('net.onnx'));
    await vi.waitFor(() => expect(state().model.descriptor.kind).toBe('kept'));
    await lab.openFiles(pets);
    workers.calls.length = 0;
    await lab.setPreprocessing({ ...PRESETS.imagenet, fit: 'stretch' });
    expect(workers.calls).toContain('loadPictures pets stretch');
    await lab.openModel({ kind: 'shipped', id: 'vgg-cifar10' });
    expect(state().preprocessing).toEqual(AS_THEY_ARE);
    await lab.openModel({ kind: 'kept', id: 'a0', name: 'net' });
    expect(state().preprocessing).toMatchObject({ fit: 'stretch', mean: PRESETS.imagenet.mean });
  });
});

describe('a model of one’s own', () => {
  it('is kept, and the next page opens it by its id', async () => {
    const { lab, workers, state, address } = labAt();
    await lab.boot();
    await lab.openFiles(files('net/model.json', 'net/weights.bin'));
    await measured(state);
    expect(workers.calls).toContain('keep model net');
    await vi.waitFor(() => expect(address.read()).toContain('kept=a0*net'));
    workers.calls.length = 0;
    const second = labAt(workers, address.read());
    await second.lab.boot();
    expect(workers.calls[1]).toBe('loadModel net');
    expect(second.state().model.descriptor).toEqual({ kind: 'kept', id: 'a0', name: 'net' });
  });

  it('that is not kept any more is told, and the lab opens with its own', async () => {
    const { lab, workers, state } = labAt(new FakeWorkers(), 'v=1&kept=ff*gone');
    await lab.boot();
    expect(state().notices.map(({ text }) => text)).toContain('gone could not be opened: gone is not kept');
    expect(workers.calls).toContain('loadModel resnet20-cifar10');
    expect(state().model.loaded).toBeDefined();
  });

  it('dropped together with pictures is opened with them, once', async () => {
    const { lab, workers, state } = labAt();
    await lab.boot();
    await measured(state);
    workers.calls.length = 0;
    await lab.openFiles([...files('net.onnx'), ...pets]);
    await measured(state);
    expect(workers.calls.filter((call) => call.startsWith('load') || call.startsWith('calibrate'))).toEqual(['loadModel files', 'loadPictures pets crop', 'calibrate 40 1']);
    await vi.waitFor(() => expect(workers.kept.size).toBe(2));
  });

  it('whose pictures cannot be read any more goes on with the shipped ones', async () => {
    const { lab, workers, state } = labAt();
    await lab.boot();
    await lab.openFiles(pets);
    await measured(state);
    workers.failures.set('loadPictures', new Error('pets is not kept'));
    await lab.openFiles(files('net.onnx'));
    await measured(state);
    expect(state().data.descriptor).toEqual({ kind: 'shipped' });
    expect(state().dataset?.name).toBe('Toy');
    expect(state().notices.map(({ text }) => text).join()).toContain('pets could not be read: pets is not kept');
  });
});

describe('what cannot be kept', () => {
  it('on a full disk stays open and at hand, with a word on what takes the room', async () => {
    const { lab, workers, state } = labAt();
    await lab.boot();
    await lab.openFiles(pets);
    await vi.waitFor(() => expect(workers.kept.size).toBe(1));
    workers.failures.set('keep', storageError('StorageFullError', 'There is no room left to keep it: 12.0 MB are needed, and about 3.0 MB are free.'));
    await lab.openFiles(files('net.onnx'));
    await vi.waitFor(() => expect(state().kept.session).toHaveLength(1));
    await measured(state);
    expect(state().model.descriptor).toMatchObject({ kind: 'files', name: 'net' });
    const notice = state().notices.find(({ text }) => text.startsWith('net is not kept'));
    expect(notice?.text).toContain('12.0 MB are needed');
    await vi.waitFor(() => expect(state().notices.find(({ text }) => text.startsWith('net is not kept'))?.advice).toMatch(/What takes most room: pets/));
    // at hand: it can be gone back to, and taken off the list
    const [item] = state().kept.session;
    await lab.openModel({ kind: 'shipped', id: 'vgg-cifar10' });
    await lab.openModel({ kind: 'files', name: item.name, files: item.files });
    expect(workers.kept.size).toBe(2);
    await vi.waitFor(() => expect(state().kept.session).toEqual([]));
  });

  it('in a private window is said once, and works all the same', async () => {
    const { lab, workers, state } = labAt();
    await lab.boot();
    workers.failures.set('keep', storageError('StorageUnavailableError', 'This browser keeps no files for this page.'));
    await lab.openFiles(pets);
    await measured(state);
    expect(state().notices.map(({ text }) => text)).toContain('This browser keeps no files for this page.');
    expect(state().data.descriptor.kind).toBe('files');
    await lab.forget(state().kept.session[0].id);
    expect(state().kept.session).toEqual([]);
    expect(workers.calls.some((call) => call.startsWith('forget'))).toBe(false);
  });

  it('because the person stopped it stays until the page is closed', async () => {
    const { lab, workers, state } = labAt();
    await lab.boot();
    await measured(state);
    workers.held.add('keep');
    await lab.openFiles(pets);
    await vi.waitFor(() => expect(state().jobs.map(({ kind }) => kind)).toContain('keepData'));
    // another model does not end the writing
    await lab.openModel({ kind: 'shipped', id: 'vgg-cifar10' });
    expect(state().jobs.map(({ kind }) => kind)).toContain('keepData');
    lab.cancel(state().jobs.find(({ kind }) => kind === 'keepData')?.id);
    await vi.waitFor(() => expect(state().kept.session.map(({ name }) => name)).toEqual(['pets']));
    expect(workers.kept.size).toBe(0);
  });
});

it('what is kept can be removed', async () => {
  const { lab, workers, state } = labAt();
  await lab.boot();
  await lab.openFiles(pets);
  await vi.waitFor(() => expect(state().kept.list?.items).toHaveLength(1));
  await lab.forget('a0');
  expect(workers.kept.size).toBe(0);
  expect(state().kept.list?.items).toEqual([]);
  expect(state().dataset?.name).toBe('pets');
});
