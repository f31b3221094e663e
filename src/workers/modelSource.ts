import type { Job } from '../engine/job.ts';
import { MissingFileError, openModel } from '../formats/modelFormats.ts';
import type { Network } from '../network/network.ts';
import type { NamedFile } from '../storage/namedFile.ts';
import type { Keeping } from './keeping.ts';
import { namedFile } from './pathedFile.ts';
import type { ModelSource } from './protocol.ts';

const CARD = /(^|\/)card\.json$/;
/** Endings of an address that is a model's file and not a folder's. */
const MODEL_FILE = /\.(json|zip|h5|hdf5|keras|onnx)$/i;

export interface ReadModel {
  readonly network: Network;
  /** The content of a `card.json` among the files. */
  readonly card?: unknown;
  /** Why no copy of what was fetched could be kept. */
  readonly notKept?: string;
}

/**
 * Reads a model from an address, from files that a person chose, or from what the browser kept.
 *
 * @throws the import's errors, FetchError, NotKeptError, DamagedFileError, StorageUnavailableError
 */
export async function readModelSource(source: ModelSource, keeping: Keeping, job: Job): Promise<ReadModel> {
  if (source.kind === 'url') return fromUrl(source.url, keeping, job);
  const files = source.kind === 'files' ? source.files.map(namedFile) : await (await keeping.items()).files(source.id, source.name);
  const progress = new ByteProgress(job);
  const network = await openModel({
    paths: files.map(({ path }) => path),
    read: (path) => read(files, path, progress),
  });
  const card = files.find(({ path }) => CARD.test(path));
  return { network, ...(card ? { card: parseJson(await card.read()) } : {}) };
}

async function fromUrl(url: string, keeping: Keeping, job: Job): Promise<ReadModel> {
  const address = MODEL_FILE.test(new URL(url).pathname) ? url : `${url.replace(/\/?$/, '/')}model.json`;
  const shelf = await (await keeping.fetched()).open(address);
  const progress = new ByteProgress(job);
  let notKept: string | undefined;
  const name = new URL(address).pathname.split('/').at(-1) ?? '';
  const network = await openModel({
    paths: [name],
    read: (path) => {
      // the file itself with its query; those that it names beside it
      const wanted = path === name ? address : new URL(path, address).href;
      return shelf.read(wanted, {
        ...(job.signal ? { signal: job.signal } : {}),
        onBytes: (done, total) => progress.set(path, done, total),
        onStorageError: (error) => {
          notKept = error instanceof Error ? error.message : String(error);
        },
      });
    },
  });
  return { network, ...(notKept === undefined ? {} : { notKept }) };
}

async function read(files: readonly NamedFile[], path: string, progress: ByteProgress): Promise<Uint8Array> {
  const file = files.find((known) => known.path === path);
  if (!file) throw new MissingFileError(path, files.map((known) => known.path));
  progress.throwIfCancelled();
  const bytes = await file.read();
  progress.set(path, bytes.length, bytes.length);
  return bytes;
}

/** Bytes of all files that were begun, as one job's progress. */
class ByteProgress {
  readonly #job: Job;
  readonly #began = performance.now();
  readonly #files = new Map<string, { readonly done: number; readonly total: number }>();

  constructor(job: Job) {
    this.#job = job;
  }

  set(path: string, bytes: number, ofAll: number): void {
    this.#files.set(path, { done: bytes, total: ofAll });
    const files = [...this.#files.values()];
    const done = files.reduce((sum, file) => sum + file.done, 0);
    const total = files.some((file) => file.total === 0) ? 0 : files.reduce((sum, file) => sum + Math.max(file.done, file.total), 0);
    const rate = done / Math.max((performance.now() - this.#began) / 1000, 1e-9);
    this.#job.onProgress?.({ done, total, rate, secondsLeft: total > done ? (total - done) / rate : 0 });
  }

  throwIfCancelled(): void {
    this.#job.signal?.throwIfAborted();
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

