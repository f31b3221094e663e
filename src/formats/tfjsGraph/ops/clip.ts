import type { OpCall, OpReaders } from '../opCall.ts';
import type { Feature } from '../values.ts';

/** Bounds by constants. */
export const clips: OpReaders = {
  ClipByValue: (call) => clip(call, call.feature2d(0), bound(call, 1), bound(call, 2)),
  Maximum: (call) => {
    const at = call.input(0).kind === 'constant' ? 0 : 1;
    return clip(call, call.feature2d(1 - at), bound(call, at), Number.POSITIVE_INFINITY);
  },
};

function bound(call: OpCall, at: number): number {
  const numbers = call.numbers(at);
  if (numbers.length !== 1) throw call.refusal(`its bounds must be one number each, found ${numbers.length}.`);
  return numbers[0];
}

/** `least ≤ x ≤ most`: relu and relu6 where they are meant, else `a + (b − a) · clip((x − a) / (b − a), 0, 1)`. */
export function clip(call: OpCall, x: Feature, least: number, most: number): Feature {
  if (least === 0 && most === Number.POSITIVE_INFINITY) return call.emit('activation', [x], { function: 'relu' }, {});
  if (least === 0 && most === 6) return call.emit('activation', [x], { function: 'relu6' }, {});
  const span = most - least;
  if (!(span > 0) || !Number.isFinite(span)) {
    throw call.refusal(`keeps values between ${least} and ${most}; only finite bounds, or a lower bound of 0, are supported.`);
  }
  const unit = call.emit('activation', [x], { function: 'hardSigmoid', alpha: 1 / span, beta: -least / span }, {});
  return span === 1 && least === 0 ? unit : call.emit('rescaling', [unit], { scale: span, offset: least }, {}, '_rescaled');
}
