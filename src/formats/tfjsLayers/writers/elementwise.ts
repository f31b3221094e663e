import type { LayerWriter } from '../layerWriter.ts';
import { rescalingLayer } from './activation.ts';

export const writeRescaling: LayerWriter<'rescaling'> = ({ attributes }) => rescalingLayer(attributes.scale, attributes.offset);
export const writeAdd: LayerWriter<'add'> = () => ({ className: 'Add', config: {} });
export const writeMultiply: LayerWriter<'multiply'> = () => ({ className: 'Multiply', config: {} });

/** The sum with the second's negative, as plain TensorFlow.js has no layer that subtracts. */
export const writeSubtract: LayerWriter<'subtract'> = (_node, { inputs: [first, second], before }) => ({
  className: 'Add',
  config: {},
  inputs: [first, before('negated', { ...rescalingLayer(-1, 0), inputs: [second] })],
});

export const writeConcatenate: LayerWriter<'concat'> = ({ attributes }) => ({
  className: 'Concatenate',
  config: { axis: attributes.axis + 1 },
});

export const writeDropout: LayerWriter<'dropout'> = ({ attributes }) => ({ className: 'Dropout', config: { rate: attributes.rate } });
