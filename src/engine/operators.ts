import * as tf from '@tensorflow/tfjs-core';
import type { Node } from '../network/network.ts';
import { activationOperator, preluOperator } from './operators/activation.ts';
import { attentionOperator } from './operators/attention.ts';
import { conv2dOperator, depthwiseConv2dOperator } from './operators/convolution.ts';
import { denseOperator } from './operators/dense.ts';
import { elementwiseOperator } from './operators/elementwise.ts';
import { embeddingOperator, unembeddingOperator } from './operators/embedding.ts';
import {
  concatOperator, cropOperator, flattenOperator, permuteOperator, reshapeOperator, sliceOperator, zeroPadOperator,
} from './operators/layout.ts';
import { batchNormOperator, groupNormOperator, layerNormOperator, rmsNormOperator } from './operators/normalization.ts';
import type { FusedActivation, Operator, Upload } from './operators/operator.ts';
import { globalPoolOperator, poolOperator } from './operators/pooling.ts';
import { resizeOperator } from './operators/resize.ts';
import { rotaryOperator } from './operators/rotary.ts';
import { patchMergingOperator, positionsOperator, prependTokensOperator } from './operators/tokens.ts';
import { transposedConv2dOperator } from './operators/transposedConvolution.ts';

export { normAffine } from './operators/normalization.ts';

/**
 * The backend calls of one node. `upload` turns weights into tensors that the caller disposes; call
 * the operator inside `tf.tidy`, and the made value is the caller's.
 *
 * @param activation is applied to the value; only for the linear ops and `batchNorm`.
 * @throws UnsupportedNodeError where tfjs' backends cannot run the node.
 */
export function operatorOf(
  node: Exclude<Node, { op: 'input' }>,
  upload: Upload,
  activation: FusedActivation = 'linear',
): Operator {
  switch (node.op) {
    case 'conv2d':
      return conv2dOperator(node, upload, activation);
    case 'depthwiseConv2d':
      return depthwiseConv2dOperator(node, upload, activation);
    case 'transposedConv2d':
      return transposedConv2dOperator(node, upload, activation);
    case 'dense':
      return denseOperator(node, upload, activation);
    case 'batchNorm':
      return batchNormOperator(node, upload, activation);
    case 'layerNorm':
      return layerNormOperator(node, upload);
    case 'rmsNorm':
      return rmsNormOperator(node, upload);
    case 'groupNorm':
      return groupNormOperator(node, upload);
    case 'rescaling': {
      const { scale, offset } = node.attributes;
      return ([x]) => tf.add(tf.mul(x, scale), offset);
    }
    case 'activation':
      return activationOperator(node);
    case 'prelu':
      return preluOperator(node, upload);
    case 'add':
      return elementwiseOperator(tf.add);
    case 'subtract':
      return elementwiseOperator(tf.sub);
    case 'multiply':
      return elementwiseOperator(tf.mul);
    case 'maxPool2d':
    case 'averagePool2d':
      return poolOperator(node);
    case 'globalAveragePool2d':
    case 'globalMaxPool2d':
      return globalPoolOperator(node);
    case 'concat':
      return concatOperator(node);
    case 'slice':
      return sliceOperator(node);
    case 'flatten':
      return flattenOperator();
    case 'reshape':
      return reshapeOperator(node);
    case 'permute':
      return permuteOperator(node);
    case 'zeroPad2d':
      return zeroPadOperator(node);
    case 'crop2d':
      return cropOperator(node);
    case 'resize2d':
      return resizeOperator(node);
    case 'dropout':
      return ([x]) => tf.clone(x);
    case 'embedding':
      return embeddingOperator(node, upload);
    case 'unembedding':
      return unembeddingOperator(node, upload);
    case 'positions':
      return positionsOperator(node, upload);
    case 'prependTokens':
      return prependTokensOperator(node, upload);
    case 'patchMerging':
      return patchMergingOperator(node);
    case 'rotary':
      return rotaryOperator(node);
    case 'attention':
      return attentionOperator(node, upload);
  }
}
