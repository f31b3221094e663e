import { OnnxExternalDataError } from '../errors.ts';
import type { TensorProto } from '../schema/onnx_pb.ts';

/** Brings a file that lies beside the model, by its path relative to it. The bytes are not kept. */
export type ReadExternal = (path: string) => Promise<Uint8Array>;

const EXTERNAL = 1;

/**
 * The bytes of those of `tensors` whose values lie in other files. Each file is read once.
 * Throws `OnnxExternalDataError` for a path that leaves the model's folder, for a file that cannot
 * be had, and for a range that the file does not have.
 */
export async function readExternalData(
  tensors: readonly TensorProto[],
  readExternal?: ReadExternal,
): Promise<ReadonlyMap<TensorProto, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const found = new Map<TensorProto, Uint8Array>();
  for (const tensor of tensors) {
    if (tensor.dataLocation !== EXTERNAL) continue;
    const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
    const path = entries.get('location') ?? '';
    checkPath(tensor.name, path);
    const file = files.get(path) ?? (await readFile(tensor.name, path, readExternal));
    files.set(path, file);
    const offset = Number(entries.get('offset') ?? 0);
    const length = Number(entries.get('length') ?? file.length - offset);
    if (!isCount(offset) || !isCount(length) || offset + length > file.length) {
      throw new OnnxExternalDataError(
        `Tensor "${tensor.name}" lies in "${path}" from byte ${offset}, ${length} bytes long, but that file has ${file.length} bytes.`,
      );
    }
    found.set(tensor, file.subarray(offset, offset + length));
  }
  return found;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function checkPath(tensor: string, path: string): void {
  if (path === '' || /^[/\\]|^[a-z][a-z0-9+.-]*:|\\|\0/i.test(path) || path.split('/').includes('..')) {
    throw new OnnxExternalDataError(`Tensor "${tensor}" lies in "${path}", which is not a file beside or below the model.`);
  }
}

async function readFile(tensor: string, path: string, readExternal?: ReadExternal): Promise<Uint8Array> {
  if (!readExternal) {
    throw new OnnxExternalDataError(`Tensor "${tensor}" lies in the file "${path}"; open it together with the model.`);
  }
  try {
    return await readExternal(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OnnxExternalDataError(`Tensor "${tensor}" lies in "${path}", which cannot be read: ${reason}`, { cause: error });
  }
}
