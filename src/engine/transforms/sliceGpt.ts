import { costShare, TransformTargetError, type NetworkTransform } from './networkTransform.ts';
import { slicedNetwork, slicedShapes } from './slicedNetwork.ts';
import { streamComponents } from './streamComponents.ts';
import { streamForm } from './streamForm.ts';

/**
 * SliceGPT (Ashkboos et al., SliceGPT: Compress Large Language Models by Deleting Rows and Columns, ICLR 2024, arXiv 2401.15024):
 * the residual stream is turned onto its principal components, at each norm by a rotation of its own, and the last of
 * them are cut off; as many stay everywhere as the share allows. The rotations go into the weights; between two
 * positions a dense layer turns the stream from one's coordinates into the next's, which also costs.
 *
 * @throws TransformRefusedError where the network is not built around one stream that norms read; TransformTargetError;
 * CancelledError, DeviceLostError, InputShapeError
 */
export const sliceGpt: NetworkTransform = async ({ network, images, correlator, share }, job = {}) => {
  const form = streamForm(network);
  const costOf = costShare(network, share.kind);
  const fits = (slices: number): boolean => costOf(slicedShapes(network, form, slices)) <= share.value;
  if (!fits(1)) throw new TransformTargetError('SliceGPT', share, costOf(slicedShapes(network, form, 1)));
  // costs grow with the slices
  let [most, beyond] = [1, form.width + 1];
  while (beyond - most > 1) {
    const middle = Math.floor((most + beyond) / 2);
    if (fits(middle)) most = middle;
    else beyond = middle;
  }
  return slicedNetwork(network, form, most, await streamComponents(network, form, most, images, correlator, job), job);
};
