import type { Border, NodeOf, Pair } from '../../../network/network.ts';
import { chained, type LayerWriter, type WrittenLayer, type WriterContext } from '../layerWriter.ts';
import { cropLayer, zeroPaddingLayer } from './picture.ts';
import { namedPadding, windowCount } from './window.ts';

type Pool = NodeOf<'maxPool2d'> | NodeOf<'averagePool2d'>;

function poolLayer(className: string, size: Pair, strides: Pair, padding: 'same' | 'valid'): WrittenLayer {
  return { className, config: { pool_size: size, strides, padding, data_format: 'channels_last' } };
}

function writePool(className: string): (node: Pool, context: WriterContext) => WrittenLayer {
  return (node, context) => {
    const { poolSize, strides, padding } = node.attributes;
    const named = namedPadding(padding, poolSize, strides, context.inputShapes[0]);
    if (typeof named === 'string') return poolLayer(className, poolSize, strides, named);
    if (node.op === 'maxPool2d' && context.nonNegative) {
      // zeros around values that are never below zero are never the greatest alone
      return chained(context, ['padded', zeroPaddingLayer(named)], ['', poolLayer(className, poolSize, strides, 'valid')]);
    }
    return pickedFromSame(className, node, named, context);
  };
}

/**
 * A pool with a border of its own: `same` leaves the border out as well, so with strides of 1 it
 * computes every window, and those that are wanted are picked by cropping and strides.
 */
function pickedFromSame(className: string, { attributes: { poolSize, strides } }: Pool, border: Border, context: WriterContext): WrittenLayer {
  const [input] = context.inputShapes;
  const count = windowCount(border, poolSize, strides, input);
  const along = (axis: 0 | 1): Pair => {
    const first = Math.floor((poolSize[axis] - 1) / 2) - border[axis][0];
    const after = input[axis] - 1 - ((count[axis] - 1) * strides[axis] + first);
    if (first < 0 || after < 0) context.refuse(`it pads by ${JSON.stringify(border)}, which plain TensorFlow.js cannot leave out of a pool.`);
    return [first, after];
  };
  const every = poolLayer(className, poolSize, [1, 1], 'same');
  const cropped = cropLayer([along(0), along(1)]);
  if (strides[0] === 1 && strides[1] === 1) return chained(context, ['every', every], ['', cropped]);
  return chained(context, ['every', every], ['cropped', cropped], ['', poolLayer('MaxPooling2D', [1, 1], strides, 'valid')]);
}

export const writeMaxPooling2D: LayerWriter<'maxPool2d'> = writePool('MaxPooling2D');
export const writeAveragePooling2D: LayerWriter<'averagePool2d'> = writePool('AveragePooling2D');

/** Plain TensorFlow.js always drops the axes of height and width. */
function writeGlobalPool(className: string): LayerWriter<'globalAveragePool2d' | 'globalMaxPool2d'> {
  return ({ attributes }, context) => {
    const layer = { className, config: { data_format: 'channels_last' } };
    if (!attributes.keepDims) return layer;
    const shape = [1, 1, context.inputShapes[0][2]];
    return chained(context, ['pooled', layer], ['', { className: 'Reshape', config: { target_shape: shape } }]);
  };
}

export const writeGlobalMaxPooling2D = writeGlobalPool('GlobalMaxPooling2D');
export const writeGlobalAveragePooling2D = writeGlobalPool('GlobalAveragePooling2D');
