import type { Border, Pair } from '../../../../network/network.ts';
import type { OperatorReader } from './operatorReader.ts';
import { featureOf, pictureLayout } from '../value.ts';
import { optionalVector, pairAttribute, weightInput } from './weights.ts';
import { paddingOf, readWindow, borderOf, positivePair } from './window.ts';
import { axisSizes } from '../../axisLayout.ts';

/** Conv: kernel `[outputs, inputs / group, kh, kw]`, bias `[outputs]`. */
export const readConv: OperatorReader = (call) => {
  const x = call.picture(call.feature(0));
  const [height, width, channels] = axisSizes(x.layout.physical);
  const group = call.int('group', 1);
  const kernel = weightInput(call, 1, [2, 3, 1, 0]);
  const [rows, columns, inputs, outputs] = kernel.shape;
  requireKernelShape(call, [rows, columns]);
  if (group < 1 || inputs * group !== channels || outputs % group !== 0) {
    call.refuse(`a kernel of [${[outputs, inputs, rows, columns].join(', ')}] in ${group} groups cannot take ${channels} channels.`);
  }
  const bias = optionalVector(call, 2, outputs);
  const window = readWindow(call, [rows, columns], [height, width]);
  const { strides, dilations } = window;
  const padding = paddingOf(window, [height, width]);
  const depthwise = group > 1 && inputs === 1;
  const shape = depthwise
    ? call.emit('depthwiseConv2d', [x.node], { strides, padding, dilations }, {
        kernel: { shape: [rows, columns, channels, outputs / channels], values: kernel.values },
        ...(bias && { bias }),
      })
    : call.emit('conv2d', [x.node], { strides, padding, dilations, groups: group }, { kernel, ...(bias && { bias }) });
  return [featureOf(call.id, pictureLayout(shape))];
};

/** ConvTranspose: kernel `[inputs, outputs, kh, kw]`, bias `[outputs]`. */
export const readConvTranspose: OperatorReader = (call) => {
  const x = call.picture(call.feature(0));
  const [height, width] = axisSizes(x.layout.physical);
  call.requireInt('group', 1, 1);
  if (positivePair(call, 'dilations').some((rate) => rate !== 1)) call.refuse('its dilations must be 1.');
  const kernel = weightInput(call, 1, [2, 3, 1, 0]);
  const size: Pair = [kernel.shape[0], kernel.shape[1]];
  requireKernelShape(call, size);
  const bias = optionalVector(call, 2, kernel.shape[2]);
  const strides = positivePair(call, 'strides');
  const cropping = transposedCropping(call, [height, width], size, strides);
  const shape = call.emit('transposedConv2d', [x.node], { strides, cropping }, { kernel, ...(bias && { bias }) });
  return [featureOf(call.id, pictureLayout(shape))];
};

function requireKernelShape(call: Parameters<OperatorReader>[0], size: Pair): void {
  const stated = pairAttribute(call, 'kernel_shape', size);
  if (stated[0] !== size[0] || stated[1] !== size[1]) {
    call.refuse(`its kernel_shape is [${stated.join(', ')}], but its kernel is ${size.join(' × ')}.`);
  }
}

/**
 * What the full result, `(n − 1) · stride + k` rows, loses at each side: `pads`, less
 * `output_padding` at the end; or what is left over an `output_shape` or SAME's `n · stride`.
 */
function transposedCropping(call: Parameters<OperatorReader>[0], input: Pair, size: Pair, strides: Pair): Border {
  const extra = pairAttribute(call, 'output_padding', [0, 0]);
  if (extra.some((rows) => !Number.isInteger(rows) || rows < 0)) call.refuse(`its output_padding must be from 0 up, found [${extra.join(', ')}].`);
  const auto = call.requireString('auto_pad', 'NOTSET', 'NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER');
  const stated = call.ints('output_shape');
  const same = auto === 'SAME_UPPER' || auto === 'SAME_LOWER';
  const pads = call.ints('pads');
  if (!stated && !same) {
    const [[top, bottom], [left, right]] = borderOf(call, pads);
    return [[top, bottom - extra[0]], [left, right - extra[1]]];
  }
  const output = stated?.slice(-2) ?? input.map((rows, axis) => rows * strides[axis]);
  const along = (axis: 0 | 1): Pair => {
    const total = (input[axis] - 1) * strides[axis] + extra[axis] + size[axis] - output[axis];
    if (!(total >= 0)) call.refuse(`it cannot make ${output.join(' × ')} pixels of ${input.join(' × ')}.`);
    const [less, more] = [Math.floor(total / 2), Math.ceil(total / 2)];
    return auto === 'SAME_UPPER' ? [less, more - extra[axis]] : [more, less - extra[axis]];
  };
  return [along(0), along(1)];
}
