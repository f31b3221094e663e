import type { Shape } from '../../network/network.ts';
import type { BlockWidths } from './blockWidths.ts';
import type { Draft } from './draft.ts';
import type { Normalisation } from './pixelInput.ts';
import type { Json } from './settings.ts';

export interface DraftOptions {
  /** Before all names of the body's tensors and layers: the family's own prefix, or nothing. */
  readonly prefix: string;
  /** `[tokens]`, of models that read text. */
  readonly inputShape?: Shape;
  /** What pixels 0–255 become first, for models that see pictures. */
  readonly normalisation?: Normalisation;
}

/** How the models of one `model_type` are made of nodes, and what their configs can say. */
export interface Family {
  readonly reads: 'text' | 'pictures';
  /** What stands before the body's names where the file has a head too. */
  readonly prefix: string;
  /** Tensors of a file that follow from others, or that no output depends on. */
  readonly unused: RegExp;
  /** The nodes of a model with this config. Throws `HuggingFaceFileError` or `UnsupportedHuggingFaceModelError`. */
  draft(config: Json, options: DraftOptions): Draft;
  /** The setting that counts the blocks; absent where they stand in stages. */
  readonly depthKey?: string;
  /** Settings by which the family's class has these MLP widths; undefined where it cannot. */
  mlpSettings(config: Json, widths: readonly BlockWidths[]): Json | undefined;
  /** Likewise of heads that are fewer than the intact model's; absent where the class fixes `heads · headDim`. */
  headSettings?(widths: BlockWidths, headDim: number): Json;
  /** Settings that give layers whose ids match a bias. */
  readonly biasSettings: readonly (readonly [layers: RegExp, setting: string])[];
}

/** One MLP width under a setting's name; undefined where blocks differ. */
export function uniformMlp(key: string): Family['mlpSettings'] {
  return (_config, widths) => (widths.every(({ mlp }) => mlp === widths[0].mlp) ? { [key]: widths[0].mlp } : undefined);
}
