import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { zipSync } from 'fflate';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { computeLogits } from '../engine/evaluate.ts';
import { relativeError } from '../engine/fixtures/arrays.ts';
import { graphBuilder } from '../formats/fixtures/graphModel.ts';
import { writeNpy } from '../formats/npy.ts';
import { readSafetensors } from '../formats/safetensors.ts';
import { randomWeights, residualNetwork } from '../network/fixtures/networks.ts';
import { isConsumer, type Network, type Node } from '../network/network.ts';
import { prune } from '../network/surgery.ts';
import { weightsOf } from '../network/shapes.ts';
import { convertCommand } from './commands/convert.ts';
import { pruneCommand } from './commands/prune.ts';
import { readImages, readModel, writeModel } from './files.ts';
import { InputError } from './inputFile.ts';
import { startNodeEngine } from './nodeEngine.ts';

let folder: string;
const at = (...path: string[]): string => join(folder, ...path);
const network = residualNetwork();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lab-convert-'));
  await startNodeEngine();
  await writeModel(network, at('small'));
  const pixels = Uint8Array.from(randomWeights(7)([32 * 192], 2, 2).values);
  await writeFile(at('images.npy'), writeNpy([32, 8, 8, 3], pixels));
});
afterEach(() => void vi.restoreAllMocks());
afterAll(() => rm(folder, { recursive: true }));

async function run(command: Command, options: Record<string, string>): Promise<void> {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await command.exitOverride().parseAsync(Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]), { from: 'user' });
}

async function logits(model: Network): Promise<Float32Array> {
  return (await computeLogits(model, await readImages(at('images.npy')))).values;
}

function kernelOf(node: Node | undefined): readonly number[] | undefined {
  return node && isConsumer(node) ? node.weights.kernel.shape : undefined;
}

describe('lab convert', () => {
  it('writes every format, and reads back what can be opened, with the same logits', async () => {
    const expected = await logits(network);
    await run(convertCommand(), { model: at('small'), to: 'onnx', out: at('onnx') });
    expect(await readdir(at('onnx'))).toEqual(['model.onnx']);
    await run(convertCommand(), { model: at('onnx', 'model.onnx'), to: 'layers', out: at('layers') });
    expect((await readdir(at('layers'))).toSorted()).toEqual(['model.json', 'weights.bin']);
    for (const path of ['onnx', 'onnx/model.onnx', 'layers', 'layers/model.json']) {
      expect(relativeError(await logits(await readModel(at(path))), expected), path).toBeLessThan(1e-4);
    }
    await expect(run(convertCommand(), { model: at('small'), to: 'huggingFace', out: at('hub') })).rejects.toThrow(/did not come from a Hugging Face folder/);
    await run(convertCommand(), { model: at('small'), to: 'safetensors', out: at('tensors') });
    const { tensors } = readSafetensors(new Uint8Array(await readFile(at('tensors', 'weights.safetensors'))));
    expect([...tensors.keys()]).toEqual(network.nodes.flatMap((node) => weightsOf(node).map(([name]) => `${node.id}.${name}`)));
  });

  it('takes graph models and zips', async () => {
    const b = graphBuilder(2);
    const { modelJson, weights } = b.build([b.conv('conv', b.input('x', [4, 4, 3]), [3, 3, 3, 2])]);
    await mkdir(at('graph'));
    await writeFile(at('graph', 'model.json'), JSON.stringify(modelJson));
    await writeFile(at('graph', 'group1-shard1of1.bin'), weights);
    await run(convertCommand(), { model: at('graph'), to: 'layers', out: at('from-graph') });
    const zip = zipSync({ 'm/model.json': await readFile(at('graph', 'model.json')), 'm/group1-shard1of1.bin': weights });
    await writeFile(at('graph.zip'), zip);
    await run(convertCommand(), { model: at('graph.zip'), to: 'layers', out: at('from-zip') });
    expect(await readModel(at('from-zip'))).toEqual(await readModel(at('from-graph')));
  });

  it('refuses what it does not know, and files outside the model’s folder', async () => {
    await expect(run(convertCommand(), { model: at('images.npy'), to: 'onnx', out: at('no') })).rejects.toThrow(/"images\.npy" is not a file that the lab knows/);
    await expect(run(convertCommand(), { model: at('nowhere'), to: 'onnx', out: at('no') })).rejects.toThrow(InputError);
    await expect(run(convertCommand(), { model: at('small'), to: 'tflite', out: at('no') })).rejects.toThrow(/layers, onnx, safetensors/);
    await mkdir(at('sly'));
    const model = JSON.parse(await readFile(at('small', 'model.json'), 'utf8')) as { weightsManifest: { paths: string[] }[] };
    model.weightsManifest[0].paths = ['../small/weights.bin'];
    await writeFile(at('sly', 'model.json'), JSON.stringify(model));
    await expect(readModel(at('sly'))).rejects.toThrow(/does not lie beside/);
  });
});

describe('lab prune --to safetensors', () => {
  it('writes the plan with the weights that the pruned network has', async () => {
    const options = { model: at('small'), images: at('images.npy'), target: 'macs=0.5' };
    await run(pruneCommand(), { ...options, to: 'safetensors', out: at('plan') });
    await run(pruneCommand(), { ...options, out: at('pruned') });
    expect((await readdir(at('plan'))).toSorted()).toEqual(['plan.json', 'report.json', 'weights.safetensors']);
    const pruned = await readModel(at('pruned'));
    const { tensors } = readSafetensors(new Uint8Array(await readFile(at('plan', 'weights.safetensors'))));
    for (const node of pruned.nodes) {
      for (const [name, weight] of weightsOf(node)) expect(tensors.get(`${node.id}.${name}`)).toEqual(weight);
    }
    const plan = JSON.parse(await readFile(at('plan', 'plan.json'), 'utf8')) as { groups: { name: string; kept: number[] }[] };
    const keep = Object.fromEntries(plan.groups.map(({ name, kept }) => [name, kept]));
    const cut = new Map(prune(network, { keep, weights: {} }).nodes.map((node) => [node.id, node]));
    for (const node of pruned.nodes) expect([node.id, kernelOf(node)]).toEqual([node.id, kernelOf(cut.get(node.id))]);
    expect(keep.stem.length).toBeLessThan(6);
  });
});
