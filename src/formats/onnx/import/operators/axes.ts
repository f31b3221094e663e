import { logicalSizes } from '../../alignment.ts';
import { newAxis, reshaped, transposed } from '../../axisLayout.ts';
import type { OperatorCall } from '../operatorCall.ts';
import { isFloatType, integers } from '../constant.ts';
import { featureOf, type Feature, type Value } from '../value.ts';
import type { OperatorReader } from './operatorReader.ts';

/** Operators that only say where coordinates lie: none of them becomes a node by itself. */

export const readFlatten: OperatorReader = (call) => {
  const x = call.unsettled(0);
  const sizes = logicalSizes(x);
  const rank = sizes.length + 1;
  const axis = call.int('axis', 1);
  if ((axis < 0 ? axis + rank : axis) !== 1) call.refuse(`its axis must be 1, so that the batch stays whole, found ${axis}.`);
  return [relabelled(call, x, [sizes.reduce((product, size) => product * size, 1)])];
};

/** Reshape to a stored shape, in which 0 copies an axis, −1 is what is left, and the batch comes first. */
export const readReshape: OperatorReader = (call) => {
  const x = call.unsettled(0);
  const shape = call.optionalIntegers(1) ?? call.refuse('its shape is missing.');
  const keepsZero = call.requireInt('allowzero', 0, 0, 1) === 1;
  const from = logicalSizes(x);
  const count = from.reduce((product, size) => product * size, 1);
  const shown = shape.map((size) => (Number.isNaN(size) ? 'batch' : size)).join(', ');
  const [batch, ...asked] = shape.map((size, k) => (size === 0 && !keepsZero && k > 0 ? (from[k - 1] ?? 0) : size));
  const openBatch = Number.isNaN(batch) || (batch === 0 && !keepsZero) || batch === -1 || batch === 1 || batch === call.batch;
  const known = asked.reduce((product, size) => product * (size === -1 ? 1 : size), 1);
  const rest = asked.map((size) => (size === -1 ? count / known : size));
  const fits = openBatch && shape.filter((size) => size === -1).length <= 1 &&
    rest.every((size) => Number.isSafeInteger(size) && size >= 1) && rest.reduce((product, size) => product * size, 1) === count;
  if (shape.length === 0 || !fits) {
    call.refuse(`[batch, ${from.join(', ')}] cannot become [${shown}] with the batch first and whole.`);
  }
  return [relabelled(call, x, rest)];
};

export const readTranspose: OperatorReader = (call) => {
  const x = call.unsettled(0);
  const rank = x.layout.logical.length + 1;
  const order = call.ints('perm') ?? Array.from({ length: rank }, (_, axis) => rank - 1 - axis);
  if (order.toSorted((a, b) => a - b).some((axis, k) => axis !== k) || order.length !== rank) {
    call.refuse(`[${order.join(', ')}] is not an order of ${rank} axes.`);
  }
  if (order[0] !== 0) call.refuse(`its perm must leave the batch first, found [${order.join(', ')}].`);
  return [{ ...x, layout: transposed(x.layout, order.slice(1).map((axis) => axis - 1)), name: call.id }];
};

export const readSqueeze: OperatorReader = (call) => {
  const x = call.unsettled(0);
  const { logical, physical } = x.layout;
  const stated = axesOf(call)?.map((axis) => call.logicalAxis(axis, logical.length));
  const long = stated?.find((axis) => logical[axis].length > 0);
  if (long !== undefined) call.refuse(`axis ${long + 1} is not of size 1.`);
  const kept = logical.filter((axis, k) => (stated ? !stated.includes(k) : axis.length > 0));
  return [{ ...x, layout: { logical: kept, physical }, name: call.id }];
};

export const readUnsqueeze: OperatorReader = (call) => {
  const x = call.unsettled(0);
  const { logical, physical } = x.layout;
  const axes = axesOf(call) ?? call.refuse('its axes are missing.');
  const rank = logical.length + axes.length;
  const added = new Set(axes.map((axis) => call.logicalAxis(axis, rank)));
  if (added.size !== axes.length) call.refuse(`its axes must differ, found [${axes.join(', ')}].`);
  const rest = logical.values();
  const widened = Array.from({ length: rank }, (_, k) => (added.has(k) ? [] : (rest.next().value ?? [])));
  return [{ ...x, layout: { logical: widened, physical }, name: call.id }];
};

/** Axes are an attribute before opset 13, an input since. */
export function axesOf(call: OperatorCall): readonly number[] | undefined {
  return call.ints('axes') ?? call.optionalIntegers(1);
}

export const readIdentity: OperatorReader = (call) => [passedOn(call)];

/** Between types of floating-point numbers; the lab computes with float32 throughout. */
export const readCast: OperatorReader = (call) => {
  const to = call.int('to', 0);
  call.int('saturate');
  if (!isFloatType(to)) call.refuse(`a value computed from the picture stays a float, but it asks for type number ${to}.`);
  return [passedOn(call)];
};

export const readDropout: OperatorReader = (call) => {
  if (call.optionalScalar(2)) call.refuse('its training_mode must be false.');
  call.int('seed');
  const rate = call.optionalScalar(1) ?? call.float('ratio', 0.5);
  const x = call.feature(0);
  call.emit('dropout', [x.node], { rate }, {});
  return [featureOf(call.id, x.layout)];
};

/** The sizes of a computed value; the batch stays open where the file leaves it open. */
export const readShape: OperatorReader = (call) => {
  const shape = [call.batch, ...logicalSizes(call.unsettled(0))];
  const bounds = [call.int('start', 0), call.int('end', shape.length)];
  return [integers(shape.slice(bounds[0], bounds[1]))];
};

function passedOn(call: OperatorCall): Value {
  const value = call.value(0) ?? call.refuse('its input is missing.');
  return value.kind === 'feature' ? { ...value, name: call.id } : value;
}

/** The value under another logical shape of as many coordinates. */
function relabelled(call: OperatorCall, x: Feature, shape: readonly number[]): Feature {
  const layout = reshaped(x.layout, shape);
  if (layout) return { ...x, layout, name: call.id };
  const { logical } = x.layout;
  const row = call.builder.arranged(x, [logical.flat()]);
  const merged = newAxis(shape.reduce((product, size) => product * size, 1));
  const anew = reshaped({ logical: [merged], physical: [merged] }, shape);
  if (!anew) return call.refuse(`its shape [${shape.join(', ')}] does not fit.`);
  return { ...row, layout: anew, name: call.id };
}
