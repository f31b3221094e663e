/** A file that a person brought, wherever it lies: dropped on the page, kept by the browser, on a disk. */
export interface NamedFile {
  /** With `/` between folders; relative to what was chosen. Never used as a path on a disk. */
  readonly path: string;
  readonly size: number;
  /** The whole content, read anew each time. */
  read(): Promise<Uint8Array>;
}
