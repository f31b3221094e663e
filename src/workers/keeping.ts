import { FETCHED_PREFIX, FetchedFiles } from '../storage/fetchedFiles.ts';
import type { FileSystem } from '../storage/fileSystem.ts';
import { KeptItems } from '../storage/keptItems.ts';
import { openOriginPrivateFiles } from '../storage/originPrivateFiles.ts';
import { StorageUnavailableError } from '../storage/storageErrors.ts';
import type { KeptList } from './protocol.ts';

/** What this browser keeps for the page, opened when it is first needed. */
export class Keeping {
  readonly #open: () => Promise<FileSystem>;
  #files: Promise<FileSystem> | undefined;

  constructor(open: () => Promise<FileSystem> = openOriginPrivateFiles) {
    this.#open = open;
  }

  /** @throws StorageUnavailableError where the browser keeps nothing */
  async items(): Promise<KeptItems> {
    return new KeptItems(await this.#opened());
  }

  /** Without a file system, one that fetches each time. */
  async fetched(): Promise<FetchedFiles> {
    try {
      return new FetchedFiles(await this.#opened());
    } catch {
      return new FetchedFiles(undefined);
    }
  }

  async list(): Promise<KeptList> {
    try {
      const files = await this.#opened();
      const [items, fetched, free] = await Promise.all([new KeptItems(files).list(), new FetchedFiles(files).list(), files.free()]);
      return { durable: true, items: [...items, ...fetched], ...(free === undefined ? {} : { free }) };
    } catch (error) {
      return { durable: false, problem: error instanceof Error ? error.message : String(error), items: [] };
    }
  }

  async forget(id: string): Promise<void> {
    const files = await this.#opened();
    await (id.startsWith(FETCHED_PREFIX) ? new FetchedFiles(files).remove(id) : new KeptItems(files).remove(id));
  }

  async #opened(): Promise<FileSystem> {
    this.#files ??= this.#open();
    try {
      return await this.#files;
    } catch (error) {
      // a person may allow storage while the page is open
      this.#files = undefined;
      throw error instanceof StorageUnavailableError ? error : new StorageUnavailableError(String(error));
    }
  }
}
