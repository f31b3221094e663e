import type { Coupling } from '../network/coupling.ts';
import type { ComponentMap, FeatureMap } from '../network/couplingGroup.ts';
import { isConsumer, nodeById, type ConsumerNode, type Network, type NodeOf, type Pair } from '../network/network.ts';
import { relevantPositions } from '../network/relevantPositions.ts';
import { inferShapes } from '../network/shapes.ts';

/**
 * A layer whose inputs fidelity scores, seen as n components of p weights per output. A grouped
 * convolution is several layers, one for each group of channels.
 */
export interface ConsumerLayer {
  /** The node's id; for group g of a grouped convolution `<id>#<g>`. */
  readonly id: string;
  readonly node: ConsumerNode;
  /** Which of the node's `parts` runs of channels. */
  readonly part: number;
  readonly parts: number;
  /** Input components of this layer. */
  readonly n: number;
  /** Weights per (output, component): `kh · kw`, the positions of a channel after a flatten, the features of a head. */
  readonly p: number;
  /** Outputs of this layer. */
  readonly m: number;
  /** Which component of which group each of the n inputs is. Of a dense layer, features `i · p` and on belong to input i, save after a flatten. */
  readonly inputs: ComponentMap;
  /** Height and width of the maps that a flatten before this dense layer has laid out, if any. */
  readonly flattened?: Pair;
  /** Of a dense layer over tokens: those whose result any output depends on (`relevantPositions`). Absent: all. Statistics are over these. */
  readonly positions?: readonly number[];
  /** The batch norm that alone reads the node, if any. */
  readonly norm?: NodeOf<'batchNorm'>;
  /**
   * `gram`: the full patch Gram is kept, so that every subset can be scored and refitted.
   * `contributions`: too wide for that (`WIDEST_GRAM`); channels are scored one by one, weights stay.
   */
  readonly statistics: 'gram' | 'contributions';
}

/** Greatest `n · p` whose patch Gram is kept: 6144² float64 are 300 MB. */
export const WIDEST_GRAM = 6144;

/**
 * Every consumer that reads a group that may be cut, in execution order; and those of `also`, whose inputs may all
 * have to stay in the network.
 */
export function consumerLayers(network: Network, { features }: Coupling, also: ReadonlySet<string> = new Set()): ConsumerLayer[] {
  const layers: ConsumerLayer[] = [];
  const relevant = relevantPositions(network);
  for (const node of network.nodes) {
    const inputs = isConsumer(node) ? features.get(node.inputs[0]) : undefined;
    if (!isConsumer(node) || !inputs) continue;
    if (!also.has(node.id) && inputs.groups.every(({ frozen }) => frozen !== undefined)) continue;
    const norm = soleNorm(network, node.id);
    const positions = node.op === 'dense' ? relevant.get(node.id) : undefined;
    for (const layer of layersOfNode(network, node, inputs)) layers.push({ ...layer, ...(norm ? { norm } : {}), ...(positions ? { positions } : {}) });
  }
  return layers;
}

function soleNorm({ nodes, outputs }: Network, id: string): NodeOf<'batchNorm'> | undefined {
  const [reader, ...more] = nodes.filter(({ inputs }) => inputs.includes(id));
  return reader?.op === 'batchNorm' && more.length === 0 && !outputs.includes(id) ? reader : undefined;
}

function* layersOfNode(network: Network, node: ConsumerNode, inputs: FeatureMap): Generator<ConsumerLayer> {
  const { shape } = node.weights.kernel;
  if (node.op === 'dense') {
    const flattened = flattenedMaps(network, node, inputs);
    const p = flattened ? flattened[0] * flattened[1] : runLength(inputs);
    const n = shape[0] / p;
    const own = flattened ? range(inputs, 0, n) : firstsOfRuns(inputs, p);
    yield { id: node.id, node, part: 0, parts: 1, n, p, m: shape[1], inputs: own, flattened, statistics: kind(n * p) };
  } else if (node.op === 'transposedConv2d') {
    const [p, m, n] = [shape[0] * shape[1], shape[2], shape[3]];
    yield { id: node.id, node, part: 0, parts: 1, n, p, m, inputs, statistics: kind(n * p) };
  } else {
    const parts = node.attributes.groups;
    const [p, n, m] = [shape[0] * shape[1], shape[2], shape[3] / parts];
    for (let part = 0; part < parts; part++) {
      const id = parts > 1 ? `${node.id}#${part}` : node.id;
      yield { id, node, part, parts, n, p, m, inputs: range(inputs, part * n, n), statistics: kind(n * p) };
    }
  }
}

function kind(size: number): ConsumerLayer['statistics'] {
  return size <= WIDEST_GRAM ? 'gram' : 'contributions';
}

function range({ groups, group, component }: ComponentMap, first: number, count: number): ComponentMap {
  return { groups, group: group.slice(first, first + count), component: component.slice(first, first + count) };
}

/** How many neighbouring features make up a component, where all have as many (an attention's heads); else 1. */
function runLength({ group, component }: ComponentMap): number {
  const same = (f: number, other: number) => group[f] === group[other] && component[f] === component[other];
  const starts = Array.from(group.keys()).filter((f) => f === 0 || !same(f, f - 1));
  const length = group.length / starts.length;
  return starts.every((start, run) => start === run * length) ? length : 1;
}

function firstsOfRuns({ groups, group, component }: ComponentMap, length: number): ComponentMap {
  const firsts = (values: Int32Array) => values.filter((_, f) => f % length === 0);
  return { groups, group: firsts(group), component: firsts(component) };
}

/**
 * Height and width of the maps whose values a dense layer reads, position after position, where a
 * flatten laid them out and only elementwise ops lie between.
 */
function flattenedMaps(network: Network, node: ConsumerNode, inputs: FeatureMap): Pair | undefined {
  const shapes = inferShapes(network);
  let before = nodeById(network, node.inputs[0]);
  while (['dropout', 'activation', 'rescaling', 'batchNorm', 'prelu'].includes(before.op)) before = nodeById(network, before.inputs[0]);
  if (before.op !== 'flatten') return undefined;
  const shape = shapes.get(before.inputs[0]) ?? [];
  if (shape.length !== 3) return undefined;
  const [height, width, channels] = shape;
  const repeats = inputs.component.every((component, f) =>
    component === inputs.component[f % channels] && inputs.group[f] === inputs.group[f % channels]);
  return repeats ? [height, width] : undefined;
}
