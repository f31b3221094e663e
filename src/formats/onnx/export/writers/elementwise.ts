import type { NodeOf } from '../../../../network/network.ts';
import { alignedForBroadcast, alignedForConcat } from '../../alignment.ts';
import { OnnxExportError } from '../../errors.ts';
import type { Tensor } from '../graphWriter.ts';
import { tensorOf, type NodeWriter, type WriterSource } from '../nodeWriter.ts';

export const writeRescaling: NodeWriter<'rescaling'> = ({ node, inputs: [x], graph }) => {
  const { scale, offset } = node.attributes;
  if (scale !== 1 && offset !== 0) {
    const scaled = graph.part(node.id, 'scaled', 'Mul', [x.name, graph.scalar(node.id, 'scale', scale)]);
    graph.node(node.id, 'Add', [scaled, graph.scalar(node.id, 'offset', offset)]);
  } else if (scale !== 1) {
    graph.node(node.id, 'Mul', [x.name, graph.scalar(node.id, 'scale', scale)]);
  } else {
    graph.node(node.id, 'Add', [x.name, graph.scalar(node.id, 'offset', offset)]);
  }
  return tensorOf(node.id, x.layout);
};

export const writeDropout: NodeWriter<'dropout'> = ({ node, inputs: [x], graph }) => {
  graph.node(node.id, 'Dropout', [x.name, graph.scalar(node.id, 'ratio', node.attributes.rate)]);
  return tensorOf(node.id, x.layout);
};

/** Sums of more than two are a Sum. */
export const writeAdd: NodeWriter<'add'> = (source) => {
  const { tensors, layout } = joinable(source);
  source.graph.node(source.node.id, tensors.length === 2 ? 'Add' : 'Sum', tensors);
  return tensorOf(source.node.id, layout);
};

export const writeSubtract: NodeWriter<'subtract'> = (source) => {
  const { tensors, layout } = joinable(source);
  source.graph.node(source.node.id, 'Sub', tensors);
  return tensorOf(source.node.id, layout);
};

/** Products of more than two are a chain. */
export const writeMultiply: NodeWriter<'multiply'> = (source) => {
  const { graph, node } = source;
  const { tensors, layout } = joinable(source);
  const [first, ...rest] = tensors;
  let at = first;
  for (const [k, tensor] of rest.entries()) {
    at = k === rest.length - 1 ? graph.node(node.id, 'Mul', [at, tensor]) : graph.part(node.id, 'product', 'Mul', [at, tensor]);
  }
  return tensorOf(node.id, layout);
};

interface JoinSource extends Pick<WriterSource<'add'>, 'inputs' | 'graph'> {
  readonly node: NodeOf<'add'> | NodeOf<'subtract'> | NodeOf<'multiply'>;
}

function joinable({ node, inputs, graph }: JoinSource): { readonly tensors: readonly string[]; readonly layout: Tensor['layout'] } {
  const rank = Math.max(...inputs.map(({ layout }) => layout.logical.length));
  const aligned = alignedForBroadcast(graph, inputs.map((input) => withLogicalRank(input, rank)));
  if (!aligned) throw new OnnxExportError(`Layer "${node.id}" (${node.op}): its inputs do not fit together.`);
  return { tensors: aligned.values.map(({ name }) => name), layout: aligned.layout };
}

/** The network aligns samples from their last axis on: what is missing are axes of 1 in front. */
function withLogicalRank(tensor: Tensor, rank: number): Tensor {
  const { logical, physical } = tensor.layout;
  if (logical.length === rank) return tensor;
  const ones = Array.from({ length: rank - logical.length }, () => []);
  return { ...tensor, layout: { logical: [...ones, ...logical], physical } };
}

export const writeConcat: NodeWriter<'concat'> = ({ node, inputs, graph }) => {
  const aligned = alignedForConcat(graph, inputs, node.attributes.axis);
  if (!aligned) throw new OnnxExportError(`Layer "${node.id}" (concat): its inputs cannot be joined along axis ${node.attributes.axis}.`);
  graph.node(node.id, 'Concat', aligned.values.map(({ name }) => name), { axis: aligned.storedAxis + 1 });
  return tensorOf(node.id, aligned.layout);
};

