import type { OpCall, OpReader, OpReaders } from '../opCall.ts';
import type { Feature } from '../values.ts';
import { explicitBorder, requireChannelsLast, spatialPair } from './window.ts';

export const pools: OpReaders = {
  MaxPool: pool('maxPool2d'),
  AvgPool: pool('averagePool2d'),
  Max: overPixels('globalMaxPool2d'),
  Mean: overPixels('globalAveragePool2d'),
};

function pool(op: 'maxPool2d' | 'averagePool2d'): OpReader {
  return (call) => {
    requireChannelsLast(call);
    const mode = call.attributes.text('padding');
    if (mode !== 'same' && mode !== 'valid' && mode !== 'explicit') {
      throw call.refusal(`padding must be SAME, VALID or EXPLICIT, found ${JSON.stringify(mode ?? null)}.`);
    }
    return call.emit(op, [call.picture(0)], {
      poolSize: spatialPair(call, 'ksize'),
      strides: spatialPair(call, 'strides'),
      padding: mode === 'explicit' ? explicitBorder(call) : mode,
    }, {});
  };
}

/** A reduction over height and width. */
function overPixels(op: 'globalAveragePool2d' | 'globalMaxPool2d'): OpReader {
  return (call): Feature => {
    const x = call.feature(0);
    const rank = x.shape.length + 1;
    const axes = call.integers(1).map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b);
    if (rank !== 4 || axes.join() !== '1,2') {
      throw call.refusal(
        `reduces axes [${axes.join(', ')}] of [batch, ${x.shape.join(', ')}]; only height and width of pictures ([1, 2]) are supported.`,
      );
    }
    return call.emit(op, [x], { keepDims: keepsDims(call) }, {});
  };
}

function keepsDims(call: OpCall): boolean {
  return call.attributes.flag('keep_dims', call.attributes.flag('keepdims', false));
}
