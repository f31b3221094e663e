/** What the storage needs of a file system: folders of files, one level deep. */
export interface FileSystem {
  folders(): Promise<readonly string[]>;
  /** Empty where there is no such folder. */
  files(folder: string): Promise<readonly { readonly name: string; readonly size: number }[]>;
  /** Bytes `start … end` of a file, or all of it; undefined where there is none. */
  read(folder: string, name: string, start?: number, end?: number): Promise<Uint8Array | undefined>;
  /**
   * Writes at a place of a file, which is made where it is not there; what stood beyond stays.
   * May end in the middle when the page does.
   *
   * @throws StorageFullError
   */
  write(folder: string, name: string, bytes: Uint8Array, at: number): Promise<void>;
  /** Cuts a file to a length, making it where it is not there. */
  truncate(folder: string, name: string, length: number): Promise<void>;
  /** With all that is in it; nothing happens where it is not there. */
  removeFolder(folder: string): Promise<void>;
  removeFile(folder: string, name: string): Promise<void>;
  /** Bytes that may still be written, where that is known. */
  free(): Promise<number | undefined>;
}
