import { importTfjsLayers, ModelFileError, unzipTfjsLayers } from '../formats/tfjsLayers.ts';
import type { Network } from '../network/network.ts';
import { fetchBytes } from './fetchBytes.ts';
import type { ModelSource } from './protocol.ts';

/** Called with bytes read so far and in all (0 where unknown). */
type OnBytes = (done: number, total: number) => void;

/**
 * Reads a model from a folder's URL or from files that a person chose.
 *
 * @throws the import's errors, FetchError, ModelFileError
 */
export async function readModelSource(source: ModelSource, onBytes: OnBytes): Promise<Network> {
  return source.kind === 'url' ? fromUrl(source.url, onBytes) : fromFiles(source.files);
}

async function fromUrl(url: string, onBytes: OnBytes): Promise<Network> {
  const address = /\.json($|\?)/.test(url) ? url : `${url.replace(/\/?$/, '/')}model.json`;
  const bytes = await fetchBytes(address);
  return importTfjsLayers(parseModelJson(bytes, address), (path) => fetchBytes(new URL(path, address).href, onBytes));
}

async function fromFiles(files: readonly File[]): Promise<Network> {
  const zip = files.find(({ name }) => /\.zip$/i.test(name));
  if (zip) return unzipTfjsLayers(new Uint8Array(await zip.arrayBuffer()));
  const json = files.find(({ name }) => /\.json$/i.test(name));
  if (!json) {
    throw new ModelFileError('There is no model.json among the files. Choose model.json together with its weight files, or one zip of them.');
  }
  const model = parseModelJson(new Uint8Array(await json.arrayBuffer()), json.name);
  return importTfjsLayers(model, async (path) => {
    const name = path.split('/').at(-1);
    const shard = files.find((file) => file.name === name);
    if (!shard) throw new ModelFileError(`${json.name} needs the weight file ${path}, which was not chosen with it.`);
    return shard.arrayBuffer();
  });
}

function parseModelJson(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new ModelFileError(`${name} is not JSON.`);
  }
}
