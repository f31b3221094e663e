import { strFromU8, strToU8, zipSync } from 'fflate';
import type { Network } from '../../network/network.ts';
import { ModelFileError } from '../kerasLayers/errors.ts';
import { openZip } from '../kerasLayers/zipFile.ts';
import { parseFileJson } from '../parseFileJson.ts';
import { exportTfjsLayers } from './exportModel.ts';
import { importTfjsLayers } from './importModel.ts';

/**
 * `network` as a zip of `model.json` and `weights.bin`, with `extraFiles` (name → content)
 * beside them. Deflated; synchronous, about 30 MB of weights a second. Throws what
 * `exportTfjsLayers` throws.
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
 * files beside it. Throws `ModelFileError` where there is none, or the zip is damaged or claims
 * more than it can hold, and what `importTfjsLayers` throws.
 */
export async function unzipTfjsLayers(zip: Uint8Array): Promise<Network> {
  const { names, read } = openZip(zip);
  const path = names
    .filter((name) => /(^|\/)model\.json$/.test(name))
    .sort((a, b) => a.length - b.length)
    .at(0);
  if (path === undefined) throw new ModelFileError('The zip holds no model.json.');
  const folder = path.slice(0, -'model.json'.length);
  return importTfjsLayers(parseJson(read(path), path), async (shard) => read(folder + shard));
}

function parseJson(bytes: Uint8Array, name: string): unknown {
  try {
    return parseFileJson(strFromU8(bytes));
  } catch (cause) {
    throw new ModelFileError(`"${name}" in the zip is not JSON.`, { cause });
  }
}
