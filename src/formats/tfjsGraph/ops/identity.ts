import type { OpReader, OpReaders } from '../opCall.ts';
import { constant, numbersOf } from '../values.ts';

/** Ops that hand their first input on. */
const pass: OpReader = (call) => call.input(0);

export const identities: OpReaders = {
  Identity: pass,
  IdentityN: (call) => call.inputs,
  Snapshot: pass,
  StopGradient: pass,
  PreventGradient: pass,
  CheckNumerics: pass,
  EnsureShape: pass,
  PlaceholderWithDefault: pass,
  Cast: (call) => {
    const value = call.input(0);
    const type = call.attributes.type('DstT');
    if (FLOATS.has(type ?? 'DT_FLOAT')) return value;
    if (value.kind === 'feature') throw call.refusal(`casts a layer's value to ${type}; only floating point is supported.`);
    const numbers = numbersOf(value);
    // sizes that depend on the batch are whole already
    return numbers ? constant(value.shape, Float64Array.from(numbers, Math.trunc)) : value;
  },
};

/** By name and by number in TensorFlow's `types.proto`. */
const FLOATS = new Set(['DT_FLOAT', 'DT_HALF', 'DT_BFLOAT16', 'DT_DOUBLE', '1', '19', '14', '2']);
