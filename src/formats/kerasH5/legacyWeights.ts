import { MissingWeightError } from '../kerasLayers/errors.ts';
import type { WeightSource } from '../kerasLayers/layerSource.ts';
import { weightNames } from '../kerasLayers/weightNames.ts';
import type { Hdf5File } from './hdf5File.ts';

/**
 * Weights as whole-model HDF5 files hold them: `model_weights/<outermost layer>` is a group, its
 * attribute `weight_names` lists the datasets within, `<scopes>/<layer>/<weight>:0`, those of the
 * layers of an inner model together. Looking one up throws `MissingWeightError`.
 */
export function legacyWeights(file: Hdf5File): WeightSource {
  const groups = new Map<string, (path: readonly string[], weight: string) => string | undefined>();
  const findIn = (group: string) => {
    const known = groups.get(group) ?? lookUp(group, file);
    groups.set(group, known);
    return known;
  };
  return (layer) => (weight) => {
    const group = `model_weights/${layer.path[0]}`;
    const stored = findIn(group)(layer.path, weight);
    if (stored === undefined) throw new MissingWeightError(layer.id, weight, `the group "${group}" of the file does not hold`);
    return file.weight(`${group}/${stored}`);
  };
}

function lookUp(group: string, file: Hdf5File): (path: readonly string[], weight: string) => string | undefined {
  const stored = new Map((file.isGroup(group) ? listedNames(group, file) : []).map((name) => [name.replace(/:\d+$/, ''), name]));
  const find = weightNames([...stored.keys()]);
  return (path, weight) => {
    // a layer that was renamed keeps the old name in those of its weights
    const renamed = path.length === 1 ? [...stored.keys()].filter((name) => name.split('/').at(-1) === weight) : [];
    const name = find(path, weight) ?? (renamed.length === 1 ? renamed[0] : undefined);
    return name === undefined ? undefined : stored.get(name);
  };
}

/** Keras splits lists that are too long for one attribute: `weight_names0`, `weight_names1`, … */
function listedNames(group: string, file: Hdf5File): readonly string[] {
  const whole = file.strings(group, 'weight_names');
  if (whole) return whole;
  const names: string[] = [];
  for (let part = 0; ; part++) {
    const more = file.strings(group, `weight_names${part}`);
    if (!more) return names;
    names.push(...more);
  }
}
