import type { Weight } from '../../../../network/network.ts';
import { separated, withLastAxis } from '../../alignment.ts';
import { OnnxExportError } from '../../errors.ts';
import { axisSize, axisSizes, positionsIn, type Axis } from '../../axisLayout.ts';
import type { GraphWriter, Tensor } from '../graphWriter.ts';
import { tensorOf, type NodeWriter } from '../nodeWriter.ts';

/** The values of a weight along the network's channels, in the order in which the file stores them. */
function along(stored: Axis, channels: Axis, values: Float32Array): Float32Array {
  const places = positionsIn(stored, channels);
  return places ? Float32Array.from(places, (at) => values[at]) : values;
}

function filled(count: number, value: number): Float32Array {
  return new Float32Array(count).fill(value);
}

/** The value with its last logical axis as a stored axis of its own, wherever that lies; `index` says where. */
export function withChannelAxis(graph: GraphWriter, x: Tensor): { readonly tensor: Tensor; readonly index: number } {
  const channels = x.layout.logical[x.layout.logical.length - 1];
  const indexIn = ({ layout }: Tensor): number =>
    layout.physical.findIndex((axis) => axis.length === channels.length && axis.every((atom) => channels.includes(atom)));
  const tensor = channels.length > 0 && indexIn(x) >= 0 ? x : separated(graph, x);
  if (channels.length > 0) return { tensor, index: indexIn(tensor) };
  return { tensor, index: tensor.layout.physical.findIndex((axis) => axis === channels || axis.length === 0) };
}

/**
 * A norm that only scales and shifts is written as Mul and Add, which read back as the same; so is
 * one whose channels are not the first stored axis, with its statistics folded in.
 */
export const writeBatchNorm: NodeWriter<'batchNorm'> = ({ node, inputs, graph }) => {
  const { gamma, beta, mean, variance } = node.weights;
  const { epsilon } = node.attributes;
  const { tensor, index } = withChannelAxis(graph, inputs[0]);
  const { logical, physical } = tensor.layout;
  const channels = logical[logical.length - 1];
  const ordered = (values: Float32Array): Float32Array => along(physical[index], channels, values);
  const count = mean.values.length;
  const bare = epsilon === 0 && mean.values.every((m) => m === 0) && variance.values.every((v) => v === 1) && (gamma ?? beta);
  if (index === 0 && !bare) {
    const parts = { gamma: gamma?.values ?? filled(count, 1), beta: beta?.values ?? filled(count, 0), mean: mean.values, variance: variance.values };
    const weights = Object.entries(parts).map(([part, values]) => graph.floats(node.id, part, [count], ordered(values)));
    graph.node(node.id, 'BatchNormalization', [tensor.name, ...weights], { epsilon: { float: epsilon } });
    return tensorOf(node.id, tensor.layout);
  }
  const scale = bare ? gamma?.values : Float32Array.from(variance.values, (v, c) => (gamma?.values[c] ?? 1) / Math.sqrt(v + epsilon));
  const shift = bare
    ? beta?.values
    : Float32Array.from(variance.values, (v, c) => (beta?.values[c] ?? 0) - (mean.values[c] * (gamma?.values[c] ?? 1)) / Math.sqrt(v + epsilon));
  const shape = physical.slice(index).map((_, k) => (k === 0 ? count : 1));
  const from = tensor.name;
  const factor = scale && graph.floats(node.id, 'gamma', shape, ordered(scale));
  const summand = shift && graph.floats(node.id, 'beta', shape, ordered(shift));
  return tensorOf(scaledAndShifted(graph, node.id, from, factor, summand), tensor.layout);
};

/** `x · factor + summand`, the first of the two nodes called `id`; returns the tensor's name. */
function scaledAndShifted(graph: GraphWriter, id: string, x: string, factor?: string, summand?: string): string {
  if (factor === undefined) return graph.node(id, 'Add', summand === undefined ? [x] : [x, summand]);
  const product = graph.node(id, 'Mul', [x, factor]);
  return summand === undefined ? product : graph.part(id, 'shifted', 'Add', [product, summand]);
}

export const writeLayerNorm: NodeWriter<'layerNorm'> = ({ node, inputs, graph }) => {
  const { gamma, beta } = node.weights;
  const rank = inputs[0].layout.logical.length;
  const x = withLastAxis(graph, inputs[0], [rank - 1]);
  const stored = x.layout.physical[x.layout.physical.length - 1];
  const channels = x.layout.logical[rank - 1];
  const count = axisSize(channels);
  const { over = count } = node.attributes;
  if (over !== count) throw new OnnxExportError(`Layer "${node.id}" (layerNorm): its means are over ${over} channels, of which ${count} are left. ONNX has no such norm; export as safetensors.`);
  const write = (part: string, values: Float32Array): string => graph.floats(node.id, part, [count], along(stored, channels, values));
  const weights = [write('gamma', gamma?.values ?? filled(count, 1)), ...(beta ? [write('beta', beta.values)] : [])];
  graph.node(node.id, 'LayerNormalization', [x.name, ...weights], { axis: -1, epsilon: { float: node.attributes.epsilon } });
  return tensorOf(node.id, x.layout);
};

/** As PyTorch writes it: an instance norm of groups laid out as channels, then scale and shift. */
export const writeGroupNorm: NodeWriter<'groupNorm'> = ({ node, inputs, graph }) => {
  const { gamma, beta } = node.weights;
  const { groups, epsilon } = node.attributes;
  const { logical } = inputs[0].layout;
  const x = graph.arranged(inputs[0], [logical[logical.length - 1], ...logical.slice(0, -1)]);
  const sizes = axisSizes(x.layout.physical);
  const [channels] = sizes;
  const attributes = { epsilon: { float: epsilon } };
  const vector = (part: string, weight: Weight | undefined, count: number, value: number): string =>
    graph.floats(node.id, part, [count], weight?.values ?? filled(count, value));
  if (groups === channels && sizes.length > 1) {
    const weights = [vector('gamma', gamma, channels, 1), vector('beta', beta, channels, 0)];
    graph.node(node.id, 'InstanceNormalization', [x.name, ...weights], attributes);
    return tensorOf(node.id, x.layout);
  }
  const grouped = graph.part(node.id, 'grouped', 'Reshape', [x.name, graph.integers(node.id, 'groups', [0, groups, -1])]);
  const plain = [vector('ones', undefined, groups, 1), vector('zeros', undefined, groups, 0)];
  graph.node(node.id, 'InstanceNormalization', [grouped, ...plain], attributes);
  let at = graph.part(node.id, 'channels', 'Reshape', [node.id, graph.integers(node.id, 'shape', [0, ...sizes])]);
  const shape = [channels, ...sizes.slice(1).map(() => 1)];
  if (gamma) at = graph.part(node.id, 'scaled', 'Mul', [at, graph.floats(node.id, 'gamma', shape, gamma.values)]);
  if (beta) at = graph.part(node.id, 'shifted', 'Add', [at, graph.floats(node.id, 'beta', shape, beta.values)]);
  return tensorOf(at, x.layout);
};

