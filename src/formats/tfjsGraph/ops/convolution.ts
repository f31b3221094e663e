import type { Border, Padding, Pair, Shape, Weight } from '../../../network/network.ts';
import type { OpCall, OpReaders } from '../opCall.ts';
import { weight, type Feature } from '../values.ts';
import { fusedActivation, fusedBias } from './fused.ts';
import { explicitBorder, requireChannelsLast, spatialPair } from './window.ts';

export const convolutions: OpReaders = {
  Conv2D: (call) => convolution(call),
  _FusedConv2D: (call) => fusedActivation(call, convolution(call, fusedBias(call))),
  DepthwiseConv2dNative: (call) => depthwise(call),
  FusedDepthwiseConv2dNative: (call) => fusedActivation(call, depthwise(call, fusedBias(call))),
  Conv2DBackpropInput: transposed,
};

function convolution(call: OpCall, bias?: Weight): Feature {
  requireChannelsLast(call);
  const x = call.picture(0);
  const kernel = filter(call);
  const groups = x.shape[2] / kernel.shape[2];
  if (!Number.isInteger(groups)) {
    throw call.refusal(`a filter of [${kernel.shape.join(', ')}] cannot take [batch, ${x.shape.join(', ')}].`);
  }
  return call.emit('conv2d', [x], { ...window(call), groups }, { kernel, ...(bias && { bias }) });
}

function depthwise(call: OpCall, bias?: Weight): Feature {
  requireChannelsLast(call);
  return call.emit('depthwiseConv2d', [call.picture(0)], window(call), { kernel: filter(call), ...(bias && { bias }) });
}

function window(call: OpCall): { strides: Pair; padding: Padding; dilations: Pair } {
  return { strides: spatialPair(call, 'strides'), padding: padding(call), dilations: spatialPair(call, 'dilations') };
}

function padding(call: OpCall): Padding {
  const name = call.attributes.text('padding');
  if (name === 'same' || name === 'valid') return name;
  if (name === 'explicit') return explicitBorder(call);
  throw call.refusal(`padding must be SAME, VALID or EXPLICIT, found ${JSON.stringify(name ?? null)}.`);
}

function filter(call: OpCall): Weight {
  const { shape } = call.constant(1);
  if (shape.length !== 4) throw call.refusal(`needs a filter of four axes, found [${shape.join(', ')}].`);
  return weight(shape, call.numbers(1));
}

/** The gradient of a convolution by its input, which is how TensorFlow writes the transposed one. */
function transposed(call: OpCall): Feature {
  requireChannelsLast(call);
  const x = call.picture(2);
  const kernel = filter(call);
  const strides = spatialPair(call, 'strides');
  if (spatialPair(call, 'dilations').some((d) => d !== 1)) throw call.refusal('dilations must be 1.');
  const size = call.constant(0).values;
  const [height, width] = [Number(size[1]), Number(size[2])];
  if (size.length !== 4 || !Number.isSafeInteger(height) || !Number.isSafeInteger(width)) {
    throw call.refusal('the height and width of its output must be constants.');
  }
  const cropping: Border = [
    croppingAlong(call, 0, x.shape, kernel.shape, strides, height),
    croppingAlong(call, 1, x.shape, kernel.shape, strides, width),
  ];
  return call.emit('transposedConv2d', [x], { strides, cropping }, { kernel });
}

/**
 * What the full result, `(input − 1) · stride + kernel` long, loses before and after to be `output`
 * long: before it, what the forward convolution pads there.
 */
function croppingAlong(call: OpCall, axis: 0 | 1, input: Shape, kernel: Shape, strides: Pair, output: number): Pair {
  const full = (input[axis] - 1) * strides[axis] + kernel[axis];
  const mode = padding(call);
  let forward: number;
  let before = 0;
  if (mode === 'same') {
    forward = Math.ceil(output / strides[axis]);
    before = Math.floor(Math.max(full - output, 0) / 2);
  } else {
    const border = mode === 'valid' ? ([0, 0] as const) : mode[axis];
    before = border[0];
    forward = Math.floor((output + before + border[1] - kernel[axis]) / strides[axis]) + 1;
  }
  if (forward !== input[axis]) {
    throw call.refusal(`an output of ${output} along axis ${axis + 1} does not belong to an input of ${input[axis]}.`);
  }
  return [before, full - output - before];
}
