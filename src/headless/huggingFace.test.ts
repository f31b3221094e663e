import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Command } from 'commander';
import { convertCommand } from './commands/convert.ts';
import { exportCommand } from './commands/export.ts';
import { inspectCommand } from './commands/inspect.ts';
import { readModel, readModelAndTokenizer, writeModel } from './files.ts';
import { prune } from '../network/surgery.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`../formats/fixtures/hf/${name}`, import.meta.url));
let folder: string;
const at = (...path: string[]): string => join(folder, ...path);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lab-hub-'));
});
afterEach(() => void vi.restoreAllMocks());
afterAll(() => rm(folder, { recursive: true }));

async function run(command: Command, options: Record<string, string>): Promise<void> {
  await command.exitOverride().parseAsync(Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]), { from: 'user' });
}

describe('a model in Hugging Face’s layout on the command line', () => {
  it.each(['llama', 'llama-sharded'])('opens as its folder and as its config.json: %s', async (name) => {
    const { network, tokenizer } = await readModelAndTokenizer(fixture(name));
    expect(tokenizer?.size).toBe(288);
    const byFile = await readModelAndTokenizer(join(fixture(name), 'config.json'));
    expect(byFile.network).toStrictEqual(network);
    expect(byFile.tokenizer?.size).toBe(288);
  });

  it('is inspected: nodes by their paths, groups of heads and neurons', async () => {
    await run(inspectCommand(), { model: fixture('opt'), out: at('opt.json') });
    const { params, nodes, groups } = JSON.parse(await readFile(at('opt.json'), 'utf8')) as { params: number; nodes: { id: string }[]; groups: { name: string; frozen?: string }[] };
    // embedding and positions; projections, norms and MLP of two blocks; the last norm
    expect(params).toBe((288 + 34) * 24 + 2 * (4 * (24 * 24 + 24) + 2 * 48 + (24 * 64 + 64) + (64 * 24 + 24)) + 48);
    expect(nodes.map(({ id }) => id)).toContain('model.decoder.layers.1.self_attn.out_proj');
    expect(groups.filter(({ frozen }) => frozen === undefined).map(({ name }) => name)).toEqual([0, 1].flatMap((i) => [`model.decoder.layers.${i}.self_attn.q_proj`, `model.decoder.layers.${i}.fc1`]));
  });

  it('is converted and exported, to a folder and to a zip, with its tokenizer', async () => {
    const network = await readModel(fixture('gpt2-hub'));
    await run(convertCommand(), { model: fixture('gpt2-hub'), to: 'huggingFace', out: at('converted') });
    expect((await readdir(at('converted'))).toSorted()).toEqual(['README.md', 'config.json', 'model.safetensors', 'tokenizer.json']);
    await run(exportCommand(), { model: at('converted'), out: at('exported') });
    await run(exportCommand(), { model: at('converted'), out: at('exported.zip') });
    for (const path of ['converted', 'exported', 'exported.zip']) {
      const again = await readModelAndTokenizer(at(path));
      expect(again.network.nodes, path).toStrictEqual(network.nodes);
      expect(again.tokenizer?.size, path).toBe(288);
    }
  });

  it('says on stderr where others will not load what is written', async () => {
    const { network, beside } = await readModelAndTokenizer(fixture('llama'));
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    await writeModel(prune(network, { keep: { 'model.layers.0.mlp.gate_proj': [0, 1, 2] }, weights: {} }), at('uneven'), 'huggingFace', beside);
    expect(said.mock.calls.join('')).toMatch(/differ between layers/);
    expect(said).toHaveBeenCalledTimes(1);
  });
});
