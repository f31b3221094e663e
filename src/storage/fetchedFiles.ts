import * as z from 'zod/mini';
import { download, fetchBytes, MemorySink, versionOf, type DownloadOptions, type DownloadSink } from './download.ts';
import type { FileSystem } from './fileSystem.ts';
import type { KeptItem } from './keptItems.ts';
import { sha256 } from './sha256.ts';

z.config({ jitless: true });

export const FETCHED_PREFIX = 'fetched-';
const INDEX = 'index.json';
/** What comes is written in pieces of about this size. */
const PIECE = 1024 * 1024;

const count = z.int().check(z.nonnegative());
const indexSchema = z.object({
  version: z.literal(1),
  root: z.string(),
  added: z.number(),
  /** Whole files by URL. */
  files: z.record(z.string(), z.object({ file: z.string(), size: count, sha256: z.string(), version: z.string() })),
  /** Begun ones. */
  parts: z.record(z.string(), z.object({ version: z.string() })),
});
type Index = z.infer<typeof indexSchema>;

export interface FetchOptions extends Omit<DownloadOptions, 'resume'> {
  /** Told once where a copy could not be kept; the file itself is fetched all the same. */
  readonly onStorageError?: (error: unknown) => void;
}

/**
 * Copies of files that were fetched, in a folder for each model. A copy is used only while the
 * server still has the same version (by its ETag, else by date and length, asked anew each time;
 * a server that cannot be reached counts as having it) and only if it is the bytes that came: size
 * and SHA-256 are recorded when it is fetched. A fetch that broke off, also by the page being
 * closed, goes on where it stopped.
 */
export class FetchedFiles {
  readonly #files: FileSystem | undefined;

  /** Without a file system every file is fetched each time. */
  constructor(files: FileSystem | undefined) {
    this.#files = files;
  }

  /** The files of the model at `root`; `read` takes an absolute URL. Throws what `download` throws. */
  async open(root: string): Promise<{ read(url: string, options?: FetchOptions): Promise<Uint8Array> }> {
    if (!this.#files) return { read: (url, options) => fetchBytes(url, options) };
    const shelf = await Shelf.open(this.#files, root);
    return { read: (url, options) => shelf.read(url, options) };
  }

  async list(): Promise<readonly KeptItem[]> {
    const items: KeptItem[] = [];
    for (const folder of (await this.#files?.folders()) ?? []) {
      if (!folder.startsWith(FETCHED_PREFIX) || !this.#files) continue;
      const index = await readIndex(this.#files, folder);
      const bytes = (await this.#files.files(folder)).reduce((sum, { size }) => sum + size, 0);
      const whole = index !== undefined && Object.keys(index.parts).length === 0;
      items.push({ id: folder, kind: whole ? 'fetched' : 'unfinished', name: index?.root ?? 'unfinished fetch', bytes, added: index?.added ?? 0 });
    }
    return items;
  }

  async remove(id: string): Promise<void> {
    if (id.startsWith(FETCHED_PREFIX)) await this.#files?.removeFolder(id);
  }
}

/** One model's copies. */
class Shelf {
  readonly #files: FileSystem;
  readonly #folder: string;
  #index: Index;
  /** Writes of the index, one after another. */
  #saving: Promise<void> = Promise.resolve();

  private constructor(files: FileSystem, folder: string, index: Index) {
    this.#files = files;
    this.#folder = folder;
    this.#index = index;
  }

  static async open(files: FileSystem, root: string): Promise<Shelf> {
    const folder = FETCHED_PREFIX + (await nameFor(root));
    const index = await readIndex(files, folder).catch(() => undefined);
    return new Shelf(files, folder, index?.root === root ? index : { version: 1, root, added: Date.now(), files: {}, parts: {} });
  }

  async read(url: string, options: FetchOptions = {}): Promise<Uint8Array> {
    return (await this.#copy(url, options).catch(() => undefined)) ?? this.#fetch(url, options);
  }

  /** The kept copy, if the server has no other version and it is what was written. */
  async #copy(url: string, { signal, onBytes }: FetchOptions): Promise<Uint8Array | undefined> {
    const record = Object.hasOwn(this.#index.files, url) ? this.#index.files[url] : undefined;
    if (!record) return undefined;
    const current = await currentVersion(url, signal);
    signal?.throwIfAborted();
    if (current !== 'unreachable' && (current === '' || current !== record.version)) return undefined;
    const bytes = await this.#files.read(this.#folder, record.file);
    if (bytes?.length !== record.size || (await sha256(bytes)) !== record.sha256) return undefined;
    onBytes?.(record.size, record.size);
    return bytes;
  }

  async #fetch(url: string, options: FetchOptions): Promise<Uint8Array> {
    const { [url]: part } = this.#index.parts;
    const file = await nameFor(url);
    const begun = part && part.version !== '' ? await this.#files.read(this.#folder, file).catch(() => undefined) : undefined;
    const memory = new MemorySink(begun);
    const sink = new KeepingSink(memory, this.#files, this.#folder, file, begun?.length ?? 0, (version) => this.#begin(url, version), options.onStorageError);
    const resume = begun && part && begun.length > 0 ? { resume: { done: begun.length, version: part.version } } : {};
    try {
      const { version } = await download(url, sink, { ...options, ...resume, cache: 'no-cache' });
      const bytes = memory.bytes();
      if (await sink.finish()) await this.#finish(url, { file, size: bytes.length, sha256: await sha256(bytes), version }).catch(options.onStorageError ?? (() => {}));
      return bytes;
    } catch (error) {
      await sink.finish();
      throw error;
    }
  }

  #begin(url: string, version: string): Promise<void> {
    const { [url]: _, ...files } = this.#index.files;
    return this.#save({ ...this.#index, files, parts: { ...this.#index.parts, [url]: { version } } });
  }

  #finish(url: string, record: Index['files'][string]): Promise<void> {
    const { [url]: _, ...parts } = this.#index.parts;
    return this.#save({ ...this.#index, parts, files: { ...this.#index.files, [url]: record } });
  }

  #save(index: Index): Promise<void> {
    this.#index = index;
    const bytes = new TextEncoder().encode(JSON.stringify(index));
    const saving = this.#saving.then(async () => {
      await this.#files.write(this.#folder, INDEX, bytes, 0);
      await this.#files.truncate(this.#folder, INDEX, bytes.length);
    });
    this.#saving = saving.catch(() => {});
    return saving;
  }
}

/** Hands what comes to memory, and as far as that works to the file system too. */
class KeepingSink implements DownloadSink {
  readonly #memory: MemorySink;
  readonly #files: FileSystem;
  readonly #folder: string;
  readonly #name: string;
  readonly #begin: (version: string) => Promise<void>;
  readonly #onError: ((error: unknown) => void) | undefined;
  #waiting: Uint8Array[] = [];
  #written: number;
  #works = true;

  constructor(memory: MemorySink, files: FileSystem, folder: string, name: string, written: number, begin: (version: string) => Promise<void>, onError: ((error: unknown) => void) | undefined) {
    this.#memory = memory;
    this.#files = files;
    this.#folder = folder;
    this.#name = name;
    this.#written = written;
    this.#begin = begin;
    this.#onError = onError;
  }

  async restart(version: string): Promise<void> {
    await this.#memory.restart();
    this.#waiting = [];
    this.#written = 0;
    await this.#try(async () => {
      await this.#begin(version);
      await this.#files.truncate(this.#folder, this.#name, 0);
    });
  }

  async append(bytes: Uint8Array): Promise<void> {
    await this.#memory.append(bytes);
    if (!this.#works) return;
    this.#waiting.push(bytes);
    if (this.#waiting.reduce((sum, { length }) => sum + length, 0) >= PIECE) await this.#flush();
  }

  /** Writes what is still waiting; false where the copy is not whole. */
  async finish(): Promise<boolean> {
    await this.#flush();
    return this.#works;
  }

  async #flush(): Promise<void> {
    const piece = new MemorySink();
    for (const bytes of this.#waiting) await piece.append(bytes);
    this.#waiting = [];
    const bytes = piece.bytes();
    if (bytes.length === 0) return;
    await this.#try(async () => {
      await this.#files.write(this.#folder, this.#name, bytes, this.#written);
      this.#written += bytes.length;
    });
  }

  async #try(write: () => Promise<void>): Promise<void> {
    if (!this.#works) return;
    try {
      await write();
    } catch (error) {
      this.#works = false;
      this.#onError?.(error);
      // a part of a file that will not be finished only takes room
      await this.#files.truncate(this.#folder, this.#name, 0).catch(() => {});
    }
  }
}

/** An address as a name in a file system. */
async function nameFor(url: string): Promise<string> {
  return (await sha256(new TextEncoder().encode(url))).slice(0, 16);
}

/** What the server has there now; `unreachable` without one, empty where that cannot be told. */
async function currentVersion(url: string, signal: AbortSignal | undefined): Promise<string> {
  try {
    const response = await fetch(url, { method: 'HEAD', cache: 'no-cache', ...(signal ? { signal } : {}) });
    return response.ok ? versionOf(response.headers) : '';
  } catch {
    return 'unreachable';
  }
}

async function readIndex(files: FileSystem, folder: string): Promise<Index | undefined> {
  const bytes = await files.read(folder, INDEX);
  try {
    const parsed = indexSchema.safeParse(bytes && JSON.parse(new TextDecoder().decode(bytes)));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
