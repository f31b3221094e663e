/** A network is not what the plan makes of the intact one. */
export class PlanMismatchError extends Error {
  override readonly name = 'PlanMismatchError';
  readonly node: string;
  constructor(node: string, problem: string) {
    super(`The plan and the pruned network do not belong together: layer "${node}" ${problem}.`);
    this.node = node;
  }
}
