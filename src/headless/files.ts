import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ImageSource } from '../engine/imageSource.ts';
import { readNpy, type NpyArray } from '../formats/npy.ts';
import { exportTfjsLayers, importTfjsLayers } from '../formats/tfjsLayers.ts';
import type { Network } from '../network/network.ts';

/** A mistake in what was typed or in a file: one clear line, exit 1. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** Reads a layers-model folder (`model.json` and the shards it names). */
export async function readModel(folder: string): Promise<Network> {
  const text = await read(join(folder, 'model.json'), 'model');
  let json: unknown;
  try {
    json = JSON.parse(text.toString('utf8'));
  } catch {
    throw new InputError(`${join(folder, 'model.json')} is not JSON.`);
  }
  return importTfjsLayers(json, (path) => read(join(folder, path), 'weights'));
}

/** Writes a layers model that plain TensorFlow.js opens. */
export async function writeModel(network: Network, folder: string): Promise<void> {
  const { modelJson, weights } = exportTfjsLayers(network);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'model.json'), JSON.stringify(modelJson));
  await writeFile(join(folder, 'weights.bin'), weights);
}

export async function readArray(file: string): Promise<NpyArray> {
  return readNpy(await read(file, 'array'));
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

async function read(file: string, what: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new InputError(code === 'ENOENT' ? `There is no ${what} file ${file}.` : `Cannot read the ${what} file ${file} (${code}).`);
  }
}
