import type { Job } from '../engine/job.ts';
import type { MemoryNeed } from '../formats/huggingFace.ts';
import { MissingFileError, openModelAndTokenizer, type OpenedModel } from '../formats/modelFormats.ts';
import type { Tokenizer } from '../formats/tokenizer.ts';
import type { Network } from '../network/network.ts';
import type { NamedFile } from '../storage/namedFile.ts';
import { FetchError } from '../storage/download.ts';
import type { Keeping } from './keeping.ts';
import { modelAddresses } from './modelAddress.ts';
import { namedFile } from './pathedFile.ts';
import type { ModelSource } from './protocol.ts';

const CARD = /(^|\/)card\.json$/;

export interface ReadModel {
  readonly network: Network;
  /** The content of a `card.json` among the files, or else what the model's own config says of that. */
  readonly card?: unknown;
  /** Of a model that reads text, where its files have one. */
  readonly tokenizer?: Tokenizer;
  /** The tokenizer's files, which go with the model when it is written back. */
  readonly beside: Readonly<Record<string, Uint8Array>>;
  /** Why no copy of what was fetched could be kept. */
  readonly notKept?: string;
}

/**
 * Reads a model from an address, from files that a person chose, or from what the browser kept. What opening
 * one in Hugging Face's layout takes is told before its weights are read.
 *
 * @throws the import's errors, FetchError, NotKeptError, DamagedFileError, StorageUnavailableError
 */
export async function readModelSource(source: ModelSource, keeping: Keeping, job: Job, onMemory: (need: MemoryNeed) => void = () => {}): Promise<ReadModel> {
  if (source.kind === 'url') return fromUrl(source.url, keeping, job, onMemory);
  const files = source.kind === 'files' ? source.files.map(namedFile) : await (await keeping.items()).files(source.id, source.name);
  const progress = new ByteProgress(job);
  const opened = await openModelAndTokenizer({ paths: files.map(({ path }) => path), read: (path) => read(files, path, progress) }, { onMemory });
  const card = files.find(({ path }) => CARD.test(path));
  return { ...opened, ...(card ? { card: parseJson(await card.read()) } : cardOf(opened)) };
}

async function fromUrl(url: string, keeping: Keeping, job: Job, onMemory: (need: MemoryNeed) => void): Promise<ReadModel> {
  const [first, second] = modelAddresses(url);
  try {
    return await fromAddress(first, keeping, job, onMemory);
  } catch (error) {
    if (!(error instanceof FetchError) || second === undefined || !(await isThere(second, job))) throw error;
    return await fromAddress(second, keeping, job, onMemory).catch((other: unknown) => {
      // where neither can be had, the first is what the address is expected to have
      throw other instanceof FetchError ? error : other;
    });
  }
}

async function fromAddress(address: string, keeping: Keeping, job: Job, onMemory: (need: MemoryNeed) => void): Promise<ReadModel> {
  const shelf = await (await keeping.fetched()).open(address);
  const progress = new ByteProgress(job);
  let notKept: string | undefined;
  const name = new URL(address).pathname.split('/').at(-1) ?? '';
  // the file itself with its query; those that it names beside it
  const addressOf = (path: string): string => (path === name ? address : new URL(path, address).href);
  const opened = await openModelAndTokenizer({
    paths: [name],
    has: (path) => isThere(addressOf(path), job),
    read: (path) => shelf.read(addressOf(path), {
      ...(job.signal ? { signal: job.signal } : {}),
      onBytes: (done, total) => progress.set(path, done, total),
      onStorageError: (error) => {
        notKept = error instanceof Error ? error.message : String(error);
      },
    }),
  }, { onMemory });
  return { ...opened, ...cardOf(opened), ...(notKept === undefined ? {} : { notKept }) };
}

/**
 * Whether a server has a file: hosts that answer an unknown path with a page do not; one that cannot
 * be reached or asked counts as having it, since a copy may have been kept.
 */
async function isThere(address: string, { signal }: Job): Promise<boolean> {
  try {
    const { ok, status, headers } = await fetch(address, { method: 'HEAD', cache: 'no-cache', ...(signal ? { signal } : {}) });
    return status === 405 || status === 501 || (ok && !(headers.get('content-type')?.startsWith('text/html') ?? false));
  } catch {
    signal?.throwIfAborted();
    return true;
  }
}

/** The names of the classes by a config's `id2label`. */
function cardOf({ network }: OpenedModel): Pick<ReadModel, 'card'> {
  const config = parseJson(new TextEncoder().encode(network.origin?.files['config.json'] ?? ''));
  const labels: unknown = typeof config === 'object' && config !== null ? Reflect.get(config, 'id2label') : undefined;
  if (typeof labels !== 'object' || labels === null) return {};
  const named = Object.entries<unknown>({ ...labels }).map(([id, name]) => [Number(id), String(name)] as const);
  return { card: { classes: named.sort(([a], [b]) => a - b).map(([, name]) => name) } };
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

