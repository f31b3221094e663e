import { z } from 'zod';
import { describeValue } from './describeValue.ts';
import { ModelFileError, UnsupportedGraphError } from './errors.ts';

/** The value that a layer reads: output `tensor` of the `use`-th call of the layer called `name`. */
export interface Reference {
  readonly name: string;
  readonly use: number;
  readonly tensor: number;
}

/** What an operation is applied to: another layer's value, or a number. */
export type Operand = Reference | number;

/** How deep lists may lie in one another; Keras writes three. */
const DEEPEST = 12;

const reference = z
  .tuple([z.string(), z.number().int().nonnegative(), z.number().int().nonnegative()])
  .rest(z.unknown());
const kerasTensor = z.looseObject({
  class_name: z.literal('__keras_tensor__').optional(),
  config: z.looseObject({ keras_history: reference }),
});
const keras3Call = z.looseObject({ args: z.array(z.unknown()), kwargs: z.record(z.string(), z.unknown()).nullish() });

/**
 * The operands of one call of a layer, in order.
 *
 * Keras 2 writes a list of `[name, use, tensor, {options}]` (or, of an operation, one of them alone),
 * Keras 3 `{ args, kwargs }` around keras tensors. Options that hold an operand (`y` of `x + y`) are
 * operands; options that change what a layer computes are refused.
 *
 * @throws UnsupportedGraphError for those; ModelFileError where the connections cannot be read
 */
export function readCall(node: unknown, layer: string): readonly Operand[] {
  const call = keras3Call.safeParse(node);
  if (call.success) {
    return [...operandsIn(call.data.args, layer, 0), ...optionOperands(call.data.kwargs ?? {}, layer)];
  }
  const single = reference.safeParse(node);
  const calls = single.success ? [node] : node;
  if (!Array.isArray(calls)) throw unreadable(node, layer);
  return calls.flatMap((entry: unknown) => {
    const parsed = reference.safeParse(entry);
    if (!parsed.success) throw unreadable(entry, layer);
    const options = parsed.data[3];
    const more = typeof options === 'object' && options !== null ? optionOperands(options as Record<string, unknown>, layer) : [];
    return [toReference(parsed.data), ...more];
  });
}

/** The values that a model's `input_layers` or `output_layers` names, in order. */
export function readReferences(value: unknown, where: string): readonly Reference[] {
  return operandsIn(value, where, 0).filter((operand) => typeof operand !== 'number');
}

function operandsIn(value: unknown, where: string, depth: number): readonly Operand[] {
  if (depth > DEEPEST) throw unreadable(value, where);
  if (typeof value === 'number') return [value];
  if (value === null) return [];
  const tensor = kerasTensor.safeParse(value);
  if (tensor.success) return [toReference(tensor.data.config.keras_history)];
  const single = reference.safeParse(value);
  if (single.success) return [toReference(single.data)];
  if (Array.isArray(value)) return value.flatMap((item) => operandsIn(item, where, depth + 1));
  if (typeof value === 'object' && !('class_name' in value)) {
    return Object.values(value).flatMap((item) => operandsIn(item, where, depth + 1));
  }
  throw unreadable(value, where);
}

/** Options that name an operand, in the order in which Keras's operators take them. */
const OPERANDS = ['x', 'x1', 'y', 'x2'];
/** Options that, with this value, change nothing. */
const HARMLESS: ReadonlyMap<string, unknown> = new Map([['training', false]]);

function optionOperands(options: Readonly<Record<string, unknown>>, layer: string): readonly Operand[] {
  for (const [option, value] of Object.entries(options)) {
    const harmless = option === 'name' || value === null || HARMLESS.get(option) === value;
    if (!OPERANDS.includes(option) && !harmless) {
      throw new UnsupportedGraphError(
        `Layer "${layer}" is called with ${option} = ${describeValue(value)}; only calls without options are supported.`,
      );
    }
  }
  return OPERANDS.flatMap((option) => (Object.hasOwn(options, option) ? operandsIn(options[option], layer, 1) : []));
}

function toReference([name, use, tensor]: z.infer<typeof reference>): Reference {
  return { name, use, tensor };
}

function unreadable(value: unknown, where: string): ModelFileError {
  return new ModelFileError(`The connections of "${where}" cannot be read: ${describeValue(value)}.`);
}
