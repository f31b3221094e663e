import type { Network } from '../../network/network.ts';
import { tokenInput } from '../../network/sequenceLength.ts';
import { validateNetwork } from '../../network/shapes.ts';
import { writeSafetensors } from '../safetensors.ts';
import { describePruning } from './describedPruning.ts';
import { HuggingFaceExportError } from './errors.ts';
import { familyOf } from './families/table.ts';
import { normalisationOf } from './pixelInput.ts';
import { exportReadme } from './readme.ts';
import { parseObject } from './settings.ts';
import { SINGLE } from './shards.ts';
import { writtenTensors } from './writtenTensors.ts';

export interface HuggingFaceExport {
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Why the transformers library will not load it, and what to do so that it would; empty where it does. */
  readonly warnings: readonly string[];
}

/**
 * A network that was opened from Hugging Face's layout, pruned or not, in the same layout: tensors
 * under the names that they came by, the changed `config.json`, a README.md that says what was
 * changed, and the files of `beside` (the tokenizer's). `importHuggingFace` reads every such export.
 *
 * @throws HuggingFaceExportError where the network came from elsewhere or its layers have no place in its family; what `validateNetwork` throws
 */
export function exportHuggingFace(network: Network, beside: Readonly<Record<string, Uint8Array>> = {}): HuggingFaceExport {
  const { origin } = network;
  if (origin?.format !== 'huggingFace') {
    throw new HuggingFaceExportError(`The network "${network.name}" did not come from a Hugging Face folder, so there is no config.json to write it with. Write it in another format.`);
  }
  validateNetwork(network);
  const original = parseObject('config.json', encode(origin.files['config.json'] ?? ''));
  const family = familyOf(original);
  const processor = origin.files['preprocessor_config.json'];
  const inputShape = tokenInput(network)?.attributes.shape;
  const options = {
    prefix: network.nodes.some(({ id }) => id.startsWith(family.prefix)) ? family.prefix : '',
    ...(inputShape && { inputShape }),
    ...(processor !== undefined && { normalisation: normalisationOf(parseObject('preprocessor_config.json', encode(processor))) }),
  };
  const { config, widths, network: renamed, warnings } = describePruning(original, network, family, options);
  const tensors = writtenTensors(renamed, family.draft(config, options));
  return {
    files: {
      ...beside,
      'config.json': encode(`${JSON.stringify(config, null, 2)}\n`),
      [SINGLE]: writeSafetensors(tensors, { format: 'pt' }),
      ...(processor !== undefined && { 'preprocessor_config.json': encode(processor) }),
      'README.md': encode(exportReadme(String(original['model_type']), widths, warnings, family.reads)),
    },
    warnings,
  };
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
