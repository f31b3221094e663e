import { removeBlocks } from '../../network/removeBlocks.ts';
import { residualBlocks } from '../../network/residualBranches.ts';
import { blockInfluence } from './blockInfluence.ts';
import { costShare, TransformRefusedError, TransformTargetError, type NetworkTransform } from './networkTransform.ts';

/**
 * ShortGPT (Men et al., ShortGPT: Layers in Large Language Models are More Redundant Than You Expect, arXiv 2403.03853): the blocks of
 * least influence on the intact network leave, as few as bring it to the share asked for. Nothing is refitted.
 *
 * A block is what `residualBlocks` finds in the graph, so that networks of any family whose blocks stand on residual
 * streams have them. Ties go to the later block.
 *
 * @throws TransformRefusedError where there is no block; TransformTargetError; CancelledError, DeviceLostError, InputShapeError
 */
export const shortGpt: NetworkTransform = async ({ network, images, share }, job = {}) => {
  const blocks = residualBlocks(network);
  if (blocks.length === 0) {
    throw new TransformRefusedError(`ShortGPT leaves out blocks on residual streams, and "${network.name}" has none: no add of it has an input that all else it adds is made from.`);
  }
  const costOf = costShare(network, share.kind);
  const least = costOf(removeBlocks(network, blocks));
  if (least > share.value) throw new TransformTargetError('ShortGPT', share, least);
  const influence = await blockInfluence(network, blocks, images, job);
  const order = Array.from(blocks.keys()).sort((a, b) => influence[a] - influence[b] || b - a);
  for (let count = 0; count < order.length; count++) {
    const smaller = removeBlocks(network, order.slice(0, count).map((k) => blocks[k]));
    if (costOf(smaller) <= share.value) return smaller;
  }
  return removeBlocks(network, blocks);
};
