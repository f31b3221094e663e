/**
 * `values`, row-major with the axes of `shape`, under the axis order of the result: its axis k is
 * axis `order[k]`. Returns a copy. O(values).
 */
export function transposeValues(values: ArrayLike<number>, shape: readonly number[], order: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const sizes = order.map((axis) => shape[axis]);
  const steps = order.map((axis) => strides[axis]);
  const result = new Float32Array(values.length);
  if (result.length === 0) return result;
  const at = sizes.map(() => 0);
  let source = 0;
  for (let k = 0; k < result.length; k++) {
    result[k] = values[source];
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      source += steps[axis];
      if (++at[axis] < sizes[axis]) break;
      source -= steps[axis] * sizes[axis];
      at[axis] = 0;
    }
  }
  return result;
}
