import { zipSync, type Zippable } from 'fflate';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { TooLargeError } from '../formats/huggingFace.ts';
import { inMemory, modelFolder, oracleOf, withConfig, type TextOracle } from '../formats/huggingFace/fixtures/folders.ts';
import { openModel } from '../formats/modelFormats.ts';
import { TokenizerError } from '../formats/tokenizer.ts';
import { FetchError } from '../storage/download.ts';
import { MemoryFileSystem } from '../storage/fixtures/memoryFileSystem.ts';
import { Keeping } from './keeping.ts';
import { modelAddresses } from './modelAddress.ts';
import { readModelSource } from './modelSource.ts';

/** From now on these are the files of all sites, by path; the requests that come, in order. */
function host(files: Readonly<Record<string, Uint8Array>>): string[] {
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (address: string, { method = 'GET' }: RequestInit = {}) => {
    const { pathname } = new URL(address);
    asked.push(`${method} ${pathname}`);
    const file = files[pathname];
    if (!file) return new Response('<html>', { status: 404 });
    return new Response(method === 'HEAD' ? null : Uint8Array.from(file), { headers: { etag: `"${file.length}"` } });
  });
  return asked;
}

const under = (folder: string, files: Readonly<Record<string, Uint8Array>>) => Object.fromEntries(Object.entries(files).map(([name, bytes]) => [folder + name, bytes]));
const keeping = (files = new MemoryFileSystem()) => new Keeping(async () => files);
const pathed = (path: string, bytes: Uint8Array) => ({ path, file: new File([Uint8Array.from(bytes)], path.split('/').at(-1) ?? path) });
const pathedFiles = (all: Readonly<Record<string, Uint8Array>>) => Object.entries(all).map(([path, bytes]) => pathed(path, bytes));

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('a model in Hugging Face’s layout', () => {
  it.each(['llama', 'llama-sharded'] as const)('comes with its tokenizer from a folder’s address, by few requests: %s', async (name) => {
    const files = await modelFolder(name);
    const { texts } = await oracleOf<TextOracle>(name);
    const asked = host(under('/m/tiny/', files));
    let memory = 0;
    const { network, tokenizer, beside } = await readModelSource({ kind: 'url', url: 'http://lab.test/m/tiny' }, keeping(), {}, ({ total }) => { memory = total; });
    expect(network).toStrictEqual(await openModel(inMemory(files)));
    expect(tokenizer?.encode(texts[0].text)).toEqual(texts[0].ids);
    expect(tokenizer?.begin).toBe(0);
    expect(beside).toEqual({ 'tokenizer.json': files['tokenizer.json'] });
    expect(memory).toBeGreaterThan(50_000);
    const weights = name === 'llama'
      ? ['HEAD model.safetensors', 'GET model.safetensors']
      : ['HEAD model.safetensors', 'HEAD model.safetensors.index.json', 'GET model.safetensors.index.json', ...[1, 2, 3].map((k) => `GET model-0000${k}-of-00003.safetensors`)];
    expect(asked).toEqual(['GET model.json', 'HEAD config.json', 'GET config.json', ...weights, 'HEAD tokenizer.json', 'GET tokenizer.json'].map((one) => one.replace(' ', ' /m/tiny/')));
  });

  it('of pictures brings the names of its classes, unless a card does', async () => {
    const files = await modelFolder('vit');
    host(under('/m/', files));
    expect((await readModelSource({ kind: 'url', url: 'http://lab.test/m' }, keeping(), {})).card).toEqual({ classes: ['ant', 'bee', 'cat'] });
    const opened = await readModelSource({ kind: 'files', files: pathedFiles({ ...files, 'card.json': new TextEncoder().encode('{"name":"Vit"}') }) }, keeping(), {});
    expect(opened.card).toEqual({ name: 'Vit' });
    expect(opened).not.toHaveProperty('tokenizer');
  });

  it('is read from the copies that were kept where the network is gone', async () => {
    const storage = new MemoryFileSystem();
    const source = { kind: 'url', url: 'http://lab.test/m/config.json' } as const;
    host(under('/m/', await modelFolder('llama')));
    const { network } = await readModelSource(source, keeping(storage), {});
    vi.stubGlobal('fetch', async () => Promise.reject(new TypeError('offline')));
    const again = await readModelSource(source, keeping(storage), {});
    expect(again.network).toStrictEqual(network);
    expect(again.tokenizer?.size).toBe(288);
  });

  it('comes from a list of files, and from a zip', async () => {
    const files = await modelFolder('opt');
    const loose = await readModelSource({ kind: 'files', files: Object.entries(files).map(([path, bytes]) => pathed(`opt/${path}`, bytes)) }, keeping(), {});
    const zipped = await readModelSource({ kind: 'files', files: [pathed('opt.zip', zipSync(under('opt-tiny/', files) as Zippable))] }, keeping(), {});
    for (const { network, tokenizer, beside } of [loose, zipped]) {
      expect(network.nodes).toHaveLength((await openModel(inMemory(files))).nodes.length);
      expect(tokenizer?.size).toBe(288);
      expect(Object.keys(beside)).toEqual(['tokenizer.json']);
    }
  });

  it('is refused where it does not fit, and where its tokenizer is another’s', async () => {
    const files = await modelFolder('llama');
    host(under('/big/', withConfig(files, { hidden_size: 8192, intermediate_size: 28672, num_hidden_layers: 80 })));
    await expect(readModelSource({ kind: 'url', url: 'http://lab.test/big' }, keeping(), {})).rejects.toThrow(TooLargeError);
    const more = JSON.parse(new TextDecoder().decode(files['tokenizer.json'])) as { added_tokens: unknown[] };
    more.added_tokens.push({ id: 300, content: '<x>', special: true });
    host(under('/m/', { ...files, 'tokenizer.json': new TextEncoder().encode(JSON.stringify(more)) }));
    await expect(readModelSource({ kind: 'url', url: 'http://lab.test/m/config.json' }, keeping(), {})).rejects.toThrow(TokenizerError);
  });

  it('that is not there is missed as any other model', async () => {
    const asked = host({});
    const reading = readModelSource({ kind: 'url', url: 'http://lab.test/none' }, keeping(), {});
    await expect(reading).rejects.toThrow(FetchError);
    await expect(reading).rejects.toThrow(/none\/model\.json answered 404/);
    expect(asked).toEqual(['GET /none/model.json', 'HEAD /none/config.json']);
  });
});

describe('an address', () => {
  it.each([
    ['http://lab.test/a', ['http://lab.test/a/model.json', 'http://lab.test/a/config.json']],
    ['http://lab.test/a/net.onnx?x=1', ['http://lab.test/a/net.onnx?x=1']],
    ['https://huggingface.co/openai-community/gpt2', ['https://huggingface.co/openai-community/gpt2/resolve/main/config.json']],
    ['https://huggingface.co/facebook/opt-125m/tree/v1.0/', ['https://huggingface.co/facebook/opt-125m/resolve/v1.0/config.json']],
    ['https://huggingface.co/gpt2', ['https://huggingface.co/gpt2/resolve/main/config.json']],
    ['https://huggingface.co/a/b/resolve/main/', ['https://huggingface.co/a/b/resolve/main/config.json']],
    ['https://huggingface.co/a/b/resolve/main/model.onnx', ['https://huggingface.co/a/b/resolve/main/model.onnx']],
  ])('%s', (url, addresses) => {
    expect(modelAddresses(url)).toEqual(addresses);
  });
});
