import type { Network, Node, Weight } from '../../network/network.ts';
import { inferShapes, weightsOf } from '../../network/shapes.ts';
import { transposeValues } from '../onnx/transposeValues.ts';
import type { Draft, DraftNode, Slot } from './draft.ts';
import { HuggingFaceExportError } from './errors.ts';

/**
 * The tensors of `network` as its file has them, in the order of the layers. A bias that the class
 * has and the network lacks is written as zeros.
 *
 * @throws HuggingFaceExportError where the network has other layers than `draft`, or of another form
 */
export function writtenTensors(network: Network, draft: Draft): ReadonlyMap<string, Weight> {
  inferShapes(network);
  const nodes = new Map(network.nodes.map((node) => [node.id, node]));
  const foreign = network.nodes.find(({ id }) => !draft.nodes.some((one) => one.id === id));
  if (foreign) throw new HuggingFaceExportError(`The layer "${foreign.id}" (${foreign.op}) has no place in a model of this family. ${ADVICE}`);
  if (network.outputs.join() !== draft.outputs.join()) throw new HuggingFaceExportError(`The network’s output is "${network.outputs.join(', ')}" instead of "${draft.outputs.join(', ')}". ${ADVICE}`);
  const tensors = new Map<string, Weight>();
  const sources = new Map<string, Weight>();
  for (const drafted of draft.nodes) {
    const node = nodes.get(drafted.id);
    if (!node) throw new HuggingFaceExportError(`The layer "${drafted.id}" has left the network; a model of this family needs it. ${ADVICE}`);
    requireForm(node, drafted);
    const weights = new Map(weightsOf(node));
    for (const [key, slot] of Object.entries(drafted.slots)) {
      const weight = weights.get(key) ?? zeros(slot);
      if (weight.shape.join() !== slot.shape.join()) {
        throw new HuggingFaceExportError(`Layer "${node.id}": its ${key} is [${weight.shape.join(', ')}]; a model with this network’s widths has [${slot.shape.join(', ')}]. ${ADVICE}`);
      }
      const known = sources.get(slot.tensor);
      if (known && known !== weight && known.values.some((value, k) => value !== weight.values[k])) {
        throw new HuggingFaceExportError(`Layer "${node.id}" no longer has the same table as the embedding, with which it is tied. ${ADVICE}`);
      }
      if (known) continue;
      sources.set(slot.tensor, weight);
      tensors.set(slot.tensor, stored(weight, slot));
    }
  }
  return tensors;
}

const ADVICE = 'Write the network as ONNX instead.';

function requireForm(node: Node, drafted: DraftNode): void {
  const differs = node.op !== drafted.op
    ? `is a ${node.op} instead of a ${drafted.op}`
    : node.inputs.join() !== drafted.inputs.join()
      ? `reads from ${node.inputs.join(', ')} instead of ${drafted.inputs.join(', ')}`
      : canonical(node.attributes) !== canonical(drafted.attributes) ? 'has other settings' : undefined;
  if (differs !== undefined) throw new HuggingFaceExportError(`The layer "${node.id}" ${differs}, which a model of this family does not have there. ${ADVICE}`);
  const extra = weightsOf(node).find(([key]) => !Object.hasOwn(drafted.slots, key));
  if (extra) throw new HuggingFaceExportError(`The layer "${node.id}" has a ${extra[0]}, which a model of this family does not have there. ${ADVICE}`);
}

/** As text that does not depend on the order of keys. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  return `{${Object.entries(value).filter(([, part]) => part !== undefined).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, part]) => `${key}:${canonical(part)}`).join()}}`;
}

function stored({ shape, values }: Weight, slot: Slot): Weight {
  const { order } = slot;
  if (!order) return { shape: slot.stored, values };
  const inverse = slot.stored.map((_, axis) => order.indexOf(axis));
  return { shape: slot.stored, values: transposeValues(values, shape, inverse) };
}

function zeros({ shape }: Slot): Weight {
  return { shape, values: new Float32Array(shape.reduce((product, axis) => product * axis, 1)) };
}
