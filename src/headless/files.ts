import { mkdir, writeFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import type { ImageSource } from '../engine/imageSource.ts';
import { openModel, openModelAndTokenizer, writeModel as encodeModel, type OpenedModel, type WrittenFormat } from '../formats/modelFormats.ts';
import { readNpy, type NpyArray } from '../formats/npy.ts';
import type { Network } from '../network/network.ts';
import { InputError, readInput } from './inputFile.ts';
import { modelFiles } from './modelFiles.ts';

export { InputError } from './inputFile.ts';

/** The network of a model in any format that the lab opens: a file, or a folder that holds one. */
export async function readModel(path: string): Promise<Network> {
  return openModel(await modelFiles(path), { memoryLimit: totalmem() });
}

/** As `readModel`, with the tokenizer that lies beside a model that reads text, and the files that it is made of. */
export async function readModelAndTokenizer(path: string): Promise<OpenedModel> {
  return openModelAndTokenizer(await modelFiles(path), { memoryLimit: totalmem() });
}

/**
 * Writes the network's files in `format` into a folder, with those that lay `beside` it where the
 * format has room for them. Why other readers will not take the files goes to stderr.
 */
export async function writeModel(network: Network, folder: string, format: WrittenFormat = 'layers', beside: OpenedModel['beside'] = {}): Promise<void> {
  await writeFiles(folder, await encodeModel(network, format, { beside, onWarning: (warning) => process.stderr.write(`${warning}\n`) }));
}

/** Writes files, by name, into a folder that is made where it is not there. */
export async function writeFiles(folder: string, files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) await writeBytes(join(folder, name), bytes);
}

export async function readArray(file: string): Promise<NpyArray> {
  return readNpy(await readInput(file, 'array'));
}

/** Images of an `.npy` file, `count × height × width × channels` (or `count × features`), fed as they are. */
export async function readImages(file: string): Promise<ImageSource> {
  const { shape, values } = await readArray(file);
  if (shape.length < 2) throw new InputError(`${file} has shape ${shape.join(' × ')}; images are count × height × width × channels.`);
  const [count, ...image] = shape;
  const size = image.reduce((product, axis) => product * axis, 1);
  if (count === 0) throw new InputError(`${file} holds no images.`);
  for (let k = 0; k < values.length; k++) {
    if (!Number.isFinite(values[k])) throw new InputError(`${file} has the value ${values[k]} in image ${Math.floor(k / size)}.`);
  }
  return {
    count,
    shape: image,
    read: async (first, images) => Float32Array.from({ length: images * size }, (_, k) => values[first * size + k]),
  };
}

/** Class numbers of an `.npy` file, one for each of `count` images. */
export async function readLabels(file: string, count: number): Promise<Int32Array> {
  const { shape, values } = await readArray(file);
  const labels = Int32Array.from(values);
  if (labels.length !== count) throw new InputError(`${file} has shape ${shape.join(' × ')}, but there are ${count} images.`);
  return labels;
}

export async function writeJson(file: string, value: unknown): Promise<void> {
  await writeBytes(file, `${JSON.stringify(value, null, 2)}\n`);
}

export async function writeBytes(file: string, bytes: string | Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, bytes);
}
