/** The browser's disk space for this page is used up. */
export class StorageFullError extends Error {
  override readonly name = 'StorageFullError';
  /** Bytes that were to be written, and about how many are free (where the browser says). */
  readonly needed: number;
  readonly free: number | undefined;
  constructor(needed: number, free: number | undefined) {
    super(`There is no room left to keep it: ${megabytes(needed)} are needed${free === undefined ? '' : `, and about ${megabytes(free)} are free`}.`);
    this.needed = needed;
    this.free = free;
  }
}

/** This browser keeps no files for pages: an old one, a private window, or a page without TLS. */
export class StorageUnavailableError extends Error {
  override readonly name = 'StorageUnavailableError';
  constructor(reason: string) {
    super(`This browser keeps no files for this page (${reason}). What you add stays until the page is closed.`);
  }
}

/** What was kept under this id is not there (any more), or was never written to its end. */
export class NotKeptError extends Error {
  override readonly name = 'NotKeptError';
  constructor(name: string) {
    super(`${name} is not kept in this browser (any more). Open its files again.`);
  }
}

/** A kept file is not what was written. */
export class DamagedFileError extends Error {
  override readonly name = 'DamagedFileError';
  constructor(path: string) {
    super(`The kept copy of ${path} is damaged: it is not what was written. Remove it and open the files again.`);
  }
}

function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
