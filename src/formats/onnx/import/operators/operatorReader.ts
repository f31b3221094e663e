import type { OperatorCall } from '../operatorCall.ts';
import type { Value } from '../value.ts';

/** The values of an operator's outputs, first to last. Throws `UnsupportedOnnxOperatorError`. */
export type OperatorReader = (call: OperatorCall) => readonly Value[];
