import type { Border, Pair } from '../../../../network/network.ts';
import { axisSizes } from '../../axisLayout.ts';
import { windowExtent } from '../../border.ts';
import type { OperatorCall } from '../operatorCall.ts';
import { featureOf, pictureLayout, type Feature } from '../value.ts';
import type { OperatorReader } from './operatorReader.ts';
import { pairAttribute } from './weights.ts';
import { paddingOf, readWindow, type SlidingWindow } from './window.ts';

export const readMaxPool: OperatorReader = (call) => {
  call.int('storage_order');
  const { x, window, input } = readPool(call);
  const padding = paddingOf(withEndPadding(call, window, input), input);
  const shape = call.emit('maxPool2d', [x.node], { poolSize: window.size, strides: window.strides, padding }, {});
  return [featureOf(call.id, pictureLayout(shape))];
};

/**
 * Where the border counts, it is written as zeros before the pool; what rounding up adds to it
 * never counts, as in PyTorch and onnxruntime.
 */
export const readAveragePool: OperatorReader = (call) => {
  const counts = call.requireInt('count_include_pad', 0, 0, 1) === 1;
  const { x, window, input } = readPool(call);
  const { border, size, strides } = window;
  const zeros = counts && border.flat().some((rows) => rows > 0);
  let from = x.node;
  let rounded = withEndPadding(call, window, input);
  let padded = input;
  if (zeros) {
    from = call.auxiliaryId('pad');
    const [height, width] = call.emit('zeroPad2d', [x.node], { padding: border }, {}, from);
    padded = [height, width];
    const rest = (axis: 0 | 1): Pair => [0, rounded.border[axis][1] - border[axis][1]];
    rounded = { ...rounded, border: [rest(0), rest(1)] };
  }
  const shape = call.emit('averagePool2d', [from], { poolSize: size, strides, padding: paddingOf(rounded, padded) }, {});
  return [featureOf(call.id, pictureLayout(shape))];
};

function readPool(call: OperatorCall): { readonly x: Feature; readonly window: SlidingWindow; readonly input: Pair } {
  const x = call.picture(call.feature(0));
  const [height, width] = axisSizes(x.layout.physical);
  const size = pairAttribute(call, 'kernel_shape', [0, 0]);
  if (size.some((rows) => !Number.isInteger(rows) || rows < 1)) call.refuse(`its kernel_shape must be from 1 up, found [${size.join(', ')}].`);
  const window = readWindow(call, size, [height, width]);
  if (window.dilations.some((rate) => rate !== 1)) call.refuse(`its dilations must be 1, found [${window.dilations.join(', ')}].`);
  return { x, window, input: [height, width] };
}

/**
 * With `ceil_mode`, a last window that hangs over the end counts too, if it begins inside the
 * picture or its first border: the border after the picture grows as far as that window.
 */
function withEndPadding(call: OperatorCall, window: SlidingWindow, input: Pair): SlidingWindow {
  if (call.requireInt('ceil_mode', 0, 0, 1) === 0) return window;
  const extent = windowExtent(window);
  const along = (axis: 0 | 1): Pair => {
    const [before, after] = window.border[axis];
    const stride = window.strides[axis];
    let count = Math.ceil((input[axis] + before + after - extent[axis]) / stride) + 1;
    if ((count - 1) * stride >= input[axis] + before) count -= 1;
    return [before, Math.max(after, (count - 1) * stride + extent[axis] - input[axis] - before)];
  };
  const border: Border = [along(0), along(1)];
  return { ...window, border };
}
