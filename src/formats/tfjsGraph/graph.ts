import { Attributes, knownShape } from './attributes.ts';
import { GraphModelError } from './errors.ts';
import type { FileNode, FileSignature } from './schema.ts';

/** One output of a node. */
export interface TensorRef {
  readonly node: string;
  readonly output: number;
}

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** Data inputs; control inputs say nothing about values and are left out. */
  readonly inputs: readonly TensorRef[];
  readonly attributes: Attributes;
}

export interface Graph {
  readonly nodes: ReadonlyMap<string, GraphNode>;
  readonly outputs: readonly TensorRef[];
  /** Node name → axis sizes that the signature gives for it, batch included, −1 where unknown. */
  readonly inputShapes: ReadonlyMap<string, readonly number[]>;
}

/**
 * The wiring of a GraphDef. Outputs are those of the signature; where there is none, the nodes that
 * no other reads, as in TensorFlow.js.
 * Throws `GraphModelError` for repeated names, references to nothing and graphs without an output.
 */
export function readGraph(fileNodes: readonly FileNode[], signature: FileSignature | null | undefined): Graph {
  const nodes = new Map<string, GraphNode>();
  for (const { name, op, input, attr } of fileNodes) {
    if (nodes.has(name)) throw new GraphModelError(`Two nodes are called "${name}".`);
    const inputs = (input ?? []).filter((text) => !text.startsWith('^')).map(tensorRef);
    nodes.set(name, { name, op, inputs, attributes: new Attributes(name, op, attr ?? {}) });
  }
  const read = new Set<string>();
  for (const { name, inputs } of nodes.values()) {
    for (const { node } of inputs) {
      if (!nodes.has(node)) throw new GraphModelError(`Node "${name}" reads from "${node}", which does not exist.`);
      read.add(node);
    }
  }
  const signed = Object.values(signature?.outputs ?? {}).map(({ name }) => tensorRef(name));
  for (const { node } of signed) {
    if (!nodes.has(node)) throw new GraphModelError(`The output node "${node}" does not exist.`);
  }
  const unread = [...nodes.values()].filter(({ name, op }) => !read.has(name) && op !== 'NoOp' && op !== 'Const');
  const outputs = signed.length > 0 ? signed : unread.map(({ name }) => ({ node: name, output: 0 }));
  if (outputs.length === 0) throw new GraphModelError('The graph has no output.');
  const inputShapes = new Map<string, readonly number[]>();
  for (const { name, tensorShape } of Object.values(signature?.inputs ?? {})) {
    const shape = knownShape(tensorShape);
    if (shape) inputShapes.set(tensorRef(name).node, shape);
  }
  return { nodes, outputs, inputShapes };
}

/** `name` or `name:output`. */
function tensorRef(text: string): TensorRef {
  const colon = text.lastIndexOf(':');
  if (colon < 0) return { node: text, output: 0 };
  const output = Number(text.slice(colon + 1));
  if (!Number.isInteger(output) || output < 0) throw new GraphModelError(`"${text}" is not a tensor's name.`);
  return { node: text.slice(0, colon), output };
}
