import { z } from 'zod';
import type { Node, NodeOf } from '../../../network/network.ts';
import { axes, nodeOf, parseConfig, refuse, refuseIgnored, requireLastAxis, type LayerReader, type LayerSource } from '../layerSource.ts';

type Activation = NodeOf<'activation'>['attributes'];

/** Keras's names of activation functions; `hard_sigmoid` is not here, as its slope has changed. */
const FUNCTIONS: ReadonlyMap<string, Activation> = new Map([
  ['linear', { function: 'linear' }],
  ['relu', { function: 'relu' }],
  ['relu6', { function: 'relu6' }],
  ['leaky_relu', { function: 'leakyRelu', alpha: 0.2 }],
  ['elu', { function: 'elu' }],
  ['selu', { function: 'selu' }],
  ['gelu', { function: 'gelu' }],
  ['gelu_new', { function: 'geluTanh' }],
  ['silu', { function: 'silu' }],
  ['swish', { function: 'silu' }],
  ['hard_silu', { function: 'hardSwish' }],
  ['hard_swish', { function: 'hardSwish' }],
  ['sigmoid', { function: 'sigmoid' }],
  ['tanh', { function: 'tanh' }],
  ['softplus', { function: 'softplus' }],
  ['softmax', { function: 'softmax' }],
]);
/** `clip(x / 5 + 1/2, 0, 1)` in Keras 2 and TensorFlow.js; `clip(x / 6 + 1/2, 0, 1)` in Keras 3. */
const KERAS2_HARD_SIGMOID: Activation = { function: 'hardSigmoid', alpha: 0.2, beta: 0.5 };
const KERAS3_HARD_SIGMOID: Activation = { function: 'hardSigmoid' };

const named = z.looseObject({ class_name: z.string(), config: z.unknown().optional() });
const settings = z.record(z.string(), z.unknown());

/**
 * An `activation` setting: a name, a function object (`{ class_name: 'function', config: name }`), or
 * an activation layer. Throws `UnsupportedConfigError` for others.
 */
export function readActivationSetting(layer: LayerSource, setting: unknown): Activation {
  const byName = typeof setting === 'string' ? activationCalled(setting, layer) : undefined;
  if (setting === null || setting === undefined) return { function: 'linear' };
  if (byName) return byName;
  const object = named.safeParse(setting);
  if (object.success && typeof object.data.config === 'string') return readActivationSetting(layer, object.data.config);
  const config = settings.safeParse(object.data?.config);
  const readLayer = object.success ? ACTIVATION_LAYERS.get(object.data.class_name) : undefined;
  if (object.success && config.success && readLayer) {
    return readLayer({ ...layer, className: `${layer.className} with a fused ${object.data.class_name}`, config: config.data });
  }
  return refuse(layer, `activation must be one of ${[...FUNCTIONS.keys(), 'hard_sigmoid'].join(', ')}`, setting);
}

/** The function that Keras calls `name`, in the layer's dialect. */
export function activationCalled(name: string, { dialect }: LayerSource): Activation | undefined {
  if (name === 'hard_sigmoid') return dialect === 'keras3' ? KERAS3_HARD_SIGMOID : KERAS2_HARD_SIGMOID;
  return FUNCTIONS.get(name);
}

/** `node`, followed by its fused activation as a node `<layer>_activation` unless that is linear. */
export function withActivation(node: Node, attributes: Activation): readonly Node[] {
  if (attributes.function === 'linear') return [node];
  return [node, { id: `${node.id}_activation`, op: 'activation', inputs: [node.id], attributes, weights: {} }];
}

const slope = z.union([z.number(), z.array(z.number()).length(1).transform(([value]) => value)]).nullish();
const reluConfig = z.looseObject({ max_value: z.number().nullish(), negative_slope: slope, threshold: slope });

function relu(layer: LayerSource): Activation {
  const { max_value: limit, negative_slope: alpha, threshold } = parseConfig(layer, reluConfig);
  if (threshold) {
    refuseIgnored(layer, 'threshold must be 0', threshold);
    refuse(layer, 'threshold must be 0; a rectifier with a threshold would have to be an op of its own', threshold);
  }
  if (alpha) {
    refuseIgnored(layer, 'negative_slope must be 0', alpha);
    if (typeof limit === 'number') refuse(layer, 'max_value must be absent where negative_slope is not 0', limit);
    return { function: 'leakyRelu', alpha };
  }
  if (typeof limit !== 'number') return { function: 'relu' };
  if (limit !== 6) refuse(layer, 'max_value must be absent or 6; another limit would have to be an op of its own', limit);
  return { function: 'relu6' };
}

/** Keras 2 calls the slope `alpha`, Keras 3 `negative_slope`. */
const leakyReluConfig = z.looseObject({ alpha: slope, negative_slope: slope });

function leakyRelu(layer: LayerSource): Activation {
  const { alpha, negative_slope: negativeSlope } = parseConfig(layer, leakyReluConfig);
  return { function: 'leakyRelu', alpha: negativeSlope ?? alpha ?? 0.3 };
}

const eluConfig = z.looseObject({ alpha: slope });

function elu(layer: LayerSource): Activation {
  const { alpha } = parseConfig(layer, eluConfig);
  return { function: 'elu', ...(typeof alpha === 'number' && alpha !== 1 && { alpha }) };
}

const softmaxConfig = z.looseObject({ axis: axes.default(-1) });

function softmax(layer: LayerSource): Activation {
  const { axis } = parseConfig(layer, softmaxConfig);
  requireLastAxis(layer, axis);
  return { function: 'softmax' };
}

const ACTIVATION_LAYERS: ReadonlyMap<string, (layer: LayerSource) => Activation> = new Map([
  ['ReLU', relu],
  ['LeakyReLU', leakyRelu],
  ['ELU', elu],
  ['Softmax', softmax],
]);

const asNode = (attributes: (layer: LayerSource) => Activation): LayerReader => (layer) => [
  nodeOf(layer, 'activation', attributes(layer), {}),
];

export const readReLU = asNode(relu);
export const readLeakyReLU = asNode(leakyRelu);
export const readELU = asNode(elu);
export const readSoftmax = asNode(softmax);
export const readIdentity = asNode(() => ({ function: 'linear' }));

const activationConfig = z.looseObject({ activation: z.unknown().optional() });

export const readActivation = asNode((layer) => {
  const { activation } = parseConfig(layer, activationConfig);
  return readActivationSetting(layer, activation ?? refuse(layer, 'activation must be given', activation));
});

/** Alpha has the value's shape, 1 along the axes that share it. */
export const readPReLU: LayerReader = (layer) => [
  nodeOf(layer, 'prelu', {}, { alpha: layer.weights(['alpha'])('alpha') }),
];
