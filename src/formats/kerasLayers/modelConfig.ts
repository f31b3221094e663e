import { z } from 'zod';
import { describeIssue } from './describeValue.ts';
import { ModelFileError } from './errors.ts';
import { fileList } from './fileList.ts';

/**
 * Whose rules hold where they differ: those of plain TensorFlow.js, which opens Keras 2 files and
 * ignores some of their settings, or those of Keras itself.
 */
export type Dialect = 'tfjs' | 'keras2' | 'keras3';

/** One layer of the file, its config not yet read. `module` tells Keras 3's operations from its layers. */
const fileLayer = z.looseObject({
  class_name: z.string(),
  module: z.string().nullish(),
  name: z.string().optional(),
  config: z.looseObject({ name: z.string().optional() }),
  inbound_nodes: fileList(z.unknown()).optional(),
});

const unnamed = { name: undefined, input_layers: undefined, output_layers: undefined, build_input_shape: undefined };

/** A Sequential or Functional model: the file's own, or one that serves as a layer. */
const modelConfig = z.looseObject({
  class_name: z.string(),
  config: z.union([
    fileList(fileLayer).transform((layers) => ({ ...unnamed, layers })),
    z.looseObject({
      name: z.string().optional(),
      layers: fileList(fileLayer),
      input_layers: z.unknown().optional(),
      output_layers: z.unknown().optional(),
      build_input_shape: z.unknown().optional(),
    }),
  ]),
});

/** Classes of models that are a list of layers, wired. */
export const MODEL_CLASSES: ReadonlySet<string> = new Set(['Sequential', 'Functional', 'Model']);

export type FileLayer = z.infer<typeof fileLayer>;
export type ModelConfig = z.infer<typeof modelConfig>;

const classNamed = z.looseObject({ class_name: z.string() });

/** The model that `value` describes; throws `ModelFileError` naming what is wrong in it. */
export function parseModelConfig(value: unknown, what: string): ModelConfig {
  const { data: named } = classNamed.safeParse(value);
  if (named && !MODEL_CLASSES.has(named.class_name)) {
    throw new ModelFileError(`${what} is of class ${named.class_name}; only Sequential and Functional models are read.`);
  }
  const parsed = modelConfig.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ModelFileError(`${what} cannot be read: ${describeIssue(parsed.error, value)}`);
}
