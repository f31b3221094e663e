import type { ActivationName } from '../../network/network.ts';
import type { Graph, GraphNode, TensorRef } from './graph.ts';

/** An activation that the graph spells out as several nodes. */
export type Pattern =
  | { readonly kind: 'activation'; readonly function: ActivationName; readonly x: TensorRef }
  | { readonly kind: 'clip'; readonly least: number; readonly most: number; readonly x: TensorRef };

/** The value of a constant that is one number; undefined for anything else. */
export type ScalarAt = (ref: TensorRef) => number | undefined;

/**
 * The activation that `node` is the last node of:
 * - silu `x · sigmoid(x)`, hard-swish `x · relu6(x + 3) / 6`, gelu `x / 2 · (1 + erf(x / √2))`,
 *   its tanh approximation `x / 2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))`, with the factors in any order
 * - a clip between two numbers, as a minimum and a maximum
 */
export class PatternMatcher {
  readonly #graph: Graph;
  readonly #scalarAt: ScalarAt;

  constructor(graph: Graph, scalarAt: ScalarAt) {
    this.#graph = graph;
    this.#scalarAt = scalarAt;
  }

  match(node: GraphNode): Pattern | undefined {
    if (node.op === 'Mul' || node.op === 'RealDiv') return this.#gated(node);
    if (node.op === 'Maximum' || node.op === 'Minimum') return this.#clip(node);
    return undefined;
  }

  /** A product of x, a gate that is computed from x, and a number. */
  #gated(node: GraphNode): Pattern | undefined {
    for (const factor of this.#gatesAmong(node)) {
      const gate = this.#gate(factor);
      if (!gate) continue;
      const { numbers, others } = this.#product(node, [gate.x, factor]);
      const both = others.length === 2 && others.some((ref) => same(ref, gate.x)) && others.some((ref) => same(ref, factor));
      if (both && near(numbers, gate.number)) return { kind: 'activation', function: gate.function, x: gate.x };
    }
    return undefined;
  }

  /** Factors of the product that ends in `node`, however it is bracketed, that may be a gate. */
  #gatesAmong(node: GraphNode): readonly TensorRef[] {
    const gates: TensorRef[] = [];
    const open = [...node.inputs];
    for (let steps = 0; steps < MOST_FACTORS && open.length > 0; steps++) {
      const ref = this.#source(open.shift() ?? open[0]);
      const { op, inputs } = this.#nodeOf(ref);
      if (op === 'Mul' || op === 'RealDiv') open.push(...inputs);
      else if (GATES.has(op)) gates.push(ref);
    }
    return gates;
  }

  /** The activation that this gate makes with `x` and `number` for the other factors. */
  #gate(ref: TensorRef): { function: ActivationName; x: TensorRef; number: number } | undefined {
    const { op, inputs } = this.#nodeOf(ref);
    if (inputs.length === 0) return undefined;
    if (op === 'Sigmoid') return { function: 'silu', x: this.#source(inputs[0]), number: 1 };
    if (op === 'Relu6') {
      const x = this.#plus(inputs[0], 3);
      return x && { function: 'hardSwish', x, number: 1 / 6 };
    }
    const inner = this.#plus(ref, 1);
    if (!inner) return undefined;
    const { op: curve, inputs: argument } = this.#nodeOf(inner);
    if (argument.length !== 1 || (curve !== 'Erf' && curve !== 'Tanh')) return undefined;
    const x = curve === 'Erf' ? this.#scaled(argument[0], Math.SQRT1_2) : this.#tanhArgument(argument[0]);
    return x && { function: curve === 'Erf' ? 'gelu' : 'geluTanh', x, number: 0.5 };
  }

  /** x of `√(2/π) · (x + 0.044715 x³)`. */
  #tanhArgument(ref: TensorRef): TensorRef | undefined {
    const sum = this.#scaled(ref, Math.sqrt(2 / Math.PI));
    const node = sum && this.#nodeOf(sum);
    if (!node || !SUMS.has(node.op) || node.inputs.length !== 2) return undefined;
    const operands = node.inputs.map((input) => this.#source(input));
    return operands.find((x, at) => {
      const { numbers, others } = this.#product(this.#nodeOf(operands[1 - at]), [x]);
      return others.length === 3 && others.every((factor) => same(factor, x)) && near(numbers, 0.044715);
    });
  }

  /** y of `number · y` (or `y / (1 / number)`). */
  #scaled(ref: TensorRef, number: number): TensorRef | undefined {
    const { op, inputs } = this.#nodeOf(this.#source(ref));
    if ((op !== 'Mul' && op !== 'RealDiv') || inputs.length !== 2) return undefined;
    for (const [at, input] of inputs.entries()) {
      if (op === 'RealDiv' && at === 0) continue;
      const scalar = this.#scalarAt(input);
      if (scalar !== undefined && near(op === 'Mul' ? scalar : 1 / scalar, number)) return this.#source(inputs[1 - at]);
    }
    return undefined;
  }

  /** y of `y + number`. */
  #plus(ref: TensorRef, number: number): TensorRef | undefined {
    const { op, inputs } = this.#nodeOf(this.#source(ref));
    if (!SUMS.has(op) || inputs.length !== 2) return undefined;
    const at = inputs.findIndex((input) => near(this.#scalarAt(input) ?? Number.NaN, number));
    return at < 0 ? undefined : this.#source(inputs[1 - at]);
  }

  /** The factors of a product that ends in `node`, not looking into `leaves`: the numbers multiplied, and the others. */
  #product(node: GraphNode, leaves: readonly TensorRef[]): { numbers: number; others: readonly TensorRef[] } {
    let numbers = 1;
    const others: TensorRef[] = [];
    const open: { ref: TensorRef; divides: boolean }[] = factorsOf(node);
    for (let steps = 0; open.length > 0; steps++) {
      if (steps > MOST_FACTORS) return { numbers: Number.NaN, others: [] };
      const { ref, divides } = open.pop() ?? open[0];
      const source = this.#source(ref);
      const scalar = this.#scalarAt(source);
      const producer = this.#nodeOf(source);
      const inner = leaves.some((leaf) => same(leaf, source)) ? [] : factorsOf(producer);
      if (scalar !== undefined) numbers *= divides ? 1 / scalar : scalar;
      else if (divides) return { numbers: Number.NaN, others: [] };
      else if (inner.length > 0) open.push(...inner);
      else if (producer.op === 'Pow' && producer.inputs.length === 2 && this.#scalarAt(producer.inputs[1]) === 3) {
        for (let k = 0; k < 3; k++) open.push({ ref: producer.inputs[0], divides: false });
      } else others.push(source);
    }
    return { numbers, others };
  }

  #clip(node: GraphNode): Pattern | undefined {
    const outer = this.#bound(node);
    const inner = outer && this.#bound(this.#nodeOf(outer.x));
    if (!inner || inner.op === outer.op) return undefined;
    const [least, most] = outer.op === 'Maximum' ? [outer.number, inner.number] : [inner.number, outer.number];
    return { kind: 'clip', least, most, x: inner.x };
  }

  #bound({ op, inputs }: GraphNode): { op: 'Maximum' | 'Minimum'; number: number; x: TensorRef } | undefined {
    if (op === 'Relu' && inputs.length === 1) return { op: 'Maximum', number: 0, x: this.#source(inputs[0]) };
    if (op !== 'Maximum' && op !== 'Minimum') return undefined;
    const at = inputs.findIndex((input) => this.#scalarAt(input) !== undefined);
    const number = at < 0 ? undefined : this.#scalarAt(inputs[at]);
    return number === undefined || inputs.length !== 2 ? undefined : { op, number, x: this.#source(inputs[1 - at]) };
  }

  /** Where a value comes from, past nodes that hand it on and products with 1. */
  #source(ref: TensorRef): TensorRef {
    let at = ref;
    for (let steps = 0; steps < MOST_ALIASES; steps++) {
      const { op, inputs } = this.#nodeOf(at);
      if (op === 'Identity' && inputs.length === 1) [at] = inputs;
      else if (op === 'IdentityN' && at.output < inputs.length) at = inputs[at.output];
      else {
        const one = op === 'Mul' && inputs.length === 2 ? inputs.findIndex((input) => this.#scalarAt(input) === 1) : -1;
        if (one < 0) return at;
        at = inputs[1 - one];
      }
    }
    return at;
  }

  #nodeOf(ref: TensorRef): GraphNode {
    const node = this.#graph.nodes.get(ref.node);
    if (!node) throw new Error(`The graph has no node "${ref.node}".`);
    return node;
  }
}

const MOST_FACTORS = 16;
const MOST_ALIASES = 64;
const SUMS: ReadonlySet<string> = new Set(['Add', 'AddV2']);
const GATES: ReadonlySet<string> = new Set(['Sigmoid', 'Relu6', ...SUMS]);

function factorsOf({ op, inputs }: GraphNode): { ref: TensorRef; divides: boolean }[] {
  if ((op !== 'Mul' && op !== 'RealDiv') || inputs.length !== 2) return [];
  return inputs.map((ref, at) => ({ ref, divides: op === 'RealDiv' && at === 1 }));
}

function same(a: TensorRef, b: TensorRef): boolean {
  return a.node === b.node && a.output === b.output;
}

/** Equal as constants of a graph are: rounded to float32, or to the digits that someone typed. */
function near(found: number, wanted: number): boolean {
  return Math.abs(found - wanted) <= 1e-4 * Math.abs(wanted);
}
