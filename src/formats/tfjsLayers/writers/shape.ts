import type { Border, Shape } from '../../../network/network.ts';
import { chained, type LayerWriter, type WrittenLayer } from '../layerWriter.ts';
import { cropLayer } from './picture.ts';

export const writeInputLayer: LayerWriter<'input'> = ({ attributes }) => ({
  className: 'InputLayer',
  config: { batch_input_shape: [null, ...attributes.shape], sparse: false },
});

function reshapeLayer(shape: Shape): WrittenLayer {
  return { className: 'Reshape', config: { target_shape: shape } };
}

/** Counts a sample's axes from 1. */
function permuteLayer(order: readonly number[]): WrittenLayer {
  return { className: 'Permute', config: { dims: order.map((axis) => axis + 1) } };
}

/** Plain TensorFlow.js flattens only what has more than one axis. */
export const writeFlatten: LayerWriter<'flatten'> = (_node, { inputShapes: [shape] }) =>
  shape.length > 1 ? { className: 'Flatten', config: { data_format: 'channels_last' } } : reshapeLayer(shape);

export const writeReshape: LayerWriter<'reshape'> = ({ attributes }) => reshapeLayer(attributes.shape);
export const writePermute: LayerWriter<'permute'> = ({ attributes }) => permuteLayer(attributes.order);

/** By cropping, which cuts rows and columns: other axes are first made into rows, and then put back. */
export const writeSlice: LayerWriter<'slice'> = ({ attributes: { axis, start, size } }, context) => {
  const [shape] = context.inputShapes;
  const ends = [start, shape[axis] - start - size] as const;
  const rows: Border = [ends, [0, 0]];
  if (shape.length === 3 && axis === 0) return cropLayer(rows);
  if (shape.length === 3 && axis === 1) return cropLayer([[0, 0], ends]);
  if (shape.length === 3) {
    return chained(context, ['channels_first', permuteLayer([2, 0, 1])], ['cropped', cropLayer(rows)], ['', permuteLayer([1, 2, 0])]);
  }
  const before = shape.slice(0, axis).reduce((product, length) => product * length, 1);
  const after = shape.slice(axis + 1).reduce((product, length) => product * length, 1);
  const asPicture = reshapeLayer([before, shape[axis], after]);
  return chained(context, ['as_picture', asPicture], ['cropped', cropLayer([[0, 0], ends])], ['', reshapeLayer(shape.with(axis, size))]);
};
