import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import type { Network } from '../../network/network.ts';
import { ModelFileError } from '../kerasLayers/errors.ts';
import { exportTfjsLayers } from './exportModel.ts';
import { importTfjsLayers } from './importModel.ts';

const LARGEST_UNZIPPED = 512 * 1024 * 1024;

/**
 * `network` as a zip of `model.json` and `weights.bin`, with `extraFiles` (name → content)
 * beside them. Deflated; synchronous, about 30 MB of weights a second.
 */
export function zipTfjsLayers(
  network: Network,
  extraFiles: Readonly<Record<string, Uint8Array | string>> = {},
): Uint8Array<ArrayBuffer> {
  const { modelJson, weights } = exportTfjsLayers(network);
  const extras = Object.entries(extraFiles).map(([name, content]): [string, Uint8Array] => [
    name,
    typeof content === 'string' ? strToU8(content) : content,
  ]);
  return zipSync({
    ...Object.fromEntries(extras),
    'model.json': strToU8(JSON.stringify(modelJson, null, 1)),
    'weights.bin': weights,
  });
}

/**
 * The network in a zip that holds a `model.json`, at its root or in a folder, and the weight
 * files beside it. Throws `ModelFileError` where there is none, where the zip is damaged or
 * unpacks to more than 512 MiB, and what `importTfjsLayers` throws.
 */
export async function unzipTfjsLayers(zip: Uint8Array): Promise<Network> {
  const files = unzip(zip);
  const path = Object.keys(files)
    .filter((name) => /(^|\/)model\.json$/.test(name))
    .sort((a, b) => a.length - b.length)
    .at(0);
  if (path === undefined) throw new ModelFileError('The zip holds no model.json.');
  const folder = path.slice(0, -'model.json'.length);
  let modelJson: unknown;
  try {
    modelJson = JSON.parse(strFromU8(files[path]));
  } catch (cause) {
    throw new ModelFileError(`"${path}" in the zip is not JSON.`, { cause });
  }
  return importTfjsLayers(modelJson, async (shard) => {
    if (!Object.hasOwn(files, folder + shard)) throw new ModelFileError(`The zip holds no "${folder}${shard}".`);
    return files[folder + shard];
  });
}

function unzip(zip: Uint8Array): Readonly<Record<string, Uint8Array>> {
  let total = 0;
  try {
    return unzipSync(zip, {
      filter(file) {
        total += file.originalSize;
        if (total > LARGEST_UNZIPPED) throw new ModelFileError('The zip unpacks to more than 512 MiB.');
        return true;
      },
    });
  } catch (cause) {
    if (cause instanceof ModelFileError) throw cause;
    throw new ModelFileError('The file is not a readable zip.', { cause });
  }
}
