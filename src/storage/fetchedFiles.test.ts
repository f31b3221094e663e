import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fetchBytes, FetchError } from './download.ts';
import { FetchedFiles, type FetchOptions } from './fetchedFiles.ts';
import { MemoryFileSystem } from './fixtures/memoryFileSystem.ts';
import { StorageFullError } from './storageErrors.ts';

const ROOT = 'https://models.test/mine/';
const URL_A = `${ROOT}weights.bin`;
const weights = Uint8Array.from({ length: 3_000_000 }, (_, k) => (k * k) % 253);

function expectSame(found: Uint8Array, expected: Uint8Array): void {
  expect(Buffer.compare(found, expected)).toBe(0);
}

/** A host of one file that breaks off, fails, and answers ranges as it is told to. */
class Host {
  content = weights;
  etag: string | undefined = '"1"';
  ranges = true;
  /** Statuses of the next GETs; `cut` breaks off after so many bytes. */
  plan: (number | 'offline' | { readonly cut: number })[] = [];
  readonly asked: string[] = [];

  readonly fetch = async (_: unknown, init: RequestInit = {}): Promise<Response> => {
    const range = new Headers(init.headers).get('range');
    this.asked.push(`${init.method ?? 'GET'}${range ? ` ${range}` : ''}`);
    init.signal?.throwIfAborted();
    const headers: Record<string, string> = { 'content-length': String(this.content.length), ...(this.etag ? { etag: this.etag } : {}) };
    if (init.method === 'HEAD') {
      if (this.plan[0] === 'offline') throw new TypeError('Failed to fetch');
      return new Response(null, { headers });
    }
    const step = this.plan.shift();
    if (step === 'offline') throw new TypeError('Failed to fetch');
    if (typeof step === 'number') return new Response('no', { status: step, statusText: 'Said So' });
    const start = range && this.ranges ? Number(/bytes=(\d+)-/.exec(range)?.[1]) : 0;
    const end = step ? start + step.cut : this.content.length;
    const body = pieces(this.content.subarray(start, end), step !== undefined);
    if (start === 0) return new Response(body, { headers });
    return new Response(body, { status: 206, headers: { ...headers, 'content-length': String(this.content.length - start), 'content-range': `bytes ${start}-${this.content.length - 1}/${this.content.length}` } });
  };
}

function pieces(bytes: Uint8Array, breaksOff: boolean): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull: (controller) => {
      if (at < bytes.length) controller.enqueue(Uint8Array.from(bytes.subarray(at, (at += 300_000))));
      else if (breaksOff) controller.error(new TypeError('network error'));
      else controller.close();
    },
  });
}

let host: Host;
const pauses: number[] = [];
const wait = async (milliseconds: number) => void pauses.push(milliseconds);

beforeEach(() => {
  host = new Host();
  pauses.length = 0;
  vi.stubGlobal('fetch', host.fetch);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

describe('a download', () => {
  it('tries four times, each later than the one before, and goes on where it broke off', async () => {
    host.plan = [{ cut: 900_000 }, 503, { cut: 600_000 }];
    expectSame(await fetchBytes(URL_A, { wait }), weights);
    expect(host.asked).toEqual(['GET', 'GET bytes=900000-', 'GET bytes=900000-', 'GET bytes=1500000-']);
    expect(pauses).toEqual([500, 1000, 2000]);
  });

  it('begins again where the server sends no ranges, or has another version by then', async () => {
    host.ranges = false;
    host.plan = [{ cut: 900_000 }];
    expectSame(await fetchBytes(URL_A, { wait }), weights);
    host = new Host();
    host.plan = [{ cut: 900_000 }];
    vi.stubGlobal('fetch', async (url: unknown, init?: RequestInit) => {
      if (host.asked.length === 1) [host.etag, host.content] = ['"2"', weights.toReversed()];
      return host.fetch(url, init);
    });
    expectSame(await fetchBytes(URL_A, { wait }), weights.toReversed());
  });

  it('never mixes what it cannot tell to be of one version', async () => {
    host.etag = undefined;
    host.plan = [{ cut: 900_000 }];
    expectSame(await fetchBytes(URL_A, { wait }), weights);
    expect(host.asked).toEqual(['GET', 'GET']);
  });

  it('gives up with the address and the reason: at once where that cannot change, after four attempts where it may', async () => {
    host.plan = [404];
    await expect(fetchBytes(URL_A, { wait })).rejects.toThrow(new FetchError(`${URL_A} answered 404 Said So.`));
    expect(host.asked).toHaveLength(1);
    host.plan = ['offline', 'offline', 'offline', 'offline', 'offline'];
    await expect(fetchBytes(URL_A, { wait })).rejects.toThrow(/could not be reached/);
    expect(host.plan).toHaveLength(1);
  });

  it('stops when it is told to, also during a pause', async () => {
    const stop = new AbortController();
    const running = fetchBytes(URL_A, { wait, signal: stop.signal, onBytes: (done) => done > 900_000 && stop.abort(new Error('enough')) });
    await expect(running).rejects.toThrow('enough');
    host.plan = [503];
    const pausing = new AbortController();
    await expect(fetchBytes(URL_A, { signal: pausing.signal, wait: async () => pausing.abort(new Error('enough')) })).rejects.toThrow('enough');
  });

  it('takes no web page for a file', async () => {
    vi.stubGlobal('fetch', async () => new Response('<html>', { headers: { 'content-type': 'text/html; charset=utf-8' } }));
    await expect(fetchBytes(URL_A, { wait })).rejects.toThrow(/is a web page/);
  });
});

async function open(files: MemoryFileSystem) {
  const shelf = await new FetchedFiles(files).open(ROOT);
  return (url: string, options: FetchOptions) => shelf.read(url, options);
}

describe('FetchedFiles', () => {
  it('fetches once, and then asks only whether the server still has that version', async () => {
    const files = new MemoryFileSystem();
    expectSame(await (await open(files))(URL_A, { wait }), weights);
    const told: number[] = [];
    expectSame(await (await open(files))(URL_A, { wait, onBytes: (done, total) => told.push(done, total) }), weights);
    expect(host.asked).toEqual(['GET', 'HEAD']);
    expect(told).toEqual([3_000_000, 3_000_000]);
    const [item] = await new FetchedFiles(files).list();
    expect(item).toMatchObject({ kind: 'fetched', name: ROOT });
    expect(item.bytes).toBeGreaterThan(3_000_000);
  });

  it('fetches another version, and the same where the copy is damaged or cannot be dated', async () => {
    const files = new MemoryFileSystem();
    await (await open(files))(URL_A, { wait });
    [host.etag, host.content] = ['"2"', weights.toReversed()];
    expectSame(await (await open(files))(URL_A, { wait }), weights.toReversed());
    const [folder] = await files.folders();
    const [copy] = (await files.files(folder)).filter(({ size }) => size === weights.length);
    (files.content.get(folder)?.get(copy.name) ?? new Uint8Array())[77] ^= 1;
    expectSame(await (await open(files))(URL_A, { wait }), weights.toReversed());
    host.etag = undefined;
    host.content = weights;
    expectSame(await (await open(files))(URL_A, { wait }), weights);
    expect(host.asked).toEqual(['GET', 'HEAD', 'GET', 'HEAD', 'GET', 'HEAD', 'GET']);
  });

  it('uses the copy where the server cannot be reached', async () => {
    const files = new MemoryFileSystem();
    await (await open(files))(URL_A, { wait });
    host.plan = ['offline'];
    expectSame(await (await open(files))(URL_A, { wait }), weights);
  });

  it('goes on after the page was closed in the middle, and lists what is unfinished', async () => {
    const files = new MemoryFileSystem();
    const stop = new AbortController();
    const running = (await open(files))(URL_A, { wait, signal: stop.signal, onBytes: (done) => done >= 2_100_000 && stop.abort(new Error('closed')) });
    await expect(running).rejects.toThrow('closed');
    expect(await new FetchedFiles(files).list()).toMatchObject([{ kind: 'unfinished', name: ROOT }]);
    expectSame(await (await open(files))(URL_A, { wait }), weights);
    expect(host.asked).toEqual(['GET', 'GET bytes=2100000-']);
    expect(await new FetchedFiles(files).list()).toMatchObject([{ kind: 'fetched' }]);
  });

  it('goes on or begins again after the file system died at any write, and is right in the end', async () => {
    for (const bytes of [0, 60, 700_000, 1_200_100, 2_999_999, 3_000_100]) {
      const files = new MemoryFileSystem();
      files.bytesToDeath = bytes;
      const problems: unknown[] = [];
      expectSame(await (await open(files))(URL_A, { wait, onStorageError: (error) => problems.push(error) }), weights);
      expect(problems).toHaveLength(1);
      files.bytesToDeath = Infinity;
      expectSame(await (await open(files))(URL_A, { wait }), weights);
      expectSame(await (await open(files))(URL_A, { wait }), weights);
      expect(host.asked.at(-1)).toBe('HEAD');
    }
  });

  it('on a full disk gives the file all the same, says so once and keeps nothing of it', async () => {
    const files = new MemoryFileSystem();
    files.quota = 1_500_000;
    const problems: unknown[] = [];
    expectSame(await (await open(files))(URL_A, { wait, onStorageError: (error) => problems.push(error) }), weights);
    expect(problems).toEqual([expect.any(StorageFullError)]);
    expect(files.used).toBeLessThan(1000);
  });

  it('keeps several files of a model that are fetched side by side apart, and removes them together', async () => {
    const files = new MemoryFileSystem();
    const read = await open(files);
    await Promise.all([1, 2, 3].map((number) => read(`${ROOT}${number}.bin`, { wait })));
    const again = await open(files);
    await Promise.all([1, 2, 3].map((number) => again(`${ROOT}${number}.bin`, { wait })));
    expect(host.asked).toEqual(['GET', 'GET', 'GET', 'HEAD', 'HEAD', 'HEAD']);
    const fetched = new FetchedFiles(files);
    const [{ id }] = await fetched.list();
    await fetched.remove(id);
    expect(files.used).toBe(0);
  });

  it('without a file system fetches each time', async () => {
    const shelf = await new FetchedFiles(undefined).open(ROOT);
    expectSame(await shelf.read(URL_A, { wait }), weights);
    expectSame(await shelf.read(URL_A, { wait }), weights);
    expect(host.asked).toEqual(['GET', 'GET']);
  });
});
