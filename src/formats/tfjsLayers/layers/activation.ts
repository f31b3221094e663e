import { z } from 'zod';
import type { ActivationName, Node } from '../../../network/network.ts';
import { UnsupportedConfigError } from '../errors.ts';
import { parseConfig, requireLastAxis, type LayerReader, type LayerSource, type LayerWriter } from './layerCodec.ts';

export const activationName = z.enum(['linear', 'relu', 'relu6', 'softmax', 'sigmoid', 'tanh']);

function activationNode(id: string, inputs: readonly string[], name: ActivationName): Node {
  return { id, op: 'activation', inputs, attributes: { function: name }, weights: {} };
}

/** `node`, followed by its fused activation as a node `<layer>_activation` unless that is linear. */
export function withActivation(node: Node, name: ActivationName): readonly Node[] {
  return name === 'linear' ? [node] : [node, activationNode(`${node.id}_activation`, [node.id], name)];
}

export const readActivation: LayerReader = (layer) => {
  const config = parseConfig(layer, z.looseObject({ activation: activationName }));
  return [activationNode(layer.name, layer.inputs, config.activation)];
};

const reluConfig = z.looseObject({
  max_value: z.number().nullish(),
  negative_slope: z.union([z.number(), z.array(z.number())]).nullish(),
  threshold: z.union([z.number(), z.array(z.number())]).nullish(),
});

export const readReLU: LayerReader = (layer) => {
  const config = parseConfig(layer, reluConfig);
  const limit = config.max_value ?? undefined;
  if (limit !== undefined && limit !== 6) refuse(layer, 'max_value must be absent or 6', limit);
  for (const key of ['negative_slope', 'threshold'] as const) {
    if ([config[key] ?? 0].flat().some((value) => value !== 0)) refuse(layer, `${key} must be 0`, config[key]);
  }
  return [activationNode(layer.name, layer.inputs, limit === 6 ? 'relu6' : 'relu')];
};

export const readSoftmax: LayerReader = (layer) => {
  const { axis } = parseConfig(layer, z.looseObject({ axis: z.union([z.number(), z.array(z.number())]).default(-1) }));
  requireLastAxis(layer, axis);
  return [activationNode(layer.name, layer.inputs, 'softmax')];
};

export const writeActivation: LayerWriter<'activation'> = (node) => ({
  className: 'Activation',
  config: { activation: node.attributes.function },
});

function refuse(layer: LayerSource, problem: string, found: unknown): never {
  throw new UnsupportedConfigError(layer.name, layer.className, `${problem}, found ${JSON.stringify(found)}.`);
}
