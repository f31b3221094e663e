import type { OpCall } from '../opCall.ts';
import type { Size } from '../values.ts';

/** What a StridedSlice does along one axis of its input, or an axis of size 1 that it adds. */
export type AxisSlice =
  | { readonly kind: 'run'; readonly axis: number; readonly start: number; readonly size: number; readonly stride: number; readonly shrink: boolean }
  /** The batch axis, whole. */
  | { readonly kind: 'whole'; readonly axis: number }
  | { readonly kind: 'new' };

/**
 * Reads begin, end, strides and the masks of a StridedSlice of a tensor with these axis sizes (the
 * batch's own size as a multiple of it), in the order of the result's axes.
 */
export function axisSlices(call: OpCall, sizes: readonly Size[]): readonly AxisSlice[] {
  const [begin, end, strides] = [1, 2, 3].map((at) => Array.from<Size>(call.constant(at).values));
  const mask = (name: string): number => call.attributes.number(name, 0);
  const masks = {
    begin: mask('begin_mask'), end: mask('end_mask'), ellipsis: mask('ellipsis_mask'),
    added: mask('new_axis_mask'), shrink: mask('shrink_axis_mask'),
  };
  const named = begin.filter((_, at) => !has(masks.ellipsis, at) && !has(masks.added, at)).length;
  if (begin.length !== end.length || begin.length !== strides.length || named > sizes.length || begin.length > 31) {
    throw call.refusal(`begin, end and strides do not fit a tensor of ${sizes.length} axes.`);
  }
  const slices: AxisSlice[] = [];
  let axis = 0;
  const whole = (): void => {
    const size = sizes[axis];
    slices.push(typeof size === 'number' ? { kind: 'run', axis, start: 0, size, stride: 1, shrink: false } : { kind: 'whole', axis });
    axis++;
  };
  for (let at = 0; at < begin.length; at++) {
    if (has(masks.ellipsis, at)) {
      for (let skipped = sizes.length - named; skipped > 0; skipped--) whole();
    } else if (has(masks.added, at)) {
      slices.push({ kind: 'new' });
    } else {
      const stride = Number(strides[at]);
      slices.push(
        along(call, axis, sizes[axis], {
          begin: has(masks.begin, at) ? undefined : begin[at],
          end: has(masks.end, at) ? undefined : end[at],
          stride,
          shrink: has(masks.shrink, at),
        }),
      );
      axis++;
    }
  }
  while (axis < sizes.length) whole();
  return slices;
}

function has(mask: number, at: number): boolean {
  return ((mask >> at) & 1) === 1;
}

interface Range {
  readonly begin?: Size;
  readonly end?: Size;
  readonly stride: number;
  readonly shrink: boolean;
}

function along(call: OpCall, axis: number, size: Size, { begin, end, stride, shrink }: Range): AxisSlice {
  if (typeof size !== 'number') {
    const fromStart = begin === undefined || begin === 0;
    const toEnd = end === undefined || typeof end !== 'number' || end >= call.batch;
    if (!fromStart || !toEnd || stride !== 1 || shrink) throw call.refusal('picks some of the pictures; the batch axis must stay whole.');
    return { kind: 'whole', axis };
  }
  const [from, to] = [begin, end].map((bound) => (bound === undefined ? undefined : Number(bound)));
  const numbers = [from ?? 0, to ?? 0, stride].every(Number.isSafeInteger);
  if (!numbers || stride === 0) throw call.refusal(`cannot slice axis ${axis} from ${String(from)} to ${String(to)} by ${stride}.`);
  if (shrink) {
    const start = (from ?? 0) < 0 ? (from ?? 0) + size : (from ?? 0);
    if (start < 0 || start >= size) throw call.refusal(`index ${String(from)} does not lie in axis ${axis} of size ${size}.`);
    return { kind: 'run', axis, start, size: 1, stride: 1, shrink };
  }
  // as in Python: negative bounds count from the end, bounds beyond the axis are moved to it
  const [least, most] = stride > 0 ? [0, size] : [-1, size - 1];
  const clamped = (bound: number): number => Math.min(Math.max(bound < 0 ? bound + size : bound, least), most);
  const start = from === undefined ? (stride > 0 ? 0 : size - 1) : clamped(from);
  const stop = to === undefined ? (stride > 0 ? size : -1) : clamped(to);
  return { kind: 'run', axis, start, size: Math.max(0, Math.ceil((stop - start) / stride)), stride, shrink };
}
