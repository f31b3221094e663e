import { everyOpNetwork } from '../../../engine/fixtures/everyOpNetwork.ts';
import { networkBuilder, plainNetwork, randomWeights, residualNetwork } from '../../../network/fixtures/networks.ts';
import type { Network } from '../../../network/network.ts';

/** An inverted residual with squeeze and excite, a concatenation, a flatten before the last layer, on 6 × 6 × 3. */
function branchedNetwork(seed = 5): Network {
  const b = networkBuilder(seed);
  const weight = randomWeights(seed + 1);
  const stem = b.activation('stem_relu', b.conv('stem', b.input('input', [6, 6, 3]), [3, 3], 3, 4), 'relu6');
  const deep = b.node({
    id: 'depthwise', op: 'depthwiseConv2d', inputs: [stem],
    attributes: { strides: [1, 1], padding: 'same', dilations: [1, 1] }, weights: { kernel: weight([3, 3, 4, 1]), bias: weight([4]) },
  });
  const squeeze = b.conv('squeeze', b.globalPool('pool', deep, 'globalAveragePool2d', true), [1, 1], 4, 4, { bias: true });
  const gated = b.node({ id: 'gated', op: 'multiply', inputs: [deep, b.activation('gate', squeeze, 'sigmoid')], attributes: {}, weights: {} });
  const both = b.node({ id: 'both', op: 'concat', inputs: [b.add('sum', gated, stem), deep], attributes: { axis: 2 }, weights: {} });
  return b.build('branched', b.dense('logits', b.flatten('flatten', b.pool('shrink', both, 'averagePool2d')), 72, 3));
}

/** Small networks that between them have residuals, a concatenation, a gate, depthwise and strided convolutions, norms and a flatten. */
export function soundNetworks(): readonly Network[] {
  return [residualNetwork(), plainNetwork(), branchedNetwork(), everyOpNetwork()];
}

export function encoded(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A copy in which the float32 at byte `at`, little-endian, is `value`. */
export function withFloat(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  new DataView(copy.buffer).setFloat32(at, value, true);
  return copy;
}

export const NOT_FINITE = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as const;
