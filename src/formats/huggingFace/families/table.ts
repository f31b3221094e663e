import { describeValue } from '../../kerasLayers/describeValue.ts';
import { UnsupportedHuggingFaceModelError } from '../errors.ts';
import type { Family } from '../family.ts';
import type { Json } from '../settings.ts';
import { gpt2 } from './gpt2.ts';
import { llama } from './llama.ts';
import { opt } from './opt.ts';
import { swin } from './swin.ts';
import { vit } from './vit.ts';

const FAMILIES: ReadonlyMap<unknown, Family> = new Map(Object.entries({ gpt2, llama, opt, swin, vit }));

/** The family that a config's `model_type` names. Throws `UnsupportedHuggingFaceModelError`. */
export function familyOf(config: Json): Family {
  const type = Object.hasOwn(config, 'model_type') ? config['model_type'] : undefined;
  const family = FAMILIES.get(type);
  if (family) return family;
  throw new UnsupportedHuggingFaceModelError(`config.json: a "model_type" of ${describeValue(type)} is not supported. Supported: ${[...FAMILIES.keys()].join(', ')}.`);
}
