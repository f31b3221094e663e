import { OnnxFileError } from '../errors.ts';
import type { GraphProto, NodeProto } from '../schema/onnx_pb.ts';

export interface ExecutionOrder {
  /** The nodes that the outputs depend on, each after those that it reads from. */
  readonly nodes: readonly NodeProto[];
  /** Tensor name → how often those nodes and the graph's outputs read it. */
  readonly readers: ReadonlyMap<string, number>;
}

/**
 * Sorts the graph from its outputs backwards. Throws `OnnxFileError` naming a node for a cycle, a
 * tensor that nothing makes, and a tensor that two nodes make.
 */
export function executionOrder(graph: GraphProto): ExecutionOrder {
  const given = new Set([...graph.input.map(({ name }) => name), ...graph.initializer.map(({ name }) => name)]);
  const makers = new Map<string, NodeProto>();
  for (const node of graph.node) {
    for (const name of node.output) {
      if (name === '') continue;
      if (given.has(name)) throw new OnnxFileError(`${describe(node)} makes the tensor "${name}", which the graph is given.`);
      const other = makers.get(name);
      if (other) throw new OnnxFileError(`Two nodes, ${describe(other)} and ${describe(node)}, both make the tensor "${name}".`);
      makers.set(name, node);
    }
  }
  const readers = new Map<string, number>();
  const makerOf = (name: string, reader: string): NodeProto | undefined => {
    const maker = makers.get(name);
    if (!maker && !given.has(name)) throw new OnnxFileError(`${reader} reads the tensor "${name}", which nothing makes.`);
    return maker;
  };
  const state = new Map<NodeProto, 'open' | 'done'>();
  const nodes: NodeProto[] = [];
  for (const { name } of graph.output) {
    readers.set(name, (readers.get(name) ?? 0) + 1);
    const maker = makerOf(name, 'The graph’s list of outputs');
    const stack = maker ? [maker] : [];
    while (stack.length > 0) {
      const node = stack[stack.length - 1];
      if (state.get(node) === undefined) {
        state.set(node, 'open');
        for (const input of node.input) {
          if (input === '') continue;
          readers.set(input, (readers.get(input) ?? 0) + 1);
          const source = makerOf(input, describe(node));
          if (!source) continue;
          if (state.get(source) === 'open') throw new OnnxFileError(`${describe(node)} is part of a cycle.`);
          if (state.get(source) === undefined) stack.push(source);
        }
      } else {
        stack.pop();
        if (state.get(node) === 'open') nodes.push(node);
        state.set(node, 'done');
      }
    }
  }
  return { nodes: inFileOrder(graph, nodes, makers), readers };
}

/** The nodes as the file lists them, if each stands after those that it reads from; else as given. */
function inFileOrder(graph: GraphProto, nodes: readonly NodeProto[], makers: ReadonlyMap<string, NodeProto>): readonly NodeProto[] {
  const wanted = new Set(nodes);
  const listed = graph.node.filter((node) => wanted.has(node));
  const seen = new Set<NodeProto>();
  for (const node of listed) {
    const sources = node.input.flatMap((name) => makers.get(name) ?? []);
    if (sources.some((source) => !seen.has(source))) return nodes;
    seen.add(node);
  }
  return listed;
}

/** `"name" (OpType)` of a node, by its first output where it has no name. */
export function describe(node: NodeProto): string {
  return `"${node.name || node.output[0] || '?'}" (${node.opType || '?'})`;
}
