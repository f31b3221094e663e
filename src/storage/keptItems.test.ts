import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryFileSystem } from './fixtures/memoryFileSystem.ts';
import { KeptItems } from './keptItems.ts';
import type { NamedFile } from './namedFile.ts';
import { DamagedFileError, NotKeptError, StorageFullError } from './storageErrors.ts';

function file(path: string, bytes: Uint8Array): NamedFile {
  return { path, size: bytes.length, read: async () => bytes };
}

const some = [file('model.json', new TextEncoder().encode('{"a":1}')), file('sub/weights.bin', Uint8Array.from({ length: 5000 }, (_, k) => k % 251)), file('empty', new Uint8Array(0))];

async function readAll(items: KeptItems, id: string): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  for (const kept of await items.files(id)) found.set(kept.path, await kept.read());
  return found;
}

describe('KeptItems', () => {
  it('gives back every file as it was, also to another page, and lists it with its size', async () => {
    const files = new MemoryFileSystem();
    const told: number[] = [];
    const item = await new KeptItems(files).add('model', 'mine', some, { now: 7, onBytes: (done) => told.push(done) });
    expect(item).toMatchObject({ kind: 'model', name: 'mine', bytes: 5007, added: 7 });
    expect(told.at(-1)).toBe(5007);
    const again = new KeptItems(files);
    expect(await again.list()).toEqual([item]);
    const found = await readAll(again, item.id);
    for (const original of some) expect(found.get(original.path)).toEqual(await original.read());
  });

  it('keeps the same files once, whatever they are called, and others beside them', async () => {
    const files = new MemoryFileSystem();
    const items = new KeptItems(files);
    const first = await items.add('data', 'one', some, { now: 1 });
    const used = files.used;
    expect(await items.add('data', 'two', some, { now: 2 })).toEqual(first);
    expect(files.used).toBe(used);
    await items.add('data', 'three', some.slice(0, 1), { now: 3 });
    expect((await items.list()).map(({ name }) => name)).toEqual(['three', 'one']);
  });

  it('removes one and leaves the others', async () => {
    const files = new MemoryFileSystem();
    const items = new KeptItems(files);
    const one = await items.add('data', 'one', some);
    const two = await items.add('model', 'two', some);
    await items.remove(one.id);
    expect((await items.list()).map(({ id }) => id)).toEqual([two.id]);
    await expect(items.files(one.id, 'one')).rejects.toThrow(new NotKeptError('one'));
    await items.remove(two.id);
    expect(files.used).toBe(0);
  });

  it('says how much is needed where the disk is full, before or while it writes, and leaves nothing behind', async () => {
    const files = new MemoryFileSystem();
    const items = new KeptItems(files);
    const kept = await items.add('model', 'kept', some);
    files.quota = files.used + 3000;
    await expect(items.add('data', 'more', [file('x', new Uint8Array(9000).fill(1))])).rejects.toMatchObject({ name: 'StorageFullError', needed: 9000, free: 3000 });
    // the browser does not say what is free, and fails in the middle
    files.free = async () => undefined;
    const both = [file('x', new Uint8Array(2000).fill(1)), file('y', new Uint8Array(2000).fill(2))];
    await expect(items.add('data', 'more', both)).rejects.toBeInstanceOf(StorageFullError);
    await expect(items.add('data', 'more', both)).rejects.toThrow(/4 kB are needed/);
    expect(await items.list()).toEqual([kept]);
    expect((await files.folders()).length).toBe(1);
    expect((await readAll(items, kept.id)).size).toBe(3);
  });

  it('stops between two files when it is told to, and leaves nothing behind', async () => {
    const files = new MemoryFileSystem();
    const stop = new AbortController();
    const adding = new KeptItems(files).add('data', 'mine', some, { signal: stop.signal, onBytes: () => stop.abort(new Error('enough')) });
    await expect(adding).rejects.toThrow('enough');
    expect(files.content.size).toBe(0);
  });

  it('has an item whole or not at all, at whatever byte the page is closed', async () => {
    const whole = new MemoryFileSystem();
    await new KeptItems(whole).add('model', 'mine', some);
    const total = whole.used;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: total - 1 }), async (bytes) => {
        const files = new MemoryFileSystem();
        files.bytesToDeath = bytes;
        await expect(new KeptItems(files).add('model', 'mine', some)).rejects.toThrow();
        files.bytesToDeath = Infinity;
        const items = new KeptItems(files);
        const listed = await items.list();
        expect(listed.every(({ kind }) => kind === 'unfinished')).toBe(true);
        for (const { id } of listed) {
          await expect(items.files(id)).rejects.toBeInstanceOf(NotKeptError);
          await items.remove(id);
        }
        expect(files.content.size).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('never gives out bytes that are not those that were written', async () => {
    const files = new MemoryFileSystem();
    const items = new KeptItems(files);
    const { id } = await items.add('model', 'mine', some);
    const content = files.content.get(`kept-${id}`)?.get('content') ?? new Uint8Array();
    content[3000] ^= 1;
    const [json, weights] = await items.files(id);
    expect(await json.read()).toHaveLength(7);
    await expect(weights.read()).rejects.toThrow(new DamagedFileError('sub/weights.bin'));
  });

  it('keeps settings beside an item, and none of one that is gone or whose settings are torn', async () => {
    const files = new MemoryFileSystem();
    const items = new KeptItems(files);
    const { id } = await items.add('model', 'mine', some);
    expect(await items.settings(id)).toBeUndefined();
    await items.setSettings(id, { scale: 1, mean: [1, 2, 3] });
    await items.setSettings(id, { scale: 2 });
    expect(await new KeptItems(files).settings(id)).toEqual({ scale: 2 });
    await files.truncate(`kept-${id}`, 'settings.json', 4);
    expect(await items.settings(id)).toBeUndefined();
    expect((await items.list())[0].id).toBe(id);
    await items.remove(id);
    await items.setSettings(id, { scale: 3 });
    expect(files.used).toBe(0);
  });

  it('takes no id for a path', async () => {
    const items = new KeptItems(new MemoryFileSystem());
    for (const id of ['', '..', '../x', 'a/b', 'ABC', 'a'.repeat(33)]) await expect(items.files(id)).rejects.toBeInstanceOf(NotKeptError);
  });
});
