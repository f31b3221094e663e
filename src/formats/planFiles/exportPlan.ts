import { coupling, keptFeatures } from '../../network/coupling.ts';
import type { FeatureMap } from '../../network/couplingGroup.ts';
import type { Network, Node, Weight } from '../../network/network.ts';
import type { PrunePlan } from '../../network/prunePlan.ts';
import { weightsOf } from '../../network/shapes.ts';
import { writeSafetensors } from '../safetensors.ts';
import { PlanMismatchError } from './error.ts';
import { layoutsOf } from './layouts.ts';
import { PLAN_VERSION, type PlanAxis, type PlanDocument, type PlanNode, type PlanWeight } from './planDocument.ts';
import { keptPart, weightCuts } from './weightCuts.ts';

const WEIGHTS_FILE = 'weights.safetensors';

/**
 * The plan as files: `weights.safetensors`, all weights of `pruned` as `<node id>.<weight>`, and
 * `plan.json` (`PlanDocument`). `pruned` is what surgery makes of `intact` by `plan`; its weights
 * may have been changed since, its shapes not.
 *
 * @throws PlanMismatchError where `pruned` has other layers, or weights of other shapes, than the plan says
 */
export function exportPlan(intact: Network, plan: PrunePlan, pruned: Network): Readonly<Record<string, Uint8Array<ArrayBuffer>>> {
  const document = planDocument(intact, plan, pruned);
  const tensors = pruned.nodes.flatMap((node) => weightsOf(node).map(([name, weight]) => [tensorName(node.id, name), weight] as const));
  return {
    [WEIGHTS_FILE]: writeSafetensors(tensors, { format: document.format, network: pruned.name }),
    'plan.json': new TextEncoder().encode(inLines(document)),
  };
}

function planDocument(intact: Network, plan: PrunePlan, pruned: Network): PlanDocument {
  const { groups, features } = coupling(intact);
  const axisOf = (id: string): PlanAxis | undefined => {
    const map = features.get(id);
    return map && planAxis(map, plan);
  };
  const after = new Map(pruned.nodes.map((node) => [node.id, node]));
  const extra = pruned.nodes.find(({ id }) => !features.has(id));
  if (extra) throw new PlanMismatchError(extra.id, 'is not in the intact network');
  return {
    format: 'modhifi-plan',
    version: PLAN_VERSION,
    network: intact.name,
    outputs: intact.outputs,
    weightsFile: WEIGHTS_FILE,
    layouts: layoutsOf(pruned),
    groups: groups.map(({ name, channels, producers, passThroughs, consumers, frozen }) => ({
      name,
      channels,
      kept: Object.hasOwn(plan.keep, name) ? plan.keep[name] : Array.from({ length: channels }, (_, index) => index),
      producers,
      passThroughs,
      consumers,
      ...(frozen !== undefined && { frozen }),
    })),
    nodes: intact.nodes.map((node): PlanNode => {
      const cut = after.get(node.id);
      const [own, input] = [axisOf(node.id), axisOf(node.inputs[0] ?? '')];
      if (!cut || cut.op !== node.op || !own) throw new PlanMismatchError(node.id, 'is missing or of another kind in the pruned network');
      const kept = { in: input?.kept ?? undefined, out: own.kept ?? undefined, axis: own.axis };
      return {
        id: node.id,
        op: node.op,
        inputs: node.inputs,
        attributes: cut.attributes,
        ...(input && { in: input }),
        out: own,
        weights: planWeights(node, cut, weightCuts(node, kept)),
      };
    }),
  };
}

function planAxis(map: FeatureMap, plan: PrunePlan): PlanAxis {
  return { axis: map.axis, size: map.component.length, kept: keptFeatures(map, plan.keep) ?? null, groups: map.groups.map(({ name }) => name) };
}

function planWeights(before: Node, after: Node, cuts: ReturnType<typeof weightCuts>): Readonly<Record<string, PlanWeight>> {
  const intact = new Map(weightsOf(before));
  return Object.fromEntries(weightsOf(after).map(([name, weight]): [string, PlanWeight] => {
    const [whole, kept] = [intact.get(name), cuts.get(name)];
    const part = whole && kept && keptPart(whole, kept);
    if (part && part.shape.join() !== weight.shape.join()) {
      throw new PlanMismatchError(after.id, `has a ${name} of [${weight.shape.join(', ')}] where the plan leaves [${part.shape.join(', ')}]`);
    }
    return [name, { tensor: tensorName(after.id, name), shape: weight.shape, kept: kept ?? null, new: !part || !equal(part, weight) }];
  }));
}

function equal(a: Weight, b: Weight): boolean {
  return a.values === b.values || a.values.every((value, k) => Object.is(value, b.values[k]));
}

function tensorName(node: string, weight: string): string {
  return `${node}.${weight}`;
}

/** JSON with a line for each group and node, to be read by people too. */
function inLines(document: PlanDocument): string {
  const fields = Object.entries(document).map(([name, value]) => {
    const text = Array.isArray(value) && value.length > 0 && typeof value[0] === 'object'
      ? `[\n${value.map((item) => `  ${JSON.stringify(item)}`).join(',\n')}\n ]`
      : JSON.stringify(value);
    return ` ${JSON.stringify(name)}: ${text}`;
  });
  return `{\n${fields.join(',\n')}\n}\n`;
}
