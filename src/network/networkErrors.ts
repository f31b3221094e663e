import type { Shape } from './network.ts';

/** The list of nodes is not a runnable graph: a repeated id, a missing or later input, no output, … */
export class NetworkStructureError extends Error {
  override readonly name = 'NetworkStructureError';
}

/** A node cannot take the shapes it is given. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
  readonly node: string;
  constructor(node: string, op: string, problem: string) {
    super(`Layer "${node}" (${op}): ${problem}`);
    this.node = node;
  }
}

/** A weight's shape is not what its layer needs, or its length is not the product of its shape. */
export class WeightShapeError extends Error {
  override readonly name = 'WeightShapeError';
  readonly node: string;
  constructor(node: string, weight: string, expected: Shape, found: Shape, valueCount?: number) {
    const count = valueCount === undefined ? '' : ` with ${valueCount} values`;
    super(
      `Layer "${node}": weight "${weight}" must have shape [${expected.join(', ')}], found [${found.join(', ')}]${count}.`,
    );
    this.node = node;
  }
}

/** A weight holds NaN or an infinity, so nothing computed from it would mean anything. */
export class NonFiniteWeightsError extends Error {
  override readonly name = 'NonFiniteWeightsError';
  readonly node: string;
  constructor(node: string, weight: string, index: number, value: number) {
    super(
      `Layer "${node}": weight "${weight}" holds ${value} at position ${index}. ` +
        'Every weight must be finite; export the model again from a healthy checkpoint.',
    );
    this.node = node;
  }
}
