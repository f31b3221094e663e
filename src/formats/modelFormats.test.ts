import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import { strToU8, zipSync, type Zippable } from 'fflate';
import { beforeAll, describe, expect, it } from 'vitest';
import { relativeError } from '../engine/fixtures/arrays.ts';
import { everyOpNetwork } from '../engine/fixtures/everyOpNetwork.ts';
import { mixedNetwork } from '../engine/fixtures/mixedNetwork.ts';
import { plainNetwork, residualNetwork } from '../network/fixtures/networks.ts';
import type { Network } from '../network/network.ts';
import { weightsOf } from '../network/shapes.ts';
import { runInLab } from './fixtures/graphAgreement.ts';
import { graphBuilder } from './fixtures/graphModel.ts';
import { importKerasH5 } from './kerasH5.ts';
import { ModelFileError } from './kerasLayers/errors.ts';
import { importKerasZip } from './kerasZip.ts';
import { filesInMemory, MissingFileError, openModel, UnknownModelError, WRITTEN_FORMATS, writeModel } from './modelFormats.ts';
import { importOnnx } from './onnx.ts';
import { readSafetensors } from './safetensors.ts';
import { importTfjsGraph } from './tfjsGraph.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

type Files = Readonly<Record<string, Uint8Array>>;
const open = (files: Files): Promise<Network> => openModel(filesInMemory(new Map(Object.entries(files))));
const zipped = (files: Files): Uint8Array => zipSync(files as Zippable);
const inFolder = (folder: string, files: Files): Files => Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${folder}/${name}`, bytes]));
const fixture = async (name: string): Promise<Uint8Array> => new Uint8Array(await readFile(new URL(`fixtures/${name}`, import.meta.url)));
const json = (value: unknown): Uint8Array => strToU8(JSON.stringify(value));

const network = residualNetwork();
const layersFiles = (): Promise<Files> => writeModel(network, 'layers');

function graphFiles(): Files {
  const b = graphBuilder(1);
  const { modelJson, weights } = b.build([b.unary('Relu', 'relu', b.conv('conv', b.input('x', [4, 4, 3]), [3, 3, 3, 2]))]);
  return { 'model.json': json(modelJson), 'group1-shard1of1.bin': weights };
}

describe('openModel', () => {
  it('opens a layers model as a folder, as files, under another name, and as a zip of any of these', async () => {
    const files = await layersFiles();
    const renamed = { 'my net.json': files['model.json'], 'weights.bin': files['weights.bin'] };
    const beside = { ...files, 'card.json': json({ id: 'x' }), 'README.md': strToU8('Hello'), 'old/model.json': json({}) };
    const flat = { 'model.json': strToU8(new TextDecoder().decode(files['model.json']).replace('"weights.bin"', '"shards/weights.bin"')), 'weights.bin': files['weights.bin'] };
    for (const each of [files, inFolder('a/b', files), renamed, beside, flat]) {
      expect(await open(each)).toStrictEqual(network);
      expect(await open({ 'model.zip': zipped({ ...each, '__MACOSX/model.json': json({}) }) })).toStrictEqual(network);
    }
    expect(await open({ download: zipped(files) })).toStrictEqual(network);
  });

  it('opens a graph model by what it is, not by its format field alone', async () => {
    const files = graphFiles();
    const parsed = JSON.parse(new TextDecoder().decode(files['model.json'])) as Record<string, unknown>;
    const expected = await importTfjsGraph(parsed, async () => files['group1-shard1of1.bin']);
    expect(await open(files)).toStrictEqual(expected);
    const { format: _format, ...unmarked } = parsed;
    expect(await open({ ...files, 'model.json': json(unmarked) })).toStrictEqual(expected);
    expect(await open({ 'graph.zip': zipped(inFolder('web_model', files)) })).toStrictEqual(expected);
  });

  it('opens Keras files by their content, whatever they are called', async () => {
    const [h5, keras] = [await fixture('keras/keras2.h5'), await fixture('keras/keras3.keras')];
    const [fromH5, fromKeras] = [await importKerasH5(h5), await importKerasZip(keras)];
    for (const name of ['model.h5', 'model.HDF5', 'model.keras', 'model']) expect(await open({ [name]: h5 })).toStrictEqual(fromH5);
    for (const name of ['model.keras', 'model.zip', 'model']) expect(await open({ [name]: keras })).toStrictEqual(fromKeras);
    expect(await open({ 'a.zip': zipped({ 'net/model.keras': keras, 'net/README': strToU8('') }) })).toStrictEqual(fromKeras);
  });

  it('opens ONNX, with weights in a file beside it, also in a zip', async () => {
    const inside = await fixture('onnx/residual.onnx');
    expect(await open({ 'net.onnx': inside })).toStrictEqual(await importOnnx(inside));
    const [outside, weights] = [await fixture('onnx/residual.external.onnx'), await fixture('onnx/external.bin')];
    const expected = await importOnnx(outside, async () => weights);
    const files = { 'net/residual.onnx': outside, 'net/external.bin': weights };
    expect(await open(files)).toStrictEqual(expected);
    expect(await open({ 'net.zip': zipped(files) })).toStrictEqual(expected);
  });

  it('opens a Hugging Face folder by its config.json, and leaves that of a Keras file to it', async () => {
    const tiny = Object.fromEntries(await Promise.all(['config.json', 'model.safetensors', 'tokenizer.json'].map(async (name) => [name, await fixture(`hf/opt/${name}`)] as const)));
    const expected = await open(tiny);
    expect(expected.origin?.format).toBe('huggingFace');
    const keras = await fixture('keras/keras3.keras');
    for (const beside of [{}, { 'tf_model.h5': keras, 'onnx/decoder.onnx': keras, 'tokenizer_config.json': json({}) }] as Files[]) {
      expect(await open({ ...tiny, ...beside })).toStrictEqual(expected);
      expect(await open({ 'a.zip': zipped(inFolder('opt', { ...tiny, ...beside })) })).toStrictEqual(expected);
    }
    expect(await open({ 'model.keras': keras, 'config.json': json({ model_type: 'opt' }) })).toStrictEqual(await importKerasZip(keras));
    await expect(open({ ...inFolder('a', tiny), ...inFolder('b', tiny) })).rejects.toThrow(/several models: a\/config\.json, b\/config\.json/);
    await expect(open({ 'config.json': tiny['config.json'] })).rejects.toThrow(/"model\.safetensors" is needed/);
  });

  it('hands a size on for an input that the file leaves open', async () => {
    const b = graphBuilder(1);
    const { modelJson, weights } = b.build([b.conv('conv', b.input('x', [-1, -1, 3]), [3, 3, 3, 2])]);
    const files = filesInMemory(new Map([['model.json', json(modelJson)], ['group1-shard1of1.bin', weights]]));
    await expect(openModel(files)).rejects.toThrow(/Give its size/);
    const opened = await openModel(files, { inputShape: [6, 8, 3] });
    expect(opened.nodes[0].attributes).toEqual({ shape: [6, 8, 3] });
  });
});

describe('what is not a model is refused, saying what was found and what is taken', () => {
  const bytes = strToU8('hello');
  it.each<[string, Files, RegExp]>([
    ['nothing', {}, /There are no files\. What is opened: .*model\.json.*\.h5 and \.keras.*ONNX/],
    ['pictures', { 'a.png': bytes, 'b.png': bytes }, /No model was found among the files \(a\.png, b\.png\)/],
    ['two models', { 'a.onnx': bytes, 'b.onnx': bytes }, /several models: a\.onnx, b\.onnx\. Choose one/],
    ['a text', { 'notes.txt': bytes }, /"notes\.txt" is not a file that the lab knows/],
    ['JSON of something else', { 'package.json': json({ name: 'x' }) }, /package\.json is JSON, but not of a TensorFlow\.js model/],
    ['JSON that is cut short', { 'model.json': strToU8('{"format":') }, /model\.json is not JSON/],
    ['an .h5 that is none', { 'model.h5': bytes }, /"model\.h5" is not an HDF5 file/],
    ['a .keras that is none', { 'model.keras': bytes }, /"model\.keras" is not a zip/],
    ['a SavedModel', { 'saved_model.pb': bytes, 'variables/variables.index': bytes }, /TensorFlow SavedModel: convert it with tensorflowjs_converter/],
    ['a PyTorch checkpoint', { 'net.pth': bytes }, /export the model with torch\.onnx\.export/],
    ['safetensors', { 'model.safetensors': bytes }, /holds weights but no layers/],
    ['shards alone', { 'group1-shard1of2.bin': bytes, 'group1-shard2of2.bin': bytes }, /Weights alone say nothing of the layers/],
    ['Keras weights alone, unpacked', { 'model.weights.h5': bytes, 'config.json': json({}) }, /save the whole model/],
    ['a zip in a zip', { 'a.zip': zipped({ 'b.zip': zipped({ 'c.zip': zipped({}) }) }) }, /a zip within a zip/],
    ['a zip of nothing', { 'a.zip': zipped({}) }, /There are no files/],
  ])('%s', async (_name, files, message) => {
    const opening = open(files);
    await expect(opening).rejects.toThrow(UnknownModelError);
    await expect(opening).rejects.toThrow(message);
  });

  it.each(['../model.json', '/etc/model.json', 'a/../../model.json', 'C:/model.json', '..\\model.json'])('a zip with the path %s', async (path) => {
    const files = await layersFiles();
    const opening = open({ 'a.zip': zipped({ ...files, [path]: files['model.json'] }) });
    await expect(opening).rejects.toThrow(ModelFileError);
    await expect(opening).rejects.toThrow(/leads out of it/);
  });

  it('a model without its weights, naming the file that is missing', async () => {
    const { 'model.json': alone } = await layersFiles();
    for (const files of [{ 'model.json': alone }, { 'a.zip': zipped({ 'model.json': alone }) }] as Files[]) {
      await expect(open(files)).rejects.toThrow(MissingFileError);
      await expect(open(files)).rejects.toThrow(/"weights\.bin" is needed, but is not among the files \(model\.json\)/);
    }
  });

  it('a zip that unpacks to far more than weights ever do, before it is unpacked', async () => {
    const shards = Array.from({ length: 40 }, (_, k) => `zeros${k}.bin`);
    const model = { format: 'graph-model', modelTopology: { node: [{ name: 'x', op: 'Placeholder' }] }, weightsManifest: [{ paths: shards, weights: [] }] };
    const zeros = new Uint8Array(2 ** 21);
    const bomb = zipped({ 'model.json': json(model), ...Object.fromEntries(shards.map((path) => [path, zeros])) });
    expect(bomb.length).toBeLessThan(100_000);
    await expect(open({ 'bomb.zip': bomb })).rejects.toThrow(/claims to unpack to more than 67108864/);
    const repeated = { ...model, weightsManifest: [{ paths: Array.from({ length: 10_000 }, () => 'zeros.bin'), weights: [] }] };
    await expect(open({ 'bomb.zip': zipped({ 'model.json': json(repeated), 'zeros.bin': zeros }) })).rejects.toThrow(/do not belong to this model/);
  });
});

describe('writeModel', () => {
  it.each([
    ['residual', residualNetwork(), ['layers', 'onnx']],
    ['with flatten', plainNetwork(), ['layers', 'onnx']],
    ['of every op', everyOpNetwork(), ['layers', 'onnx']],
    ['with grouped convolutions', mixedNetwork(), ['onnx']],
  ] as const)(
    'writes a network %s in formats that give its outputs when they are opened', async (_name, written, formats) => {
      const input = written.nodes[0];
      const batch = tf.randomUniform([2, ...(input.op === 'input' ? input.attributes.shape : [])], -1, 1, 'float32', 3);
      const [expected] = await runInLab(written, batch);
      for (const format of formats) {
        const [found] = await runInLab(await open(await writeModel(written, format)), batch);
        expect(relativeError(found, expected), format).toBeLessThan(1e-4);
      }
      const files = await writeModel(written, 'safetensors');
      const { tensors } = readSafetensors(files['weights.safetensors']);
      expect([...tensors.values()]).toEqual(written.nodes.flatMap((node) => weightsOf(node).map(([, weight]) => weight)));
      batch.dispose();
    },
  );

  it('names its files by the format', async () => {
    const ofEvery = WRITTEN_FORMATS.filter((format) => format !== 'huggingFace');
    const names = await Promise.all(ofEvery.map(async (format) => Object.keys(await writeModel(network, format))));
    expect(names).toEqual([['model.json', 'weights.bin'], ['model.onnx'], ['weights.safetensors', 'plan.json']]);
    await expect(writeModel(network, 'huggingFace')).rejects.toThrow(/did not come from a Hugging Face folder/);
  });
});
