import { z } from 'zod';
import { nodeOf, parseConfig, type LayerReader } from '../layerSource.ts';

const dropoutConfig = z.looseObject({ rate: z.number().min(0).max(1) });

/** Layers that do something in training alone: at inference they are the identity. */
export const readDropout: LayerReader = (layer) => {
  const { rate } = parseConfig(layer, dropoutConfig);
  return [nodeOf(layer, 'dropout', { rate }, {})];
};

/** The same for noise, augmentation and penalties, which have no rate. */
export const readTrainingOnly: LayerReader = (layer) => [nodeOf(layer, 'dropout', { rate: 0 }, {})];
