import { describe, expect, it } from 'vitest';
import { plainNetwork, residualNetwork } from '../network/fixtures/networks.ts';
import { NetworkStructureError, NonFiniteWeightsError, ShapeError, WeightShapeError } from '../network/networkErrors.ts';
import {
  exportTfjsLayers, importTfjsLayers, MissingWeightError, ModelFileError, TruncatedWeightsError, UnsupportedConfigError,
  UnsupportedGraphError, UnsupportedLayerError, UnsupportedWeightError, unzipTfjsLayers,
} from './tfjsLayers.ts';

interface Layer {
  class_name: string;
  name: string;
  config: Record<string, unknown>;
  inbound_nodes: unknown[];
}
interface Spec {
  name: string;
  shape: number[];
  dtype: string;
  quantization?: { dtype: string };
}
interface ModelJson {
  format: string;
  modelTopology: { model_config: { class_name: string; config: { layers: Layer[]; output_layers: unknown } } };
  weightsManifest: { paths: string[]; weights: Spec[] }[];
}

/** A sound export of `network`, damaged by `damage`, then imported. */
async function importDamaged(
  damage: (json: ModelJson, layer: (name: string) => Layer) => void,
  damageBytes: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array = (bytes) => bytes,
  network = residualNetwork(),
): Promise<unknown> {
  const { modelJson, weights } = exportTfjsLayers(network);
  const json = JSON.parse(JSON.stringify(modelJson)) as ModelJson;
  damage(json, (name) => {
    const found = json.modelTopology.model_config.config.layers.find((layer) => layer.name === name);
    if (!found) throw new Error(`no layer ${name}`);
    return found;
  });
  return importTfjsLayers(json, async () => damageBytes(weights));
}

/** Imports with a changed setting of one layer. */
const withConfig = (name: string, config: Record<string, unknown>, network = residualNetwork()): Promise<unknown> =>
  importDamaged((_json, layer) => Object.assign(layer(name).config, config), undefined, network);

describe('a file that is not a layers model', () => {
  it.each([[undefined], [null], ['text'], [[]], [{}], [{ modelTopology: {}, weightsManifest: [] }]])('%j', async (json) => {
    await expect(importTfjsLayers(json, async () => new ArrayBuffer(0))).rejects.toThrow(ModelFileError);
  });

  it('says that a graph model is one', async () => {
    await expect(importTfjsLayers({ format: 'graph-model' }, async () => new ArrayBuffer(0))).rejects.toThrow(/graph model/);
  });

  it('refuses damaged zips and zips without a model', async () => {
    await expect(unzipTfjsLayers(new Uint8Array(40))).rejects.toThrow(ModelFileError);
    const empty = Uint8Array.of(0x50, 0x4b, 5, 6, ...Array.from({ length: 18 }, () => 0));
    await expect(unzipTfjsLayers(empty)).rejects.toThrow(/no model\.json/);
  });
});

describe('weights', () => {
  it('says which weight is cut short, and the bytes expected and found', async () => {
    const cut = importDamaged(() => {}, (bytes) => bytes.slice(0, bytes.length - 1));
    await expect(cut).rejects.toThrow(TruncatedWeightsError);
    await expect(cut).rejects.toThrow(/"logits\/bias" ends at byte \d+, but there are \d+/);
    await expect(importDamaged(() => {}, () => new Uint8Array(0))).rejects.toThrow(/"stem\/kernel"/);
    await expect(importDamaged((json) => { json.weightsManifest[0].weights[0].shape = [1e6, 1e6, 1e6]; })).rejects.toThrow(
      TruncatedWeightsError,
    );
  });

  it('refuses bytes that are left over', async () => {
    await expect(importDamaged(() => {}, (bytes) => new Uint8Array(bytes.length + 4))).rejects.toThrow(/do not belong/);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('refuses %d and names the layer', async (value) => {
    const damaged = importDamaged(() => {}, (bytes) => {
      const copy = bytes.slice();
      new DataView(copy.buffer).setFloat32(8, value, true);
      return copy;
    });
    await expect(damaged).rejects.toThrow(NonFiniteWeightsError);
    await expect(damaged).rejects.toThrow(/"stem".*"kernel".*position 2/);
  });

  it('refuses missing, repeated, misshapen and quantised weights', async () => {
    await expect(importDamaged((json) => { spec(json, 'stem/kernel').name = 'other'; })).rejects.toThrow(MissingWeightError);
    await expect(importDamaged((json) => { spec(json, 'stem/kernel').name = 'logits/bias'; })).rejects.toThrow(/twice/);
    await expect(importDamaged((json) => { spec(json, 'stem/kernel').shape = [3, 3, 6, 3]; })).rejects.toThrow(WeightShapeError);
    await expect(importDamaged((json) => { spec(json, 'stem_norm/beta').shape = [2, 3]; })).rejects.toThrow(/"stem_norm".*"beta"/);
    await expect(importDamaged((json) => { spec(json, 'stem/kernel').dtype = 'int32'; })).rejects.toThrow(UnsupportedWeightError);
    await expect(
      importDamaged((json) => { spec(json, 'stem/kernel').quantization = { dtype: 'int4' }; }),
    ).rejects.toThrow(/"stem\/kernel" is stored as int4/);
    await expect(
      importDamaged((json) => { spec(json, 'stem/kernel').quantization = { dtype: 'uint8' }; }, (bytes) => bytes.slice(486)),
    ).rejects.toThrow(/"stem\/kernel" is quantised to uint8, but its scale and min/);
    await expect(importDamaged((json) => { spec(json, 'stem/kernel').dtype = 'string'; })).rejects.toThrow(/stored as string/);
  });

  it.each(['../secret.bin', '/etc/passwd', 'https://example.com/w.bin', 'a/../../b.bin', '..\\b.bin'])(
    'does not follow the path %s', async (path) => {
      await expect(importDamaged((json) => { json.weightsManifest[0].paths = [path]; })).rejects.toThrow(/does not lie beside/);
    },
  );
});

describe('layers', () => {
  it('names a layer of an unknown class', async () => {
    const damaged = importDamaged((_json, layer) => { layer('stem').class_name = 'LocallyConnected2D'; });
    await expect(damaged).rejects.toThrow(UnsupportedLayerError);
    await expect(damaged).rejects.toThrow(/"stem" is a LocallyConnected2D.*Supported: InputLayer, /);
  });

  it.each([
    ['stem', { padding: 'causal' }, /padding.*"causal"/],
    ['stem', { data_format: 'channels_first' }, /data_format.*"channels_first"/],
    ['stem', { groups: 4 }, /groups must divide 3 inputs and 6 filters, found 4/],
    ['stem', { activation: 'mish' }, /activation must be one of linear, .*"mish"/],
    ['stem', { activation: { class_name: 'Mish', config: {} } }, /activation.*"Mish"/],
    ['stem', { strides: [0, 1] }, /strides/],
    ['stem_norm', { axis: 1 }, /axis must be the last/],
    ['stem_relu', { activation: { class_name: 'relu' } }, /activation/],
    ['input', { batch_input_shape: [null, null, 8, 3] }, /fixed/],
    ['rescaling', { scale: [1, 2] }, /scale must be one number, or 3, found \[1,2\]/],
    ['rescaling', { scale: {} }, /scale/],
    ['pool', { keepdims: 'yes' }, /keepdims.*"yes"/],
  ])('names the setting of "%s" that it cannot take: %j', async (name, config, message) => {
    const damaged = withConfig(name, config);
    await expect(damaged).rejects.toThrow(UnsupportedConfigError);
    await expect(damaged).rejects.toThrow(message);
    await expect(damaged).rejects.toThrow(new RegExp(`"${name}"`));
  });

  it('refuses filters, units and sizes that contradict the weights', async () => {
    await expect(withConfig('stem', { filters: 7 })).rejects.toThrow(WeightShapeError);
    await expect(withConfig('logits', { units: 9 })).rejects.toThrow(/"logits".*\[8, 9\]/);
    await expect(withConfig('stem', { kernel_size: 5 })).rejects.toThrow(/"stem".*\[5, 5, 3, 6\]/);
    await expect(withConfig('pool1', { pool_size: [99, 99] }, plainNetwork())).rejects.toThrow(ShapeError);
  });
});

describe('graphs', () => {
  it('refuses shared layers and several inputs', async () => {
    const shared = importDamaged((_json, layer) => { layer('stem').inbound_nodes.push([['rescaling', 0, 0, {}]]); });
    await expect(shared).rejects.toThrow(UnsupportedGraphError);
    await expect(shared).rejects.toThrow(/"stem" is used 2 times/);
    const second = importDamaged((json, layer) => {
      json.modelTopology.model_config.config.layers.push({ ...layer('input'), name: 'mask' });
    });
    await expect(second).rejects.toThrow(UnsupportedGraphError);
    await expect(second).rejects.toThrow(/2 inputs, "input", "mask"/);
    await expect(importDamaged((_json, layer) => { layer('stem').inbound_nodes = [[['rescaling', 1, 0, {}]]]; })).rejects.toThrow(/use 1/);
    await expect(importDamaged((_json, layer) => { layer('stem').inbound_nodes = [[['rescaling', 0, 2, {}]]]; })).rejects.toThrow(/output 2/);
    await expect(
      importDamaged((_json, layer) => { layer('stem').inbound_nodes = [[['rescaling', 0, 0, { training: true }]]]; }),
    ).rejects.toThrow(/"stem" is called with training = true/);
    await expect(importDamaged((_json, layer) => { layer('stem').inbound_nodes = [{ args: [3], kwargs: {} }]; })).rejects.toThrow(
      UnsupportedGraphError,
    );
  });

  it('refuses cycles, unknown inputs, repeated names and unreadable connections', async () => {
    const wired = (...inbound: unknown[]): Promise<unknown> =>
      importDamaged((_json, layer) => { layer('stem').inbound_nodes = inbound; });
    await expect(wired([['block1_relu', 0, 0, {}]])).rejects.toThrow(/cycle/);
    await expect(wired([['stem', 0, 0, {}]])).rejects.toThrow(/cycle/);
    await expect(wired([['ghost', 0, 0, {}]])).rejects.toThrow(/"stem" reads "ghost", which does not exist/);
    await expect(wired(17)).rejects.toThrow(ModelFileError);
    await expect(wired()).rejects.toThrow(/"stem" \(Conv2D\) reads from no layer/);
    await expect(wired([['rescaling', 0, 0, {}], ['input', 0, 0, {}]])).rejects.toThrow(/takes one input, found 2/);
    await expect(importDamaged((_json, layer) => { layer('stem').name = 'logits'; })).rejects.toThrow(/Two layers/);
    await expect(
      importDamaged((json) => { json.modelTopology.model_config.config.output_layers = [['ghost', 0, 0]]; }),
    ).rejects.toThrow(/output_layers name "ghost", which does not exist/);
  });

  it('refuses a fused activation whose name is taken', async () => {
    const damaged = importDamaged((json, layer) => {
      layer('logits').config.activation = 'softmax';
      layer('pool').name = 'logits_activation';
      layer('logits').inbound_nodes = [[['logits_activation', 0, 0, {}]]];
      json.modelTopology.model_config.config.output_layers = [['logits', 0, 0]];
    });
    await expect(damaged).rejects.toThrow(NetworkStructureError);
  });

  it('reads layers in any order, and the connections of Keras 3', async () => {
    const shuffled = await importDamaged((json) => {
      json.modelTopology.model_config.config.layers.reverse();
    });
    const order = (shuffled as ReturnType<typeof residualNetwork>).nodes.map((node) => node.id);
    for (const node of residualNetwork().nodes) {
      for (const input of node.inputs) expect(order.indexOf(input)).toBeLessThan(order.indexOf(node.id));
    }
    const keras3 = await importDamaged((json) => {
      const { config } = json.modelTopology.model_config;
      for (const layer of config.layers) {
        const [sources] = layer.inbound_nodes as [string][][];
        if (!sources) continue;
        const tensors = sources.map(([name]) => kerasTensor(name));
        layer.inbound_nodes = [{ args: tensors.length > 1 ? [tensors] : tensors, kwargs: {} }];
      }
      config.output_layers = ['logits', 0, 0];
    });
    expect(keras3).toStrictEqual(residualNetwork());
  });
});

function spec(json: ModelJson, name: string): Spec {
  const found = json.weightsManifest[0].weights.find((weight) => weight.name === name);
  if (!found) throw new Error(`no weight ${name}`);
  return found;
}

function kerasTensor(name: string): unknown {
  return {
    class_name: '__keras_tensor__',
    config: { shape: [null, 8, 8, 6], dtype: 'float32', keras_history: [name, 0, 0] },
  };
}
