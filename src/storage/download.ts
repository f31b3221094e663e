export class FetchError extends Error {
  override readonly name = 'FetchError';
}

/** Where the bytes of a download go as they come. */
export interface DownloadSink {
  /** Forgets what came so far: the server sends the file from its beginning. `version` names what is being sent. */
  restart(version: string, total: number): Promise<void>;
  append(bytes: Uint8Array): Promise<void>;
}

export interface DownloadOptions {
  readonly signal?: AbortSignal;
  /** Called with bytes so far and in all (0 where the server does not say). */
  readonly onBytes?: (done: number, total: number) => void;
  /** Bytes of an earlier attempt that the sink holds already, and the version that they are of. */
  readonly resume?: { readonly done: number; readonly version: string };
  /** As `fetch` has it; asking for a range always goes to the server. */
  readonly cache?: RequestCache;
  readonly wait?: (milliseconds: number) => Promise<void>;
}

/** Milliseconds before the second, third and fourth attempt. */
const BACKOFF = [500, 1000, 2000] as const;
const WORTH_ANOTHER_TRY = new Set([408, 425, 429, 500, 502, 503, 504]);

interface Progress {
  done: number;
  version: string;
  mayResume: boolean;
}

/** A failure after which the same request may well succeed. */
class TransientError extends Error {}

/**
 * Fetches a URL into a sink: up to four attempts with growing pauses, each going on where the one
 * before broke off if the server sends that range of the same version, else from the beginning.
 * Hosts that answer an unknown path with a page are told from hosts that have the file.
 *
 * @throws FetchError naming the URL and what went wrong; whatever `signal` is aborted with; what the sink throws
 */
export async function download(url: string, sink: DownloadSink, options: DownloadOptions = {}): Promise<{ readonly version: string }> {
  const { signal, resume, wait = pause } = options;
  const progress: Progress = { done: resume?.done ?? 0, version: resume?.version ?? '', mayResume: true };
  for (let attempt = 0; ; attempt++) {
    signal?.throwIfAborted();
    try {
      await attemptDownload(url, sink, progress, options);
      return { version: progress.version };
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof TransientError)) throw error;
      if (attempt === BACKOFF.length) throw new FetchError(error.message);
      await wait(BACKOFF[attempt]);
    }
  }
}

/** A URL's content in memory; see `download`. */
export async function fetchBytes(url: string, options: Omit<DownloadOptions, 'resume'> = {}): Promise<Uint8Array> {
  const sink = new MemorySink();
  await download(url, sink, options);
  return sink.bytes();
}

/** Collects what comes in memory. */
export class MemorySink implements DownloadSink {
  #chunks: Uint8Array[];

  constructor(first?: Uint8Array) {
    this.#chunks = first ? [first] : [];
  }

  async restart(): Promise<void> {
    this.#chunks = [];
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.#chunks.push(bytes);
  }

  bytes(): Uint8Array {
    const whole = new Uint8Array(this.#chunks.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const chunk of this.#chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  }
}

/** Names what a server has at a URL now; empty where its headers do not tell versions apart. */
export function versionOf(headers: Headers): string {
  const [etag, modified] = [headers.get('etag'), headers.get('last-modified')];
  return etag ?? (modified ? `${modified} ${headers.get('content-length') ?? ''}` : '');
}

async function attemptDownload(url: string, sink: DownloadSink, progress: Progress, { signal, onBytes, cache = 'default' }: DownloadOptions): Promise<void> {
  const asked = progress.mayResume && progress.version !== '' ? progress.done : 0;
  let response: Response;
  try {
    response = await fetch(url, { ...(signal ? { signal } : {}), ...(asked > 0 ? { headers: { Range: `bytes=${asked}-` }, cache: 'no-store' } : { cache }) });
  } catch {
    // a server elsewhere may refuse the question for a range, and answer the plain one
    if (asked > 0) progress.mayResume = false;
    throw new TransientError(`${url} could not be reached: you are offline, the address is wrong, or its site does not let other pages read it.`);
  }
  const range = response.status === 206 ? rangeOf(response.headers) : undefined;
  const goesOn = range !== undefined && range.start === asked && sameVersion(response.headers, progress.version, range.total);
  if (asked > 0 && !goesOn && response.status !== 200 && !WORTH_ANOTHER_TRY.has(response.status)) {
    progress.mayResume = false;
    await response.body?.cancel();
    throw new TransientError(`${url} answered ${response.status} ${response.statusText} to the question for the rest of it.`);
  }
  if (!response.ok) {
    const problem = `${url} answered ${response.status} ${response.statusText}.`;
    throw WORTH_ANOTHER_TRY.has(response.status) ? new TransientError(problem) : new FetchError(problem);
  }
  if (response.headers.get('content-type')?.startsWith('text/html')) throw new FetchError(`${url} is a web page, not a model or data file.`);

  const total = range?.total ?? Number(response.headers.get('content-length') ?? 0);
  if (!goesOn) {
    progress.done = 0;
    progress.version = versionOf(response.headers);
    await sink.restart(progress.version, total);
  }
  if (!response.body) return;
  const reader = response.body.getReader();
  for (;;) {
    const { value, done } = await reader.read().catch(() => {
      throw new TransientError(`${url} broke off after ${progress.done} bytes${total > 0 ? ` of ${total}` : ''}.`);
    });
    signal?.throwIfAborted();
    if (done) break;
    await sink.append(value);
    progress.done += value.length;
    onBytes?.(progress.done, total);
  }
  if (goesOn && range && progress.done !== range.total) {
    progress.mayResume = false;
    throw new TransientError(`${url} sent ${progress.done} bytes instead of ${range.total}.`);
  }
}

function rangeOf(headers: Headers): { start: number; total: number } | undefined {
  const found = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get('content-range') ?? '');
  return found ? { start: Number(found[1]), total: Number(found[2]) } : undefined;
}

/** A partial answer has its own length: the whole's stands in `total`. */
function sameVersion(headers: Headers, version: string, total: number): boolean {
  const etag = headers.get('etag');
  const modified = headers.get('last-modified');
  return (etag ?? (modified ? `${modified} ${total}` : '')) === version;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
