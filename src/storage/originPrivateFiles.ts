import type { FileSystem } from './fileSystem.ts';
import { StorageFullError, StorageUnavailableError } from './storageErrors.ts';

/** The folder of the lab within the origin's: other pages of the same host keep theirs beside it. */
const ROOT = 'modhifi-lab';

/**
 * The origin-private file system, for a dedicated worker (files are written through synchronous
 * handles, which every browser has there).
 *
 * @throws StorageUnavailableError where this browser, window or context has none
 */
export async function openOriginPrivateFiles(storage: StorageManager | undefined = globalThis.navigator?.storage): Promise<FileSystem> {
  if (typeof storage?.getDirectory !== 'function') throw new StorageUnavailableError('it has no origin-private file system, or the page is not served over TLS');
  try {
    const origin = await storage.getDirectory();
    const root = await origin.getDirectoryHandle(ROOT, { create: true });
    return new OriginPrivateFiles(root, storage);
  } catch (error) {
    throw new StorageUnavailableError(`private windows often have none: ${error instanceof Error ? error.message : String(error)}`);
  }
}

class OriginPrivateFiles implements FileSystem {
  readonly #root: FileSystemDirectoryHandle;
  readonly #storage: StorageManager;

  constructor(root: FileSystemDirectoryHandle, storage: StorageManager) {
    this.#root = root;
    this.#storage = storage;
  }

  async folders(): Promise<readonly string[]> {
    const names: string[] = [];
    for await (const [name, handle] of this.#root.entries()) if (handle.kind === 'directory') names.push(name);
    return names;
  }

  async files(folder: string): Promise<readonly { name: string; size: number }[]> {
    const directory = await absent(this.#root.getDirectoryHandle(folder));
    if (!directory) return [];
    const found: { name: string; size: number }[] = [];
    for await (const [name, handle] of directory.entries()) {
      if (handle.kind === 'file') found.push({ name, size: (await (handle as FileSystemFileHandle).getFile()).size });
    }
    return found;
  }

  async read(folder: string, name: string, start = 0, end?: number): Promise<Uint8Array | undefined> {
    const directory = await absent(this.#root.getDirectoryHandle(folder));
    const handle = directory && (await absent(directory.getFileHandle(name)));
    if (!handle) return undefined;
    const file = await handle.getFile();
    return new Uint8Array(await file.slice(start, end ?? file.size).arrayBuffer());
  }

  async write(folder: string, name: string, bytes: Uint8Array, at: number): Promise<void> {
    try {
      await this.#withHandle(folder, name, (handle) => {
        const written = handle.write(bytes as Uint8Array<ArrayBuffer>, { at });
        if (written < bytes.length) throw new DOMException('Only a part was written.', 'QuotaExceededError');
        handle.flush();
      });
    } catch (error) {
      if (!isNamed(error, 'QuotaExceededError')) throw error;
      throw new StorageFullError(bytes.length, await this.free());
    }
  }

  truncate(folder: string, name: string, length: number): Promise<void> {
    return this.#withHandle(folder, name, (handle) => handle.truncate(length));
  }

  async removeFolder(folder: string): Promise<void> {
    await absent(this.#root.removeEntry(folder, { recursive: true }));
  }

  async removeFile(folder: string, name: string): Promise<void> {
    const directory = await absent(this.#root.getDirectoryHandle(folder));
    await (directory && absent(directory.removeEntry(name)));
  }

  async free(): Promise<number | undefined> {
    const { usage, quota } = await this.#storage.estimate();
    return usage === undefined || quota === undefined ? undefined : Math.max(0, quota - usage);
  }

  async #withHandle(folder: string, name: string, use: (handle: FileSystemSyncAccessHandle) => void): Promise<void> {
    const directory = await this.#root.getDirectoryHandle(folder, { create: true });
    const handle = await (await directory.getFileHandle(name, { create: true })).createSyncAccessHandle();
    try {
      use(handle);
    } finally {
      handle.close();
    }
  }
}

/** Undefined in place of what is not there. */
async function absent<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (isNamed(error, 'NotFoundError')) return undefined;
    throw error;
  }
}

/** By name: browsers begin to make QuotaExceededError a class of its own. */
function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}
