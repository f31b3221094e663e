import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { computeLogits } from '../engine/evaluate.ts';
import { arraySource, relativeError } from '../engine/fixtures/arrays.ts';
import { startWasm } from '../engine/fixtures/wasmBackend.ts';
import { coupling } from '../network/coupling.ts';
import type { Network } from '../network/network.ts';
import { removeBlocks } from '../network/removeBlocks.ts';
import { residualBlocks } from '../network/residualBranches.ts';
import { prune } from '../network/surgery.ts';
import { exportHuggingFace, HuggingFaceExportError } from './huggingFace.ts';
import { inMemory, modelFolder, oracleOf, TEXT_MODELS, type TextOracle } from './huggingFace/fixtures/folders.ts';
import { textLogits } from './huggingFace/fixtures/logits.ts';
import { isOfHeads, PRUNED_MODELS, prunedModel, unevenPlan, uniformPlan, withRefitted } from './huggingFace/fixtures/prunedModels.ts';
import { openModel, openModelAndTokenizer } from './modelFormats.ts';
import { readSafetensors } from './safetensors.ts';

beforeAll(async () => {
  await startWasm();
});

const IDS = [68, 98, 284, 270, 102, 33, 74, 116, 105, 110];
const pixels = Float32Array.from({ length: 16 * 16 * 3 }, (_, k) => (k * 37) % 256);
const imported = async (name: string): Promise<Network> => openModel(inMemory(await modelFolder(name)));
const logitsOf = async (network: Network): Promise<Float32Array> =>
  ['vit', 'swin'].includes(network.name) ? (await computeLogits(network, arraySource(pixels, [16, 16, 3]))).values : textLogits(network, IDS);
const configOf = (files: Readonly<Record<string, Uint8Array>>) => JSON.parse(new TextDecoder().decode(files['config.json'])) as Record<string, unknown>;
const textOf = (files: Readonly<Record<string, Uint8Array>>, name: string) => new TextDecoder().decode(files[name]);

describe.each(PRUNED_MODELS)('a pruned %s, of one width for all blocks', (name) => {
  it('is written as the files that PyTorch has computed, by their config alone', async () => {
    // zoo/oracles/hf_pruned.py
    const { files, warnings } = exportHuggingFace(await prunedModel(name));
    expect(warnings).toEqual([]);
    for (const [file, bytes] of Object.entries(files)) {
      expect(Buffer.compare(bytes, await readFile(new URL(`fixtures/hf/pruned-${name}/${file}`, import.meta.url))), file).toBe(0);
    }
    expect(configOf(files)).not.toHaveProperty('modhifi');
  });

  it('gives PyTorch’s logits, before it is written and when it is opened again', async () => {
    const oracle = await oracleOf<TextOracle>(`pruned-${name}`);
    const [before, after] = [await prunedModel(name), await imported(`pruned-${name}`)];
    for (const [k, ids] of oracle.ids.entries()) {
      expect(relativeError(await textLogits(before, ids), oracle.logits[k].flat())).toBeLessThan(1e-4);
      expect(relativeError(await textLogits(after, ids), oracle.logits[k].flat())).toBeLessThan(1e-4);
    }
  });
});

describe.each([...TEXT_MODELS, 'vit', 'swin'])('%s', (name) => {
  it('comes back as it was, under the names that it had', async () => {
    const files = await modelFolder(name);
    const network = await imported(name);
    const { files: written, warnings } = exportHuggingFace(network);
    expect(warnings).toEqual([]);
    const again = await openModel(inMemory(written));
    expect({ ...again, origin: undefined }).toStrictEqual({ ...network, origin: undefined });
    const names = (of: typeof files) => Object.entries(of).filter(([file]) => file.endsWith('.safetensors')).flatMap(([, bytes]) => {
      const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
      return Object.keys(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as object);
    });
    const derived = /__metadata__|attn\.bias$|relative_position_index$/;
    expect(names(written).filter((one) => !derived.test(one)).toSorted()).toEqual(names(files).filter((one) => !derived.test(one)).toSorted());
  });

  it('cut to other widths in every block comes back through our own importer, and says that no other takes it', async () => {
    const network = await imported(name);
    const pruned = prune(network, unevenPlan(network));
    const { files, warnings } = exportHuggingFace(pruned);
    expect(warnings.join(' ')).toMatch(/differ between layers.*Choose the budget "channels"/);
    expect(textOf(files, 'README.md')).toContain(warnings[0]);
    const { modhifi } = configOf(files) as { modhifi: { mlp_widths: number[]; attention_heads: number[] } };
    expect(new Set(modhifi.mlp_widths).size).toBeGreaterThan(1);
    expect(modhifi.attention_heads).toHaveLength(modhifi.mlp_widths.length);
    const again = await openModel(inMemory(files));
    expect(relativeError(await logitsOf(again), await logitsOf(pruned))).toBe(0);
    expect(relativeError(await logitsOf(again), await logitsOf(network))).toBeGreaterThan(1e-3);
    // and once more, from what was opened
    expect(exportHuggingFace(again).files).toStrictEqual(files);
  });

  it('cut alike everywhere stays of its own class, if its heads may leave', async () => {
    const network = await imported(name);
    const pruned = prune(network, uniformPlan(network, true));
    const { files, warnings } = exportHuggingFace(pruned);
    if (name.startsWith('llama')) expect(warnings).toEqual([]);
    else expect(warnings).toEqual([expect.stringMatching(/always has as many heads as fill the hidden size.*Protect the groups of heads/)]);
    expect(relativeError(await logitsOf(await openModel(inMemory(files))), await logitsOf(pruned))).toBe(0);
    const { files: neurons, warnings: none } = exportHuggingFace(prune(network, uniformPlan(network, false)));
    expect(none).toEqual([]);
    expect(configOf(neurons)).not.toHaveProperty('modhifi');
  });
});

describe('an export in Hugging Face’s layout', () => {
  it('brings the tokenizer’s files along', async () => {
    const { network, beside } = await openModelAndTokenizer(inMemory(await modelFolder('opt')));
    const { files } = exportHuggingFace(network, beside);
    const again = await openModelAndTokenizer(inMemory(files));
    expect(again.tokenizer?.size).toBe(288);
    expect(files['tokenizer.json']).toBe(beside['tokenizer.json']);
  });

  it.each(['gpt2', 'gpt2-hub', 'opt', 'llama', 'vit'])('of a %s without its first block numbers the others anew', async (name) => {
    const network = await imported(name);
    const shorter = prune(removeBlocks(network, [residualBlocks(network)[0]]), {
      weights: {}, keep: { [coupling(network).groups.filter(({ frozen, name: group }) => frozen === undefined && !isOfHeads(group))[1].name]: [1, 3, 4] },
    });
    const { files, warnings } = exportHuggingFace(shorter);
    expect(warnings).toEqual([]);
    expect(configOf(files)).toMatchObject({ [name.startsWith('gpt2') ? 'n_layer' : 'num_hidden_layers']: 1 });
    const again = await openModel(inMemory(files));
    expect(again.nodes).toHaveLength(shorter.nodes.length);
    expect(relativeError(await logitsOf(again), await logitsOf(shorter))).toBe(0);
  });

  it('writes biases that compensation brought by the class’s own settings, or states them', async () => {
    const gated = await imported('llama');
    const ids = ['model.layers.0.self_attn.o_proj', 'model.layers.0.self_attn.q_proj'];
    const { files, warnings } = exportHuggingFace(prune(gated, withRefitted(gated, { keep: {}, weights: {} }, ids[0], 'none')));
    expect(warnings).toEqual([]);
    expect(configOf(files)).toMatchObject({ attention_bias: true, mlp_bias: false });
    const { tensors } = readSafetensors(files['model.safetensors']);
    expect(tensors.get(`${ids[0]}.bias`)?.values).toContain(Math.fround(0.2));
    expect(new Set(tensors.get(`${ids[1]}.bias`)?.values)).toEqual(new Set([0]));

    const windows = await imported('swin');
    const reduction = 'swin.encoder.layers.0.downsample.reduction';
    const refitted = prune(windows, withRefitted(windows, { keep: {}, weights: {} }, reduction, 'none'));
    const stated = exportHuggingFace(refitted);
    expect(stated.warnings).toEqual([expect.stringMatching(/gave a bias to layers that have none .*downsample\.reduction/)]);
    expect(relativeError(await logitsOf(await openModel(inMemory(stated.files))), await logitsOf(refitted))).toBe(0);
  });

  it('is refused for networks of other formats, and for layers that the family does not have', async () => {
    const network = await imported('llama');
    const { origin: _, ...bare } = network;
    expect(() => exportHuggingFace(bare)).toThrow(HuggingFaceExportError);
    expect(() => exportHuggingFace(bare)).toThrow(/did not come from a Hugging Face folder/);
    const attributes = { function: 'relu' } as const;
    const others = network.nodes.map((node) => (node.id === 'model.layers.1.mlp.act_fn' && node.op === 'activation' ? { ...node, attributes } : node));
    expect(() => exportHuggingFace({ ...network, nodes: others })).toThrow(/"model\.layers\.1\.mlp\.act_fn" has other settings/);
    const [input, ...rest] = network.nodes;
    const scaled = { id: 'scaled', op: 'rescaling', inputs: ['lm_head'], attributes: { scale: 2, offset: 0 }, weights: {} } as const;
    expect(() => exportHuggingFace({ ...network, nodes: [input, ...rest, scaled], outputs: ['scaled'] })).toThrow(/"scaled" \(rescaling\) has no place/);
    const untied = network.nodes.map((node) => (node.op === 'unembedding' ? { ...node, weights: { table: { ...node.weights.table, values: node.weights.table.values.map((value) => -value) } } } : node));
    expect(() => exportHuggingFace({ ...network, nodes: untied })).toThrow(/"lm_head" no longer has the same table/);
  });
});
