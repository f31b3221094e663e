import type { Shape } from '../../network/network.ts';
import { GraphModelError, UnsupportedGraphNodeError } from './errors.ts';
import type { Graph, GraphNode, TensorRef } from './graph.ts';
import type { NetworkBuilder } from './networkBuilder.ts';
import { OpCall } from './opCall.ts';
import { clip } from './ops/clip.ts';
import { constantReaders, opReaders, unknownOp } from './opTable.ts';
import { PatternMatcher } from './patterns.ts';
import type { Constant, Feature, Value } from './values.ts';

/** How a node is read: what it needs first, and what it makes of that. */
interface Plan {
  readonly inputs: readonly TensorRef[];
  read(inputs: readonly Value[]): Value | readonly Value[];
}

/** The value of a `Const` node; throws where the weights do not hold it. */
export type ConstantAt = (node: string) => Constant;

/**
 * Computes the values of a graph's tensors, each once, only those that are asked for and what they
 * need. Adds the layers that this takes to `builder`.
 */
export class GraphReader {
  readonly #graph: Graph;
  readonly #builder: NetworkBuilder;
  readonly #constantAt: ConstantAt;
  readonly #patterns: PatternMatcher;
  readonly #values = new Map<string, readonly Value[]>();
  /** Takes the place of sizes that the graph leaves open. */
  readonly #inputShape: Shape;
  #input: { readonly node: string; readonly shape: Shape; readonly batch: number } | undefined;

  constructor(graph: Graph, builder: NetworkBuilder, constantAt: ConstantAt, inputShape: Shape = []) {
    this.#inputShape = inputShape;
    this.#graph = graph;
    this.#builder = builder;
    this.#constantAt = constantAt;
    this.#patterns = new PatternMatcher(graph, (ref) => this.#scalarAt(ref));
  }

  /**
   * The value of one tensor.
   * Throws `UnsupportedGraphNodeError`, `GraphModelError`, the errors of the weights, and `ShapeError`.
   */
  value(wanted: TensorRef): Value {
    // an explicit stack, because graphs are deeper than calls may nest
    const open: { node: GraphNode; plan: Plan; next: number }[] = [];
    const isOpen = new Set<string>();
    const enter = (name: string): void => {
      const node = this.#node(name);
      if (isOpen.has(name)) throw new GraphModelError(`Node "${name}" (${node.op}) reads from itself by way of others; the graph has a cycle.`);
      isOpen.add(name);
      open.push({ node, plan: this.#plan(node), next: 0 });
    };
    if (!this.#values.has(wanted.node)) enter(wanted.node);
    for (let top = open.at(-1); top; top = open.at(-1)) {
      const { node, plan } = top;
      if (top.next < plan.inputs.length) {
        const { node: before } = plan.inputs[top.next++];
        if (!this.#values.has(before)) enter(before);
        continue;
      }
      const made = plan.read(plan.inputs.map((ref) => this.#known(ref)));
      this.#values.set(node.name, 'kind' in made ? [made] : made);
      isOpen.delete(node.name);
      open.pop();
    }
    return this.#known(wanted);
  }

  #plan(node: GraphNode): Plan {
    if (node.op === 'Placeholder') return { inputs: [], read: () => this.#readInput(node) };
    if (node.op === 'Const') return { inputs: [], read: () => this.#constantAt(node.name) };
    const unknown = unknownOp(node.op);
    if (unknown !== undefined) throw new UnsupportedGraphNodeError(node.name, node.op, unknown);
    const call = (inputs: readonly Value[]): OpCall => new OpCall(node, inputs, this.#builder, this.#input?.batch ?? 1);
    const pattern = this.#patterns.match(node);
    if (pattern) {
      return {
        inputs: [pattern.x],
        read: (inputs) => {
          const spelledOut = call(inputs);
          const x = spelledOut.feature2d(0);
          if (pattern.kind === 'clip') return clip(spelledOut, x, pattern.least, pattern.most);
          return spelledOut.emit('activation', [x], { function: pattern.function }, {});
        },
      };
    }
    return { inputs: node.inputs, read: (inputs) => read(call(inputs)) };
  }

  #readInput(node: GraphNode): Feature {
    if (this.#input && this.#input.node !== node.name) {
      throw new UnsupportedGraphNodeError(
        node.name, node.op, `is a second input beside "${this.#input.node}"; models of several inputs would have to be supported.`,
      );
    }
    const { batch, sizes } = this.#inputSizes(node);
    if (sizes.length === 0 || !sizes.every((size) => Number.isSafeInteger(size) && size > 0)) {
      const found = sizes.length === 0 ? 'none' : `[batch, ${sizes.map((size) => (size > 0 ? size : '?')).join(', ')}]`;
      throw new UnsupportedGraphNodeError(
        node.name, node.op, `the input's shape must be fixed apart from the batch, found ${found}. Give its size, or convert the model with a fixed one.`,
      );
    }
    this.#input = { node: node.name, shape: sizes, batch: batch > 0 ? batch : 1 };
    return this.#builder.add(node.name, 'input', [], { shape: sizes }, {});
  }

  /** From the node, where that leaves one open from the signature, else as it was asked for. */
  #inputSizes(node: GraphNode): { batch: number; sizes: Shape } {
    const signed = this.#graph.inputShapes.get(node.name);
    const [batch = -1, ...own] = node.attributes.shape('shape') ?? signed ?? [];
    const shape = own.length > 0 ? own : this.#inputShape.map(() => -1);
    const wanted = this.#inputShape.length === shape.length ? this.#inputShape : [];
    return { batch, sizes: shape.map((size, axis) => [size, signed?.[axis + 1], wanted[axis]].find((known) => known !== undefined && known > 0) ?? size) };
  }

  #known({ node, output }: TensorRef): Value {
    const values = this.#values.get(node);
    const { name, op } = this.#node(node);
    if (!values) throw new Error(`Node "${name}" was not read before its readers.`);
    if (output >= values.length) throw new UnsupportedGraphNodeError(name, op, `its output ${output} is not supported.`);
    return values[output];
  }

  #scalarAt(ref: TensorRef): number | undefined {
    let { node: name, output } = ref;
    for (let steps = 0; output === 0 && steps < 8; steps++) {
      const node = this.#node(name);
      if (node.op === 'Const') {
        const { values } = this.#constantAt(name);
        const [value] = values.length === 1 ? Array.from(values) : [];
        return typeof value === 'number' ? value : undefined;
      }
      if ((node.op !== 'Identity' && node.op !== 'Cast') || node.inputs.length !== 1) return undefined;
      [{ node: name, output }] = node.inputs;
    }
    return undefined;
  }

  #node(name: string): GraphNode {
    const node = this.#graph.nodes.get(name);
    if (!node) throw new GraphModelError(`The graph has no node "${name}".`);
    return node;
  }
}

function read(call: OpCall): Value | readonly Value[] {
  const folds = call.isConstant ? constantReaders.get(call.op) : undefined;
  const reader = folds ?? opReaders.get(call.op);
  if (!reader) throw call.refusal('is supported only where all of its inputs are constants.');
  const made = reader(call);
  call.requireAllRead();
  return made;
}
