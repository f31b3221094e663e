/**
 * `values`, row-major with the axes of `shape`, under the axis order of the result: its axis k is
 * axis `order[k]`. Returns a copy. O(values).
 */
export function transposeValues(values: ArrayLike<number>, shape: readonly number[], order: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const result = new Float32Array(values.length);
  if (order.length === 0) result.set(values);
  if (result.length === 0 || order.length === 0) return result;
  const sizes = order.map((axis) => shape[axis]);
  const steps = order.map((axis) => strides[axis]);
  const last = sizes.length - 1;
  const [run, step] = [sizes[last], steps[last]];
  const at = sizes.map(() => 0);
  let row = 0;
  for (let k = 0; k < result.length; k += run) {
    for (let i = 0; i < run; i++) result[k + i] = values[row + i * step];
    for (let axis = last - 1; axis >= 0; axis--) {
      row += steps[axis];
      if (++at[axis] < sizes[axis]) break;
      row -= steps[axis] * sizes[axis];
      at[axis] = 0;
    }
  }
  return result;
}
