import type { Border, Pair } from '../../../network/network.ts';
import type { OpCall } from '../opCall.ts';

/** Refuses a node that takes channels from another axis than the last. */
export function requireChannelsLast(call: OpCall): void {
  const format = call.attributes.text('data_format') ?? 'nhwc';
  if (format !== 'nhwc') {
    throw call.refusal(`data_format must be NHWC, found ${format.toUpperCase()}; convert the model with channels last.`);
  }
}

/** Height and width of an attribute `[1, height, width, 1]`; 1 and 1 where it is absent. */
export function spatialPair(call: OpCall, name: string): Pair {
  const numbers = call.attributes.integers(name) ?? [];
  if (numbers.length === 0) return [1, 1];
  const [batch, height, width, channels] = numbers;
  if (numbers.length !== 4 || batch !== 1 || channels !== 1) {
    throw call.refusal(`${name} must be [1, height, width, 1], found [${numbers.join(', ')}].`);
  }
  return [height, width];
}

/** The attribute `explicit_paddings`, eight numbers: before and after each axis. */
export function explicitBorder(call: OpCall): Border {
  const numbers = call.attributes.integers('explicit_paddings') ?? [];
  if (numbers.length !== 8 || [0, 1, 6, 7].some((at) => numbers[at] !== 0)) {
    throw call.refusal(`explicit_paddings must leave batch and channels alone, found [${numbers.join(', ')}].`);
  }
  return [[numbers[2], numbers[3]], [numbers[4], numbers[5]]];
}
