import { beforeAll, describe, expect, it } from 'vitest';
import { zipSync, type Zippable } from 'fflate';
import { relativeError } from '../engine/fixtures/arrays.ts';
import { startWasm } from '../engine/fixtures/wasmBackend.ts';
import { nodeOfOp } from '../network/fixtures/networks.ts';
import { tokenInput } from '../network/sequenceLength.ts';
import { HuggingFaceFileError, HuggingFaceWeightsError, TooLargeError, UnsupportedHuggingFaceModelError, type MemoryNeed } from './huggingFace.ts';
import { inMemory, modelFolder, oracleOf, TEXT_MODELS, withConfig, type TextOracle } from './huggingFace/fixtures/folders.ts';
import { textLogits } from './huggingFace/fixtures/logits.ts';
import { MissingFileError, openModel, UnknownModelError } from './modelFormats.ts';
import { readSafetensors, SafetensorsError, writeSafetensors } from './safetensors.ts';

// Expected values: zoo/oracles/hf_tiny.py, by PyTorch in float64 from the weights as the files hold them.

beforeAll(async () => {
  await startWasm();
});

const folders = Object.fromEntries(await Promise.all(TEXT_MODELS.map(async (name) => [name, await modelFolder(name)] as const)));

async function expectFrequencies(settings: Record<string, unknown>, expected: readonly number[]): Promise<void> {
  const network = await openModel(inMemory(withConfig(folders['llama'], settings)));
  const { frequencies } = nodeOfOp(network, 'model.layers.1.self_attn.k_rotary', 'rotary').attributes;
  expect(frequencies).toHaveLength(expected.length);
  frequencies.forEach((value, k) => expect(value).toBeCloseTo(expected[k], 12));
}

describe.each(TEXT_MODELS)('%s in Hugging Face’s layout', (name) => {
  it('gives PyTorch’s logits, from a folder among other files and from a zip', async () => {
    const oracle = await oracleOf<TextOracle>(name);
    const files = folders[name];
    const beside = { ...files, 'tf_model.h5': new Uint8Array(3), 'pytorch_model.bin': new Uint8Array(3), 'onnx/model.onnx': new Uint8Array(3), 'README.md': new Uint8Array(3) };
    const inFolder = Object.fromEntries(Object.entries(beside).map(([path, bytes]) => [`models/tiny/${path}`, bytes]));
    const network = await openModel(inMemory(inFolder));
    expect(tokenInput(network)?.attributes).toEqual({ shape: [32], vocabulary: 288 });
    for (const [k, ids] of oracle.ids.entries()) {
      expect(relativeError(await textLogits(network, ids), oracle.logits[k].flat())).toBeLessThan(1e-4);
    }
    expect(await openModel(inMemory({ 'tiny.zip': zipSync({ ...files } as Zippable) }))).toStrictEqual(network);
  });

  it('counts before any shard is read what opening takes, and refuses what does not fit', async () => {
    const files = folders[name];
    const read: string[] = [];
    const watched = { ...inMemory(files), read: (path: string) => (read.push(path), inMemory(files).read(path)) };
    let need: MemoryNeed | undefined;
    const refused = openModel(watched, { memoryLimit: 20_000, onMemory: (found) => { need = found; } });
    await expect(refused).rejects.toThrow(TooLargeError);
    expect(read.filter((path) => path.endsWith('.safetensors'))).toEqual([]);
    const network = await openModel(inMemory(files));
    const weights = new Set(network.nodes.flatMap((node) => Object.values(node.weights as Record<string, { values: Float32Array }>).map(({ values }) => values)));
    expect(need?.weights).toBe([...weights].reduce((sum, { byteLength }) => sum + byteLength, 0));
    const shards = Object.entries(files).filter(([path]) => path.endsWith('.safetensors')).map(([, bytes]) => bytes.length);
    // headers and masks are not counted
    expect(need?.largestFile).toBeLessThanOrEqual(Math.max(...shards));
    expect(need?.largestFile).toBeGreaterThan(0.7 * Math.max(...shards));
  });
});

describe('a model in Hugging Face’s layout', () => {
  it('shares one table between the embedding and a tied head, and names layers by their paths', async () => {
    for (const [name, embedding] of [['gpt2', 'transformer.wte'], ['gpt2-hub', 'wte'], ['opt', 'model.decoder.embed_tokens'], ['llama', 'model.embed_tokens']]) {
      const network = await openModel(inMemory(folders[name]));
      expect(nodeOfOp(network, 'lm_head', 'unembedding').weights.table).toBe(nodeOfOp(network, embedding, 'embedding').weights.table);
    }
    const { nodes } = await openModel(inMemory(folders['llama-sharded']));
    expect(nodes.find(({ id }) => id === 'lm_head')?.op).toBe('dense');
    expect(nodes.map(({ id }) => id)).toContain('model.layers.1.mlp.down_proj');
  });

  it('reads sequences of the length that is asked for', async () => {
    expect(tokenInput(await openModel(inMemory(folders['opt']), { inputShape: [7] }))?.attributes.shape).toEqual([7]);
    for (const name of ['opt', 'llama']) {
      await expect(openModel(inMemory(folders[name]), { inputShape: [33] })).rejects.toThrow(/sequences of 1 to 32 tokens; asked for was an input of \[33\]/);
    }
  });

  it('is asked for as one file or by its index where the place does not list its files', async () => {
    for (const [name, single] of [['llama', true], ['llama-sharded', false]] as const) {
      const all = inMemory(folders[name]);
      const asked: string[] = [];
      const unlisted = { paths: ['config.json'], has: async (path: string) => (asked.push(path), all.paths.includes(path)), read: (path: string) => all.read(path) };
      expect(await openModel(unlisted)).toStrictEqual(await openModel(all));
      expect(asked).toEqual(single ? ['model.safetensors'] : ['model.safetensors', 'model.safetensors.index.json']);
    }
  });

  it('turns rotary positions by the scaled angles of its config', async () => {
    const plain = [1, 500 ** (-1 / 3), 500 ** (-2 / 3)];
    await expectFrequencies({}, plain);
    await expectFrequencies({ rope_scaling: { type: 'linear', factor: 4 } }, plain.map((one) => one / 4));
    // wavelengths 6.3, 49.9 and 396 tokens: below 32 / 2 kept, above 32 / 0.5 divided, between in proportion
    const smooth = (32 * plain[1] / (2 * Math.PI) - 0.5) / 1.5;
    await expectFrequencies(
      { rope_scaling: { rope_type: 'llama3', factor: 8, low_freq_factor: 0.5, high_freq_factor: 2, original_max_position_embeddings: 32 } },
      [plain[0], (1 - smooth) * plain[1] / 8 + smooth * plain[1], plain[2] / 8],
    );
  });
});

describe('what is refused, saying which setting or tensor', () => {
  it.each<[string, string, Record<string, unknown>, RegExp]>([
    ['an unknown family', 'llama', { model_type: 'bert' }, /"model_type" of "bert" is not supported\. Supported: gpt2, llama, opt, swin, vit/],
    ['a type that objects have', 'llama', { model_type: 'constructor' }, /"model_type" of "constructor"/],
    ['norms behind', 'opt', { do_layer_norm_before: false }, /"do_layer_norm_before" is false, which is not supported\. Supported: true/],
    ['a projected embedding', 'opt', { word_embed_proj_dim: 12 }, /"word_embed_proj_dim" is 12.*Supported: 24, the hidden_size/],
    ['an activation', 'opt', { activation_function: 'quick_gelu' }, /"activation_function" is "quick_gelu".*Supported: relu/],
    ['an activation of llama', 'llama', { hidden_act: 'constructor' }, /"hidden_act" is "constructor"/],
    ['a sliding window', 'llama', { sliding_window: 4096 }, /"sliding_window" is 4096/],
    ['scaled rotary positions', 'llama', { rope_scaling: { rope_type: 'yarn', factor: 2 } }, /type "yarn" are not supported\. Supported: default, linear, llama3/],
    ['quantised weights', 'gpt2', { quantization_config: { bits: 4 } }, /"quantization_config" is \{"bits":4\}/],
    ['cross attention', 'gpt2', { add_cross_attention: true }, /"add_cross_attention" is true/],
    ['heads that are not whole', 'gpt2', { n_head: 5 }, /24 features are not whole heads of 5/],
    ['key heads that are not shared evenly', 'llama', { num_key_value_heads: 3 }, /\(4\) must be a multiple of "num_key_value_heads" \(3\)/],
  ])('%s', async (_, name, changes, message) => {
    const opening = openModel(inMemory(withConfig(folders[name], changes)));
    await expect(opening).rejects.toThrow(UnsupportedHuggingFaceModelError);
    await expect(opening).rejects.toThrow(message);
  });

  it.each<[string, string, Record<string, unknown>, RegExp]>([
    ['a setting that is missing', 'llama', { hidden_size: undefined }, /config\.json: "hidden_size" is not understood.*found nothing/],
    ['a negative width', 'gpt2', { n_embd: -24 }, /"n_embd" is not understood.*found -24/],
    ['a thousand thousand layers', 'opt', { num_hidden_layers: 1e6 }, /"num_hidden_layers" is not understood.*found 1000000/],
    ['widths for other blocks', 'llama', { modhifi: { mlp_widths: [3] } }, /"modhifi\.mlp_widths" has 1 entries for 2 blocks/],
  ])('%s', async (_, name, changes, message) => {
    const opening = openModel(inMemory(withConfig(folders[name], changes)));
    await expect(opening).rejects.toThrow(HuggingFaceFileError);
    await expect(opening).rejects.toThrow(message);
  });

  it('a model as large as its config says, without taking the memory', async () => {
    const wide = withConfig(folders['llama'], { hidden_size: 2 ** 20, head_dim: 2 ** 18, num_hidden_layers: 1000 });
    await expect(openModel(inMemory(wide))).rejects.toThrow(/parameters\. Opening it takes .* GiB of memory .* there are 4\.0 GiB/);
  });

  it('tensors that are missing, unknown or misshapen, a few by name', async () => {
    const { tensors } = readSafetensors(folders['opt']['model.safetensors']);
    const open = (changed: Iterable<readonly [string, { shape: readonly number[]; values: Float32Array }]>) =>
      openModel(inMemory({ ...folders['opt'], 'model.safetensors': writeSafetensors(changed) }));
    const without = [...tensors].filter(([name]) => !name.includes('layers.1.'));
    await expect(open(without)).rejects.toThrow(/lack 16 of the 36 tensors that config\.json asks for: "model\.decoder\.layers\.1\..*, …/);
    await expect(open([...tensors, ['score.weight', { shape: [1], values: Float32Array.of(1) }]])).rejects.toThrow(/hold 1 tensors that .* does not have: "score\.weight"/);
    const opening = openModel(inMemory(withConfig(folders['opt'], { ffn_dim: 60 })));
    await expect(opening).rejects.toThrow(HuggingFaceWeightsError);
    await expect(opening).rejects.toThrow(/"model\.decoder\.layers\.\d\.fc\d\.\w+" is \[[\d, ]+\] instead of \[[\d, ]+\]/);
    const bad = new Map(tensors);
    const fc1 = tensors.get('model.decoder.layers.0.fc1.weight');
    if (!fc1) throw new Error('no fc1');
    bad.set('model.decoder.layers.0.fc1.weight', { shape: fc1.shape, values: fc1.values.with(5, Number.NaN) });
    await expect(open(bad)).rejects.toThrow(/"model\.decoder\.layers\.0\.fc1": weight "kernel" holds NaN/);
  });

  it('shards that are missing, repeat tensors or lie elsewhere', async () => {
    const files = folders['llama-sharded'];
    const { 'model-00002-of-00003.safetensors': _, ...without } = files;
    await expect(openModel(inMemory(without))).rejects.toThrow(MissingFileError);
    await expect(openModel(inMemory({ ...files, 'model-00002-of-00003.safetensors': files['model-00001-of-00003.safetensors'] }))).rejects.toThrow(/stands in another file too/);
    const index = JSON.parse(new TextDecoder().decode(files['model.safetensors.index.json'])) as { weight_map: Record<string, string> };
    const away = new TextEncoder().encode(JSON.stringify({ ...index, weight_map: Object.fromEntries(Object.keys(index.weight_map).map((name) => [name, '../../secret.safetensors'])) }));
    await expect(openModel(inMemory({ ...files, 'model.safetensors.index.json': away }))).rejects.toThrow(/must name \.safetensors files that lie beside it, found "\.\.\/\.\./);
    await expect(openModel(inMemory({ 'config.json': files['config.json'] }))).rejects.toThrow(/"model\.safetensors" is needed/);
  });

  it('weights that are pickled, with what to do', async () => {
    const { 'model.safetensors': _, ...rest } = folders['opt'];
    for (const files of [inMemory({ ...rest, 'pytorch_model.bin': new Uint8Array(9) }), { ...inMemory(rest), paths: ['config.json'], has: async () => false }]) {
      await expect(openModel(files)).rejects.toThrow(HuggingFaceFileError);
      await expect(openModel(files)).rejects.toThrow(/no weights as safetensors.*safe_serialization=True/);
    }
  });

  it('weights of a type that is not read, unless they are not needed', async () => {
    const file = folders['gpt2']['model.safetensors'].slice();
    const length = new DataView(file.buffer).getUint32(0, true);
    const header = new TextDecoder().decode(file.subarray(8, 8 + length)).replace('"F32"', '"I32"');
    file.set(new TextEncoder().encode(header), 8);
    await expect(openModel(inMemory({ ...folders['gpt2'], 'model.safetensors': file }))).rejects.toThrow(SafetensorsError);
    await expect(openModel(inMemory({ ...folders['gpt2'], 'model.safetensors': file }))).rejects.toThrow(/stored as I32; read are F32, F16, BF16/);
  });

  it('a config that is no model’s', async () => {
    await expect(openModel(inMemory(withConfig(folders['llama'], { model_type: undefined })))).rejects.toThrow(UnknownModelError);
  });
});
