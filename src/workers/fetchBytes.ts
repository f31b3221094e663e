export class FetchError extends Error {
  override readonly name = 'FetchError';
}

/**
 * The body of a URL, with progress in bytes. Hosts that answer an unknown path with a page are
 * told from hosts that have the file.
 *
 * @throws FetchError naming the URL and what went wrong
 */
export async function fetchBytes(url: string, onBytes?: (done: number, total: number) => void): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch {
    throw new FetchError(`${url} could not be reached: you are offline, the address is wrong, or this page may not read from there.`);
  }
  if (!response.ok) throw new FetchError(`${url} answered ${response.status} ${response.statusText}.`);
  if (response.headers.get('content-type')?.startsWith('text/html')) {
    throw new FetchError(`${url} is a web page, not a model or data file.`);
  }
  const total = Number(response.headers.get('content-length') ?? 0);
  if (!response.body || !onBytes) return new Uint8Array(await response.arrayBuffer());
  const chunks: Uint8Array[] = [];
  let done = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { value, done: ended } = await reader.read();
    if (ended) break;
    chunks.push(value);
    done += value.length;
    onBytes(done, total);
  }
  const bytes = new Uint8Array(done);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
