import type { ConsumerNode, Network, Node } from '../../network/network.ts';
import { inferShapes } from '../../network/shapes.ts';
import { normAffine } from '../operators.ts';
import { scalarActivation } from './scalarActivation.ts';

/** What a consumer's output goes through before anything else reads it. */
export interface LayerResponse {
  /** The node whose value goes into the activation; the consumer itself where there is none. */
  readonly before: string;
  /** Per output of the consumer, by how much a change of it changes that value: the scale of the norms between. */
  readonly scale: Float64Array;
  /** Of one number of the given output channel. */
  readonly activation: (x: number, output: number) => number;
}

const identity = (x: number): number => x;

/**
 * Follows a consumer through norms, sums with other branches (which count as unchanged) and dropout, as
 * long as each has one reader, to the activation. Where another node comes first, the response is the
 * consumer's own output, linear.
 */
export function layerResponse(network: Network, consumer: ConsumerNode): LayerResponse {
  const shapes = inferShapes(network);
  const outputs = shapes.get(consumer.id)?.at(-1) ?? 0;
  const scale = new Float64Array(outputs).fill(1);
  const linear = { before: consumer.id, scale: new Float64Array(outputs).fill(1), activation: identity };
  let at: Node = consumer;
  for (;;) {
    const readers: readonly Node[] = network.nodes.filter(({ inputs }) => inputs.includes(at.id));
    const [reader] = readers;
    if (readers.length !== 1 || network.outputs.includes(at.id)) return linear;
    switch (reader.op) {
      case 'batchNorm':
        normAffine(reader).scale.forEach((factor, c) => (scale[c] *= factor));
        break;
      case 'add':
        if (shapes.get(reader.id)?.join() !== shapes.get(at.id)?.join()) return linear;
        break;
      case 'dropout':
        break;
      case 'activation': {
        const activation = scalarActivation(reader.attributes);
        return activation ? { before: at.id, scale, activation } : linear;
      }
      case 'prelu': {
        const { shape, values } = reader.weights.alpha;
        const channels = shape[shape.length - 1];
        if (values.length !== channels) return linear;
        return { before: at.id, scale, activation: (x, c) => (x > 0 ? x : values[c % channels] * x) };
      }
      default:
        return linear;
    }
    at = reader;
  }
}
