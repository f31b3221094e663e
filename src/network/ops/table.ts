import type { NodeOf, Op } from '../network.ts';
import { activation } from './activation.ts';
import { attention } from './attention.ts';
import { batchNorm } from './batchNorm.ts';
import { concat } from './concat.ts';
import { conv2d } from './conv2d.ts';
import { crop2d } from './crop2d.ts';
import { dense } from './dense.ts';
import { depthwiseConv2d } from './depthwiseConv2d.ts';
import { dropout } from './dropout.ts';
import { add, multiply, subtract } from './elementwise.ts';
import { embedding } from './embedding.ts';
import { globalAveragePool2d, globalMaxPool2d } from './globalPool2d.ts';
import { groupNorm } from './groupNorm.ts';
import { input } from './input.ts';
import { layerNorm } from './layerNorm.ts';
import type { OpDefinition } from './opDefinition.ts';
import { patchMerging } from './patchMerging.ts';
import { permute } from './permute.ts';
import { averagePool2d, maxPool2d } from './pool2d.ts';
import { positions } from './positions.ts';
import { prelu } from './prelu.ts';
import { prependTokens } from './prependTokens.ts';
import { rescaling } from './rescaling.ts';
import { flatten, reshape } from './reshape.ts';
import { resize2d } from './resize2d.ts';
import { rmsNorm } from './rmsNorm.ts';
import { rotary } from './rotary.ts';
import { slice } from './slice.ts';
import { transposedConv2d } from './transposedConv2d.ts';
import { unembedding } from './unembedding.ts';
import { zeroPad2d } from './zeroPad2d.ts';

const table: { readonly [O in Op]: OpDefinition<O> } = {
  activation, add, attention, averagePool2d, batchNorm, concat, conv2d, crop2d, dense, depthwiseConv2d, dropout,
  embedding, flatten, globalAveragePool2d, globalMaxPool2d, groupNorm, input, layerNorm, maxPool2d, multiply,
  patchMerging, permute, positions, prelu, prependTokens, rescaling, reshape, resize2d, rmsNorm, rotary, slice,
  subtract, transposedConv2d, unembedding, zeroPad2d,
};

/** The definition of `node`'s op. */
export function opDefinition<O extends Op>(node: NodeOf<O>): OpDefinition<O> {
  return table[node.op];
}
