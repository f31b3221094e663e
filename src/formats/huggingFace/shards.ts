import * as z from 'zod/mini';
import type { NamedFiles } from '../modelFormats/namedFiles.ts';
import { HuggingFaceFileError } from './errors.ts';
import { parseObject, parseSettings } from './settings.ts';

export const SINGLE = 'model.safetensors';
export const INDEX = 'model.safetensors.index.json';

/** The files that hold the weights, and by tensor name which, where an index says so. */
export interface Shards {
  readonly files: readonly string[];
  readonly fileOf?: ReadonlyMap<string, string>;
  /** Bytes of all tensors as they are stored. */
  readonly totalBytes?: number;
}

const schema = z.object({
  metadata: z.optional(z.nullable(z.object({ total_size: z.optional(z.number().check(z.gte(0))) }))),
  weight_map: z.record(z.string(), z.string()),
});

/**
 * The shards in `folder`: those of the index where there is one, else `model.safetensors`, else the
 * only `.safetensors` file. A place that does not list its files is asked whether it has the single one.
 *
 * @throws HuggingFaceFileError; what `read` throws
 */
export async function shardsIn(files: NamedFiles, folder: string, read: (path: string) => Promise<Uint8Array>): Promise<Shards> {
  const own = files.paths.filter((path) => path.startsWith(folder)).map((path) => path.slice(folder.length));
  const tensors = own.filter((name) => /^[^/]+\.safetensors$/i.test(name));
  if (own.includes(INDEX)) return indexed(await read(INDEX));
  if (own.includes(SINGLE)) return { files: [SINGLE] };
  if (tensors.length === 1) return { files: tensors };
  if (files.has === undefined) {
    if (own.some((name) => PICKLED.test(name))) throw unreadable(folder);
    return { files: [SINGLE] };
  }
  if (await files.has(folder + SINGLE)) return { files: [SINGLE] };
  if (await files.has(folder + INDEX)) return indexed(await read(INDEX));
  throw unreadable(folder);
}

/** Older checkpoints, which are programs for Python's unpickler. */
const PICKLED = /^pytorch_model[^/]*\.bin$/i;

function unreadable(folder: string): HuggingFaceFileError {
  return new HuggingFaceFileError(
    `${folder === '' ? 'The model' : folder} has no weights as safetensors (${SINGLE}, or shards with ${INDEX}). A pytorch_model.bin is not read: load it in Python and call save_pretrained(…, safe_serialization=True).`,
  );
}

function indexed(bytes: Uint8Array): Shards {
  const { weight_map: map, metadata } = parseSettings(INDEX, schema, parseObject(INDEX, bytes));
  const fileOf = new Map(Object.entries(map));
  const names = [...new Set(fileOf.values())];
  const strange = names.find((name) => !/^[\w.-]+\.safetensors$/i.test(name));
  if (strange !== undefined || names.length === 0) {
    throw new HuggingFaceFileError(`${INDEX}: "weight_map" must name .safetensors files that lie beside it, found ${strange === undefined ? 'none' : JSON.stringify(strange)}.`);
  }
  const total = metadata?.total_size;
  return { files: names, fileOf, ...(total !== undefined && { totalBytes: total }) };
}
