import type { NodeOf, Op } from '../network.ts';
import { activation } from './activation.ts';
import { add } from './add.ts';
import { batchNorm } from './batchNorm.ts';
import { conv2d } from './conv2d.ts';
import { dense } from './dense.ts';
import { dropout } from './dropout.ts';
import { flatten } from './flatten.ts';
import { globalAveragePool2d, globalMaxPool2d } from './globalPool2d.ts';
import { input } from './input.ts';
import type { OpDefinition } from './opDefinition.ts';
import { averagePool2d, maxPool2d } from './pool2d.ts';
import { rescaling } from './rescaling.ts';
import { zeroPad2d } from './zeroPad2d.ts';

const table: { readonly [O in Op]: OpDefinition<O> } = {
  activation,
  add,
  averagePool2d,
  batchNorm,
  conv2d,
  dense,
  dropout,
  flatten,
  globalAveragePool2d,
  globalMaxPool2d,
  input,
  maxPool2d,
  rescaling,
  zeroPad2d,
};

/** The definition of `node`'s op. */
export function opDefinition<O extends Op>(node: NodeOf<O>): OpDefinition<O> {
  return table[node.op];
}
