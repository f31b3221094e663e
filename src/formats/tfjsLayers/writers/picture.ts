import type { Border } from '../../../network/network.ts';
import { chained, type LayerWriter, type WrittenLayer } from '../layerWriter.ts';

export function zeroPaddingLayer(padding: Border): WrittenLayer {
  return { className: 'ZeroPadding2D', config: { padding, data_format: 'channels_last' } };
}

export function cropLayer(cropping: Border): WrittenLayer {
  return { className: 'Cropping2D', config: { cropping, data_format: 'channels_last' } };
}

export const writeZeroPadding2D: LayerWriter<'zeroPad2d'> = ({ attributes }) => zeroPaddingLayer(attributes.padding);
export const writeCropping2D: LayerWriter<'crop2d'> = ({ attributes }) => cropLayer(attributes.cropping);

/**
 * By whole factors. Plain TensorFlow.js places pixels by their corners (`asymmetric`); nearest is
 * then as by their middles.
 *
 * Bilinear by the middles is exact as well: linear interpolation is the mean of the nearest pixels'
 * picture over a window of one input pixel around the place. With that picture 2f times as large,
 * the window is 2f wide and moves by 2; at the edges, what an average pooling leaves out is what
 * clamping repeats.
 */
export const writeUpSampling2D: LayerWriter<'resize2d'> = ({ attributes }, context) => {
  const { size, interpolation, coordinates } = attributes;
  const [height, width] = context.inputShapes[0];
  const factors = [size[0] / height, size[1] / width] as const;
  if (!factors.every(Number.isInteger)) {
    context.refuse(`it makes ${height} × ${width} into ${size.join(' × ')}, and plain TensorFlow.js resizes by whole factors.`);
  }
  if (factors.every((factor) => factor === 1)) return upSamplingLayer(factors, 'nearest');
  if (coordinates === 'alignCorners') context.refuse('plain TensorFlow.js does not align corners in a layer that others can follow.');
  if (interpolation === 'nearest' || coordinates === 'asymmetric') return upSamplingLayer(factors, interpolation);
  const doubled = factors.map((factor) => 2 * factor);
  const mean = { className: 'AveragePooling2D', config: { pool_size: doubled, strides: [2, 2], padding: 'same', data_format: 'channels_last' } };
  return chained(context, ['enlarged', upSamplingLayer(doubled, 'nearest')], ['', mean]);
};

function upSamplingLayer(size: readonly number[], interpolation: string): WrittenLayer {
  return { className: 'UpSampling2D', config: { size, interpolation, data_format: 'channels_last' } };
}
