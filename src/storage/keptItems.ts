import * as z from 'zod/mini';
import type { FileSystem } from './fileSystem.ts';
import type { NamedFile } from './namedFile.ts';
import { sha256 } from './sha256.ts';
import { DamagedFileError, NotKeptError, StorageFullError } from './storageErrors.ts';

z.config({ jitless: true });

export type KeptKind = 'model' | 'data';

/** Something that the browser keeps for the person. */
export interface KeptItem {
  readonly id: string;
  /** `fetched`: a copy of a model's files at an address; `unfinished`: a write or a fetch that never came to its end. */
  readonly kind: KeptKind | 'fetched' | 'unfinished';
  readonly name: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly added: number;
}

export interface KeepOptions {
  readonly signal?: AbortSignal;
  readonly onBytes?: (done: number, total: number) => void;
  /** Milliseconds since 1970. */
  readonly now?: number;
}

export const KEPT_PREFIX = 'kept-';
const INDEX = 'item.json';
const CONTENT = 'content';
const SETTINGS = 'settings.json';

const count = z.int().check(z.nonnegative());
const indexSchema = z.object({
  version: z.literal(1),
  id: z.string(),
  kind: z.enum(['model', 'data']),
  name: z.string(),
  added: z.number(),
  bytes: count,
  digest: z.string(),
  files: z.array(z.object({ path: z.string(), at: count, size: count, sha256: z.string() })),
});
type Index = z.infer<typeof indexSchema>;

/**
 * Models and pictures that a person brought, in a file system. An item is a folder with all files'
 * content in one, and an index that is written last: an item is whole or it is not there. Paths
 * of files are data in the index and never names in the file system.
 */
export class KeptItems {
  readonly #files: FileSystem;

  constructor(files: FileSystem) {
    this.#files = files;
  }

  /** Every item that is whole; newest first. */
  async list(): Promise<readonly KeptItem[]> {
    const items: KeptItem[] = [];
    for (const folder of await this.#files.folders()) {
      if (!folder.startsWith(KEPT_PREFIX)) continue;
      const index = await this.#index(folder.slice(KEPT_PREFIX.length));
      if (index) items.push(itemOf(index));
      else items.push(await this.#unfinished(folder));
    }
    return items.sort((a, b) => b.added - a.added);
  }

  /**
   * Keeps the files under a name. The same files a second time are the item that is there already.
   *
   * @throws StorageFullError with what is needed in all; whatever `signal` is aborted with
   */
  async add(kind: KeptKind, name: string, files: readonly NamedFile[], { signal, onBytes, now = Date.now() }: KeepOptions = {}): Promise<KeptItem> {
    const total = files.reduce((sum, { size }) => sum + size, 0);
    const free = await this.#files.free();
    if (free !== undefined && free < total) throw new StorageFullError(total, free);
    const id = randomId();
    const folder = KEPT_PREFIX + id;
    try {
      const entries: Index['files'] = [];
      let at = 0;
      for (const file of files) {
        signal?.throwIfAborted();
        const bytes = await file.read();
        await this.#files.write(folder, CONTENT, bytes, at);
        entries.push({ path: file.path, at, size: bytes.length, sha256: await sha256(bytes) });
        at += bytes.length;
        onBytes?.(at, Math.max(total, at));
      }
      signal?.throwIfAborted();
      const digest = await sha256(encode([kind, entries.map(({ path, sha256: hash }) => [path, hash])]));
      const known = (await this.#indices()).find((index) => index.digest === digest);
      if (known) {
        await this.#files.removeFolder(folder);
        return itemOf(known);
      }
      const index: Index = { version: 1, id, kind, name, added: now, bytes: at, digest, files: entries };
      await this.#files.write(folder, INDEX, encode(index), 0);
      return itemOf(index);
    } catch (error) {
      await this.#files.removeFolder(folder).catch(() => {});
      throw error instanceof StorageFullError ? new StorageFullError(total, error.free) : error;
    }
  }

  /**
   * The files of an item; reading one checks it against what was written.
   *
   * @throws NotKeptError; reading throws DamagedFileError
   */
  async files(id: string, name = 'This'): Promise<readonly NamedFile[]> {
    const index = await this.#index(id);
    if (!index) throw new NotKeptError(name);
    return index.files.map(({ path, at, size, sha256: hash }) => ({
      path,
      size,
      read: async () => {
        const bytes = await this.#files.read(KEPT_PREFIX + id, CONTENT, at, at + size);
        if (!bytes) throw new NotKeptError(index.name);
        if (bytes.length !== size || (await sha256(bytes)) !== hash) throw new DamagedFileError(path);
        return bytes;
      },
    }));
  }

  /** What the person set for an item, or undefined; JSON. */
  async settings(id: string): Promise<unknown> {
    return parse(await this.#files.read(KEPT_PREFIX + id, SETTINGS));
  }

  async setSettings(id: string, settings: unknown): Promise<void> {
    if (!(await this.#index(id))) return;
    const bytes = encode(settings);
    await this.#files.write(KEPT_PREFIX + id, SETTINGS, bytes, 0);
    await this.#files.truncate(KEPT_PREFIX + id, SETTINGS, bytes.length);
  }

  async remove(id: string): Promise<void> {
    // the index first: what is removed halfway is not there
    await this.#files.removeFile(KEPT_PREFIX + id, INDEX);
    await this.#files.removeFolder(KEPT_PREFIX + id);
  }

  async #indices(): Promise<Index[]> {
    const indices: Index[] = [];
    for (const folder of await this.#files.folders()) {
      const index = folder.startsWith(KEPT_PREFIX) ? await this.#index(folder.slice(KEPT_PREFIX.length)) : undefined;
      if (index) indices.push(index);
    }
    return indices;
  }

  /** Undefined where the index was not written to its end, or the content is not as long as it says. */
  async #index(id: string): Promise<Index | undefined> {
    if (!/^[0-9a-f]{1,32}$/.test(id)) return undefined;
    const parsed = indexSchema.safeParse(parse(await this.#files.read(KEPT_PREFIX + id, INDEX)));
    if (!parsed.success || parsed.data.id !== id) return undefined;
    const content = (await this.#files.files(KEPT_PREFIX + id)).find(({ name }) => name === CONTENT);
    return (content?.size ?? 0) === parsed.data.bytes ? parsed.data : undefined;
  }

  async #unfinished(folder: string): Promise<KeptItem> {
    const bytes = (await this.#files.files(folder)).reduce((sum, { size }) => sum + size, 0);
    return { id: folder.slice(KEPT_PREFIX.length), kind: 'unfinished', name: 'unfinished copy', bytes, added: 0 };
  }
}

function itemOf({ id, kind, name, bytes, added }: Index): KeptItem {
  return { id, kind, name, bytes, added };
}

function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function parse(bytes: Uint8Array | undefined): unknown {
  try {
    return bytes && JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
