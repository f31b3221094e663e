import type { Node, NodeOf, Op } from '../../network/network.ts';
import { opDefinition } from '../../network/ops/table.ts';
import { GraphModelError } from './errors.ts';
import type { Feature } from './values.ts';

/** Beyond this many values, what the graph computes of its own constants is not a network's weights. */
const MOST_FOLDED_VALUES = 2 ** 26;

/** Collects the network's nodes while the graph is read. */
export class NetworkBuilder {
  readonly nodes: Node[] = [];
  readonly #ids = new Set<string>();
  #folded = 0;

  /** Adds a node; its id gets a number behind it where another has it already. Throws `ShapeError`. */
  add<O extends Op>(
    id: string,
    op: O,
    inputs: readonly Feature[],
    attributes: NodeOf<O>['attributes'],
    weights: NodeOf<O>['weights'],
  ): Feature {
    const node: NodeOf<O> = { id: this.#unused(id), op, inputs: inputs.map((input) => input.id), attributes, weights };
    const shape = opDefinition(node).outputShape(node, inputs.map((input) => input.shape));
    this.#ids.add(node.id);
    this.nodes.push(node as unknown as Node);
    return { kind: 'feature', id: node.id, shape, rows: inputs.some(({ rows }) => rows) };
  }

  /** Says that `values` more are about to be computed of constants. Throws `GraphModelError` past a limit. */
  fold(values: number): void {
    this.#folded += values;
    if (!(this.#folded <= MOST_FOLDED_VALUES)) {
      throw new GraphModelError(`The graph computes more than ${MOST_FOLDED_VALUES} values from its constants alone.`);
    }
  }

  #unused(id: string): string {
    let unused = id;
    for (let number = 2; this.#ids.has(unused); number++) unused = `${id}_${number}`;
    return unused;
  }
}
