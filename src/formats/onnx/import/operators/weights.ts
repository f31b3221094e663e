import type { Weight } from '../../../../network/network.ts';
import { transposeValues } from '../../transposeValues.ts';
import type { Constant } from '../constant.ts';
import type { OperatorCall } from '../operatorCall.ts';

/** Input k as a weight whose axis j is the file's axis `order[j]`; it must have as many axes. */
export function weightInput(call: OperatorCall, k: number, order: readonly number[]): Weight {
  const constant = floatConstant(call, k);
  if (constant.shape.length !== order.length) {
    call.refuse(`its input ${k} must have ${order.length} axes, found a shape of [${constant.shape.join(', ')}].`);
  }
  return {
    shape: order.map((axis) => constant.shape[axis]),
    values: transposeValues(constant.values, constant.shape, order),
  };
}

/** For each index along a weight, its place in the file; called once the weight's size is known to be real. */
export type Positions = () => Uint32Array | undefined;

/** Input k as a weight of one value per channel, sorted by `positions`; undefined where it is left out. */
export function optionalVector(call: OperatorCall, k: number, length: number, positions?: Positions): Weight | undefined {
  return call.value(k) === undefined ? undefined : vectorInput(call, k, length, positions);
}

export function vectorInput(call: OperatorCall, k: number, length: number, positions?: Positions): Weight {
  const { shape, values } = floatConstant(call, k);
  if (values.length !== length) {
    call.refuse(`its input ${k} must hold ${length} values, one a channel, found a shape of [${shape.join(', ')}].`);
  }
  const places = positions?.();
  return vector(places ? Float32Array.from(places, (at) => values[at]) : Float32Array.from(values));
}

export function vector(values: Float32Array): Weight {
  return { shape: [values.length], values };
}

function floatConstant(call: OperatorCall, k: number): Constant {
  const constant = call.constant(k);
  if (constant.integer) call.refuse(`its input ${k} must hold floating-point numbers.`);
  return constant;
}

/** Two numbers, one for rows and one for columns, from an attribute of as many. */
export function pairAttribute(call: OperatorCall, name: string, otherwise: readonly [number, number]): readonly [number, number] {
  const values = call.ints(name) ?? otherwise;
  if (values.length !== 2) call.refuse(`its ${name} must be two numbers, found ${values.length}: only two-dimensional pictures are supported.`);
  return [values[0], values[1]];
}
