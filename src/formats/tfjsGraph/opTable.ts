import { constantArithmetic } from './fold/elementwise.ts';
import { constantLayouts } from './fold/layout.ts';
import type { OpReader, OpReaders } from './opCall.ts';
import { activations } from './ops/activation.ts';
import { arithmetic } from './ops/arithmetic.ts';
import { clips } from './ops/clip.ts';
import { convolutions } from './ops/convolution.ts';
import { identities } from './ops/identity.ts';
import { products } from './ops/matMul.ts';
import { normalizations } from './ops/normalization.ts';
import { pools } from './ops/pooling.ts';
import { reshapes } from './ops/reshape.ts';
import { resizes } from './ops/resize.ts';
import { slicings } from './ops/slicing.ts';

/** Ops with an input that is computed from the picture. */
export const opReaders = tableOf(
  activations, arithmetic, clips, convolutions, identities, normalizations, pools, products, reshapes, resizes, slicings,
);

/** Ops all of whose inputs are constants. */
export const constantReaders = tableOf(constantArithmetic, constantLayouts);

const CONTROL_FLOW: ReadonlySet<string> = new Set([
  'Switch', 'RefSwitch', 'Merge', 'RefMerge', 'Enter', 'RefEnter', 'Exit', 'RefExit', 'NextIteration', 'LoopCond', 'While',
  'StatelessWhile', 'If', 'StatelessIf', 'Case', 'PartitionedCall', 'StatefulPartitionedCall',
]);

/** Why a node of this op cannot be taken; undefined where the op is known. */
export function unknownOp(op: string): string | undefined {
  if (opReaders.has(op) || constantReaders.has(op)) return undefined;
  if (CONTROL_FLOW.has(op)) {
    return 'control flow and function calls would have to be supported. Freeze the model to one graph without them.';
  }
  return `this op is not supported. Supported: ${[...new Set([...opReaders.keys(), ...constantReaders.keys()])].sort().join(', ')}.`;
}

function tableOf(...parts: readonly OpReaders[]): ReadonlyMap<string, OpReader> {
  return new Map(parts.flatMap((part) => Object.entries(part)));
}
