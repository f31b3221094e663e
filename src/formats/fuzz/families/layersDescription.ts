import { Dice } from '../dice.ts';
import type { FuzzCase, FuzzFamily } from '../fuzzCase.ts';
import { cuts, mutateBytes } from '../mutators/bytes.ts';
import { mutateJson, type Json } from '../mutators/json.ts';
import { modelCase, type Expectation } from '../networkOracle.ts';
import { filesOf, soundLayersModels, type LayerJson, type ModelJson, type SoundModel } from './layersModel.ts';
import { otherwiseInTfjs } from './plainTfjs.ts';
import { encoded } from './sources.ts';

/** The description of a TensorFlow.js layers model, `model.json`. */
export const layersDescription: FuzzFamily = {
  async cases(seed) {
    const sounds = await soundLayersModels();
    return [
      ...sounds.flatMap((sound) => cut(sound)),
      ...Array.from({ length: 80 }, (_, k) => damagedText(sounds[k % sounds.length], new Dice(seed * 1000 + k))),
      ...Array.from({ length: 440 }, (_, k) => damagedTree(sounds[k % sounds.length], new Dice(seed * 1000 + 500 + k))),
      ...sounds.flatMap((sound) => noticed(sound)),
    ];
  },
};

function caseOf({ network, weights }: SoundModel, name: string, expect: Expectation, text: () => string): FuzzCase {
  return modelCase({ name: `${network.name}: ${name}`, files: () => filesOf(text(), weights), expect, sound: network, compare: otherwiseInTfjs });
}

function cut(sound: SoundModel): readonly FuzzCase[] {
  const text = JSON.stringify(sound.json);
  return cuts(encoded(text), 14).map((length) => caseOf(sound, `cut to ${length} bytes`, 'refused', () => text.slice(0, length)));
}

function damagedText({ network, json, weights }: SoundModel, dice: Dice): FuzzCase {
  const { name, bytes } = mutateBytes(encoded(JSON.stringify(json)), dice);
  return modelCase({ name: `${network.name}: ${name}`, files: () => ({ 'model.json': bytes, 'weights.bin': weights }), expect: 'anyNetwork', sound: network, compare: otherwiseInTfjs });
}

function damagedTree(sound: SoundModel, dice: Dice): FuzzCase {
  const { name, text } = mutateJson(sound.json as unknown as Json, dice);
  return caseOf(sound, name, 'anyNetwork', () => text);
}

/** What may not pass, whatever it is that stands in the file. */
function noticed(sound: SoundModel): readonly FuzzCase[] {
  const changed = (name: string, change: (json: ModelJson, layers: LayerJson[]) => void): FuzzCase =>
    caseOf(sound, name, 'refused', () => {
      const json = structuredClone(sound.json);
      change(json, json.modelTopology.model_config.config.layers);
      return JSON.stringify(json);
    });
  const { layers } = sound.json.modelTopology.model_config.config;
  const last = layers[layers.length - 1].name;
  const specs = sound.json.weightsManifest[0].weights;
  return [
    ...layers.slice(1).flatMap(({ name }, k) => [
      changed(`"${name}" reads itself`, (_json, all) => { all[k + 1].inbound_nodes = [[[name, 0, 0, {}]]]; }),
      changed(`"${name}" reads the last layer`, (_json, all) => { all[k + 1].inbound_nodes = [[[last, 0, 0, {}]]]; }),
      changed(`"${name}" reads nothing`, (_json, all) => { all[k + 1].inbound_nodes = []; }),
    ]),
    ...specs.flatMap(({ name, shape }, k) => [
      changed(`"${name}" has one more row`, (json) => { json.weightsManifest[0].weights[k].shape = [shape[0] + 1, ...shape.slice(1)]; }),
      changed(`"${name}" is of 10^18 values`, (json) => { json.weightsManifest[0].weights[k].shape = [1e9, 1e9]; }),
      changed(`"${name}" is missing`, (json) => { json.weightsManifest[0].weights[k].name = 'other/weight'; }),
    ]),
  ];
}
