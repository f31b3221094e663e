import { z } from 'zod';
import { describeIssue } from '../kerasLayers/describeValue.ts';
import { ModelFileError } from '../kerasLayers/errors.ts';
import { fileList } from '../kerasLayers/fileList.ts';
import { parseModelConfig, type Dialect, type ModelConfig } from '../kerasLayers/modelConfig.ts';

const quantization = z.looseObject({ dtype: z.string(), scale: z.number().optional(), min: z.number().optional() });

const weightSpec = z.looseObject({
  name: z.string(),
  shape: fileList(z.number().int().nonnegative()),
  dtype: z.string(),
  quantization: quantization.optional(),
});

/** One run of weights, in one or more shards. */
export const weightsGroup = z.looseObject({ paths: fileList(z.string()).refine((paths) => paths.length > 0, 'must name a file'), weights: fileList(weightSpec) });

/** `model.json`, its model not yet read. */
const modelJsonSchema = z.looseObject({
  modelTopology: z.looseObject({ model_config: z.unknown().optional() }),
  weightsManifest: fileList(weightsGroup),
});

export type WeightSpec = z.infer<typeof weightSpec>;
export type WeightsGroup = z.infer<typeof weightsGroup>;

/** The model and the manifest of a parsed `model.json`. Throws `ModelFileError`. */
export function parseModelJson(modelJson: unknown): { model: ModelConfig; weightsManifest: readonly WeightsGroup[] } {
  if (typeof modelJson === 'object' && modelJson !== null && 'format' in modelJson && modelJson.format === 'graph-model') {
    throw new ModelFileError('This is a TensorFlow.js graph model, not a layers model. Open it as a graph model.');
  }
  const parsed = modelJsonSchema.safeParse(modelJson);
  if (!parsed.success) {
    throw new ModelFileError(`This is not a TensorFlow.js layers model: ${describeIssue(parsed.error, modelJson)}`);
  }
  const { modelTopology, weightsManifest } = parsed.data;
  return { model: parseModelConfig(modelTopology.model_config ?? modelTopology, 'The modelTopology'), weightsManifest };
}

/**
 * Keras 3 where the file is written as only Keras 3 does: calls as `{ args, kwargs }`, or an input
 * with a `batch_shape`. Plain TensorFlow.js cannot open such a file, so that Keras alone says what
 * it means; of all other files plain TensorFlow.js does.
 */
export function dialectOf({ config: { layers } }: ModelConfig): Dialect {
  const keras3 = layers.some(
    ({ class_name: className, config, inbound_nodes: calls }) =>
      (className === 'InputLayer' && 'batch_shape' in config && !('batch_input_shape' in config)) ||
      calls?.some((call) => typeof call === 'object' && call !== null && 'args' in call),
  );
  return keras3 ? 'keras3' : 'tfjs';
}
