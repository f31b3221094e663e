import { logicalSizes } from '../alignment.ts';
import { sameAxes, type Axis } from '../axisLayout.ts';
import { OnnxFileError, UnsupportedOnnxModelError, UnsupportedOnnxOperatorError } from '../errors.ts';
import type { ValueInfoProto } from '../schema/onnx_pb.ts';
import type { NetworkBuilder } from './networkBuilder.ts';
import type { Feature, Value } from './value.ts';

function isChannels(axis: Axis): boolean {
  return axis.length > 0 && axis.every(({ channel }) => channel);
}

/** Whether a value has three axes of which the file has not put the channels last. */
function isPictureToMove({ layout: { logical, physical } }: Feature): boolean {
  if (logical.length !== 3) return false;
  const [first, , last] = logical;
  if (logical.some(isChannels)) return !isChannels(last) || isChannels(first);
  return !sameAxes(logical, physical);
}

/**
 * The node of an output: in the file's order, but for pictures, which are channels last. `isChecked`:
 * whether the sizes that the file states must be those that come out. Throws where they are not.
 */
export function outputNode(builder: NetworkBuilder, info: ValueInfoProto, value: Value | undefined, isChecked: boolean): string {
  if (value?.kind === 'form') {
    const { node, opType, partOf } = value.origin;
    throw new UnsupportedOnnxOperatorError(node, opType, `it is only read as part of ${partOf}, but the output "${info.name}" is made of it.`);
  }
  if (value?.kind !== 'feature') throw new UnsupportedOnnxModelError(`The output "${info.name}" does not depend on the input.`);
  if (isChecked) requireStatedShape(info, logicalSizes(value));
  const settled = builder.settled(value);
  const { logical } = settled.layout;
  return (isPictureToMove(settled) ? builder.picture(settled) : builder.arranged(settled, logical)).node;
}

/** An output's stated sizes must be those that come out: where they are not, the file was misread or is damaged. */
function requireStatedShape({ name, type }: ValueInfoProto, found: readonly number[]): void {
  const stated = type?.tensorType?.shape?.dim.slice(1).map(({ value }) => (value.case === 'dimValue' ? Number(value.value) : undefined));
  if (!stated || (stated.length === found.length && stated.every((size, k) => size === undefined || size === found[k]))) return;
  throw new OnnxFileError(
    `The output "${name}" is stated to be [batch, ${stated.map((size) => size ?? '?').join(', ')}], but its nodes make [batch, ${found.join(', ')}].`,
  );
}
