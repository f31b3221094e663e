import type { NamedFile } from '../storage/namedFile.ts';
import type { PathedFile } from './protocol.ts';

/** A dropped or chosen file as the rooms below read it. */
export function namedFile({ path, file }: PathedFile): NamedFile {
  return { path, size: file.size, read: async () => new Uint8Array(await file.arrayBuffer()) };
}
