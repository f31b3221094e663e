import type { PathedFile } from '../workers/protocol.ts';

export const MOST_FILES = 20_000;

export class TooManyFilesError extends Error {
  override readonly name = 'TooManyFilesError';
  constructor() {
    super(`More than ${MOST_FILES.toLocaleString('en')} files were dropped; pack them into a zip, or drop fewer.`);
  }
}

/**
 * The files of a drop, those in folders with their paths. What was dropped must be taken from
 * `transfer` before its event ends, so this is to be called, though not awaited, while it is handled.
 *
 * Rejects with TooManyFilesError, or with what the browser says of a folder that it cannot read.
 */
export async function droppedFiles(transfer: DataTransfer): Promise<readonly PathedFile[]> {
  const entries = [...transfer.items].map((item) => (item.kind === 'file' ? item.webkitGetAsEntry() : null)).filter((entry) => entry !== null);
  const plain = [...transfer.files];
  if (entries.length === 0) return plain.map((file) => ({ path: file.name, file }));
  const found: PathedFile[] = [];
  for (const entry of entries) await collect(entry, found);
  return found;
}

async function collect(entry: FileSystemEntry, found: PathedFile[]): Promise<void> {
  if (found.length >= MOST_FILES) throw new TooManyFilesError();
  const path = entry.fullPath.replace(/^\//, '');
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    found.push({ path, file });
  } else if (isDirectory(entry)) {
    const reader = entry.createReader();
    for (;;) {
      // a reader gives some entries at a time, and none at the end
      const some = await new Promise<readonly FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) return;
      for (const inner of some) await collect(inner, found);
    }
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isDirectory(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}
