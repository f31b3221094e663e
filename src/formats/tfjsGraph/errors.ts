/** The file is not a TensorFlow.js graph model, or is one that is damaged. */
export class GraphModelError extends Error {
  override readonly name = 'GraphModelError';
}

/** The graph has a node of an op that the lab does not know, or in a form that it cannot take. */
export class UnsupportedGraphNodeError extends Error {
  override readonly name = 'UnsupportedGraphNodeError';
  readonly node: string;
  readonly op: string;
  constructor(node: string, op: string, problem: string) {
    super(`Node "${node}" (${op}): ${problem}`);
    this.node = node;
    this.op = op;
  }
}
