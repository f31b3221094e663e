import { z } from 'zod';
import type { Node } from '../../../network/network.ts';
import { UnsupportedGraphError } from '../errors.ts';
import { nodeOf, parseConfig, type LayerReader } from '../layerSource.ts';

const concatenateConfig = z.looseObject({ axis: z.number().int().default(-1) });

export const readConcatenate: LayerReader = (layer) => {
  const { axis } = parseConfig(layer, concatenateConfig);
  const rank = (layer.inputShapes[0]?.length ?? 0) + 1;
  const counted = axis < 0 ? axis + rank : axis;
  if (counted < 1) throw new UnsupportedGraphError(`Layer "${layer.id}" (Concatenate) joins along axis ${axis}, which is not one of a sample's.`);
  return [nodeOf(layer, 'concat', { axis: counted - 1 }, {})];
};

/** A sum `<layer>_sum`, and a rescaling that has the layer's name. */
export const readAverage: LayerReader = (layer) => {
  const sum: Node = { ...nodeOf(layer, 'add', {}, {}), id: `${layer.id}_sum` };
  const mean = nodeOf(layer, 'rescaling', { scale: 1 / layer.inputs.length, offset: 0 }, {});
  return [sum, { ...mean, inputs: [sum.id] }];
};
