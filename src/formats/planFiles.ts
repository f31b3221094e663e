/**
 * A prune plan as files that another tool can apply: all weights of the pruned network as
 * safetensors, and `plan.json`. `docs/plan-format.md` describes them;
 * `docs/examples/apply_plan.py` applies them in PyTorch.
 */
export { PlanMismatchError } from './planFiles/error.ts';
export { exportPlan } from './planFiles/exportPlan.ts';
export { PLAN_VERSION, type PlanDocument, type PlanGroup, type PlanNode, type PlanWeight } from './planFiles/planDocument.ts';
