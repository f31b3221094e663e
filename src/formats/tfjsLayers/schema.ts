import { z } from 'zod';

/** One layer of the file, its config not yet read. */
const fileLayer = z.looseObject({
  class_name: z.string(),
  name: z.string().optional(),
  config: z.looseObject({ name: z.string().optional() }),
  inbound_nodes: z.array(z.unknown()).optional(),
});

const modelConfig = z.looseObject({
  class_name: z.string(),
  config: z.union([
    z.array(fileLayer).transform((layers) => ({ name: undefined, layers, input_layers: undefined, output_layers: undefined })),
    z.looseObject({
      name: z.string().optional(),
      layers: z.array(fileLayer),
      input_layers: z.unknown().optional(),
      output_layers: z.unknown().optional(),
    }),
  ]),
});

const weightSpec = z.looseObject({
  name: z.string(),
  shape: z.array(z.number().int().nonnegative()),
  dtype: z.string(),
  quantization: z.looseObject({ dtype: z.string() }).optional(),
});

const weightsGroup = z.looseObject({ paths: z.array(z.string()).min(1), weights: z.array(weightSpec) });

/** `model.json` of a TensorFlow.js layers model, as far as the importer reads it. */
export const modelJsonSchema = z.looseObject({
  modelTopology: z.union([
    z.looseObject({ model_config: modelConfig }).transform((topology) => topology.model_config),
    modelConfig,
  ]),
  weightsManifest: z.array(weightsGroup),
});

export type FileLayer = z.infer<typeof fileLayer>;
export type ModelConfig = z.infer<typeof modelConfig>;
export type WeightsGroup = z.infer<typeof weightsGroup>;

/** `path: message, found value` for the first problem of a failed parse of `input`. */
export function describeIssue(error: z.ZodError, input: unknown): string {
  const [issue] = error.issues;
  const path = issue.path.map(String);
  const found = path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    input,
  );
  const shown = JSON.stringify(found)?.slice(0, 80) ?? 'nothing';
  return `${path.length > 0 ? path.join('.') : 'value'}: ${issue.message}, found ${shown}.`;
}
