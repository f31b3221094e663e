import { logitsNode } from '../engine/criteria/logitsNode.ts';
import { coupling } from '../network/coupling.ts';
import { isConsumer, type ConsumerNode, type Network, type Node } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';
import { consumerLayers, type ConsumerLayer } from '../pruning/consumerLayers.ts';
import { NoClassScoresError, NothingToEditError, UnlearnSettingError } from './unlearningErrors.ts';

/** The end of a network: the layers that are edited and all that lies behind them. */
export interface Tail {
  /** The edited layers by node, in execution order: several for a grouped convolution. */
  readonly layers: ReadonlyMap<string, readonly ConsumerLayer[]>;
  /** The nodes whose values an edit changes, in execution order. */
  readonly nodes: readonly Exclude<Node, { op: 'input' }>[];
  /** The nodes whose values those read from before the edit, in execution order. */
  readonly frontier: readonly string[];
  /** Whose values are the class scores, before a softmax. */
  readonly logits: string;
  /** The layer that gives the class scores, if one does so directly, edited or not. */
  readonly head?: ConsumerNode;
  /** The consumer before the head, which makes the features that the head reads; absent without a head. */
  readonly features?: string;
  readonly classes: number;
}

/**
 * The last `layers` layers whose input channels may leave and whose Gram is kept; without `head`, the
 * last ones before the layer that gives the class scores.
 *
 * @throws NoClassScoresError, NothingToEditError, UnlearnSettingError
 */
export function tailOf(network: Network, layers: number, head: boolean): Tail {
  if (!Number.isInteger(layers) || layers < 1) throw new UnlearnSettingError('The number of layers', layers, 'a whole number from 1 on');
  const shape = inferShapes(network).get(network.outputs[0]) ?? [];
  if (shape.length !== 1 || shape[0] < 2) throw new NoClassScoresError(network.name, shape);
  const logits = logitsNode(network);
  const last = network.nodes.find(({ id }) => id === logits);
  const own = last && isConsumer(last) ? last : undefined;
  const byNode = new Map<string, ConsumerLayer[]>();
  // the head's inputs may have to stay (behind a norm over all of them); it need not read them
  for (const layer of consumerLayers(network, coupling(network), new Set(head && own ? [own.id] : []))) {
    if (layer.statistics !== 'gram' || (!head && layer.node.id === own?.id)) continue;
    byNode.set(layer.node.id, [...(byNode.get(layer.node.id) ?? []), layer]);
  }
  const edited = new Map([...byNode].slice(-layers));
  if (edited.size === 0) throw new NothingToEditError(network.name, head);
  const changed = new Set(edited.keys());
  const read = new Set<string>();
  const nodes = network.nodes.flatMap((node): Tail['nodes'] => {
    if (node.op === 'input' || !(changed.has(node.id) || node.inputs.some((id) => changed.has(id)))) return [];
    changed.add(node.id);
    for (const id of node.inputs) if (!changed.has(id)) read.add(id);
    return [node];
  });
  const frontier = network.nodes.filter(({ id }) => read.has(id)).map(({ id }) => id);
  const features = own && network.nodes.slice(0, network.nodes.indexOf(own)).findLast(isConsumer)?.id;
  return { layers: edited, nodes, frontier, logits, ...(own ? { head: own } : {}), ...(features ? { features } : {}), classes: shape[0] };
}
