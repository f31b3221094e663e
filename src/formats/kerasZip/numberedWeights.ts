import type { Hdf5File } from '../kerasH5/hdf5File.ts';
import { MissingWeightError, ModelFileError } from '../kerasLayers/errors.ts';
import type { WeightSource } from '../kerasLayers/layerSource.ts';
import type { GraphLayer, Slot } from '../kerasLayers/modelGraph.ts';

/**
 * Weights as `model.weights.h5` of a `.keras` file holds them: the datasets `0`, `1`, … of
 * `layers/<class>_<n>/vars`, in the order in which Keras makes them; `<class>` in snake case, n
 * counted among the layers of that class (absent for the first), inner models nested the same way.
 *
 * Throws `ModelFileError` where a layer has more or fewer weights than its settings say, or another
 * name; `MissingWeightError` where it has none.
 */
export function numberedWeights(file: Hdf5File): WeightSource {
  return (layer, order) => {
    const group = groupOf(layer, file);
    const vars = `${group}/vars`;
    const names = order.length === 0 ? [] : file.isGroup(vars) ? file.names(vars) : undefined;
    if (!names) throw new MissingWeightError(layer.id, order[0], `the group "${vars}" of model.weights.h5 does not hold`);
    const [name] = order.length === 0 ? [] : (file.strings(vars, 'name') ?? []);
    if (name !== undefined && name !== layer.path.at(-1)) {
      throw new ModelFileError(`Layer "${layer.id}" should have its weights in "${vars}", but those are of "${name}".`);
    }
    if (names.length !== order.length) {
      throw new ModelFileError(`Layer "${layer.id}" has ${order.length} weights (${order.join(', ')}), but "${vars}" holds ${names.length}.`);
    }
    return (weight) => file.weight(`${vars}/${order.indexOf(weight)}`);
  };
}

function groupOf(layer: GraphLayer, file: Hdf5File): string {
  let group = '';
  for (const slot of layer.slots) group = `${group}${group === '' ? '' : '/'}${childOf(group, slot, file)}`;
  return group;
}

/** Keras 2.13 and before have another container, in whose numbers there are gaps. */
const OLD_CONTAINER = '_layer_checkpoint_dependencies';

function childOf(group: string, { className, index }: Slot, file: Hdf5File): string {
  const name = snakeCase(className);
  const old = group === '' ? OLD_CONTAINER : `${group}/${OLD_CONTAINER}`;
  if (!file.isGroup(old)) return `layers/${name}${index > 0 ? `_${index}` : ''}`;
  const numberOf = (child: string): number => Number(child.slice(name.length + 1) || 0);
  const children = file.names(old)
    .filter((child) => child === name || (child.startsWith(`${name}_`) && Number.isInteger(numberOf(child))))
    .sort((a, b) => numberOf(a) - numberOf(b));
  return `${OLD_CONTAINER}/${children[index] ?? name}`;
}

/** As Keras: `BatchNormalization` → `batch_normalization`, `Conv2D` → `conv2d`, `PReLU` → `p_re_lu`. */
export function snakeCase(className: string): string {
  return className
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
