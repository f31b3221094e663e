import type { OpCall, OpReaders } from '../opCall.ts';
import { count, weight, type Feature } from '../values.ts';
import { requireChannelsLast } from './window.ts';

export const normalizations: OpReaders = {
  FusedBatchNorm: batchNorm,
  FusedBatchNormV2: batchNorm,
  FusedBatchNormV3: batchNorm,
};

/** The first output alone; the others are the statistics of training. */
function batchNorm(call: OpCall): Feature {
  requireChannelsLast(call);
  // where the attribute is absent TensorFlow.js, too, takes the norm for frozen
  if (call.attributes.flag('is_training', false)) {
    throw call.refusal('is_training must be false: a norm by the statistics of the batch itself would have to be supported.');
  }
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((at) => weight([count(call.constant(at).shape)], call.numbers(at)));
  return call.emit('batchNorm', [call.feature(0)], { epsilon: call.attributes.number('epsilon', 1e-3) }, { gamma, beta, mean, variance });
}
