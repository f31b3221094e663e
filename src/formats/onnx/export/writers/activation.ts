import { separated, storageOrder } from '../../alignment.ts';
import { transposeValues } from '../../transposeValues.ts';
import type { ActivationName } from '../../../../network/network.ts';
import type { Attributes, GraphWriter } from '../graphWriter.ts';
import { tensorOf, type NodeWriter } from '../nodeWriter.ts';
import { withChannelAxis } from './normalization.ts';

interface Parameters {
  readonly alpha?: number;
  readonly beta?: number;
}

/** Writes the nodes of one activation; the last has the node's id. */
type FunctionWriter = (graph: GraphWriter, id: string, x: string, parameters: Parameters) => void;

function oneNode(opType: string, attributes: (parameters: Parameters) => Attributes = () => ({})): FunctionWriter {
  return (graph, id, x, parameters) => void graph.node(id, opType, [x], attributes(parameters));
}

const functions: Readonly<Record<Exclude<ActivationName, 'softmax'>, FunctionWriter>> = {
  linear: oneNode('Identity'),
  relu: oneNode('Relu'),
  relu6: (graph, id, x) => void graph.node(id, 'Clip', [x, graph.scalar(id, 'low', 0), graph.scalar(id, 'high', 6)]),
  leakyRelu: oneNode('LeakyRelu', ({ alpha = 0.01 }) => ({ alpha: { float: alpha } })),
  elu: oneNode('Elu', ({ alpha = 1 }) => ({ alpha: { float: alpha } })),
  selu: oneNode('Selu'),
  // x / 2 · (1 + erf(x / √2)); the operator set of what is written has no Gelu yet
  gelu: (graph, id, x) => {
    const scaled = graph.part(id, 'scaled', 'Mul', [x, graph.scalar(id, 'scale', Math.SQRT1_2)]);
    halfTimesOnePlus(graph, id, x, graph.part(id, 'erf', 'Erf', [scaled]));
  },
  // x / 2 · (1 + tanh(√(2 / π) · (x + 0.044715 x³)))
  geluTanh: (graph, id, x) => {
    const square = graph.part(id, 'square', 'Mul', [x, x]);
    const cube = graph.part(id, 'cube', 'Mul', [square, x]);
    const bent = graph.part(id, 'bent', 'Mul', [cube, graph.scalar(id, 'bend', 0.044715)]);
    const sum = graph.part(id, 'sum', 'Add', [x, bent]);
    const scaled = graph.part(id, 'scaled', 'Mul', [sum, graph.scalar(id, 'scale', Math.sqrt(2 / Math.PI))]);
    halfTimesOnePlus(graph, id, x, graph.part(id, 'tanh', 'Tanh', [scaled]));
  },
  silu: (graph, id, x) => void graph.node(id, 'Mul', [x, graph.part(id, 'sigmoid', 'Sigmoid', [x])]),
  hardSwish: oneNode('HardSwish'),
  hardSigmoid: oneNode('HardSigmoid', ({ alpha = 1 / 6, beta = 1 / 2 }) => ({ alpha: { float: alpha }, beta: { float: beta } })),
  sigmoid: oneNode('Sigmoid'),
  tanh: oneNode('Tanh'),
  softplus: oneNode('Softplus'),
};

function halfTimesOnePlus(graph: GraphWriter, id: string, x: string, gate: string): void {
  const onePlus = graph.part(id, 'onePlus', 'Add', [gate, graph.scalar(id, 'one', 1)]);
  const half = graph.part(id, 'half', 'Mul', [x, graph.scalar(id, 'oneHalf', 0.5)]);
  graph.node(id, 'Mul', [half, onePlus]);
}

export const writeActivation: NodeWriter<'activation'> = ({ node, inputs, graph }) => {
  const { function: name, ...parameters } = node.attributes;
  if (name === 'softmax') {
    const { tensor, index } = withChannelAxis(graph, inputs[0]);
    graph.node(node.id, 'Softmax', [tensor.name], { axis: index + 1 });
    return tensorOf(node.id, tensor.layout);
  }
  functions[name](graph, node.id, inputs[0].name, parameters);
  return tensorOf(node.id, inputs[0].layout);
};

export const writePrelu: NodeWriter<'prelu'> = ({ node, inputs, graph }) => {
  const { shape, values } = node.weights.alpha;
  const x = separated(graph, inputs[0]);
  const order = storageOrder(x.layout, graph.pictureOrder);
  const slope = graph.floats(node.id, 'alpha', order.map((axis) => shape[axis]), transposeValues(values, shape, order));
  graph.node(node.id, 'PRelu', [x.name, slope]);
  return tensorOf(node.id, x.layout);
};
