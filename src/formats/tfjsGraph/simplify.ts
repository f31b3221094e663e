import type { Network, Node, NodeOf, Weight } from '../../network/network.ts';

/**
 * The same network with fewer nodes: what no output needs is left out; a bias that follows a layer
 * alone becomes the layer's own; affine maps (`isAffine`) that follow one another alone become one.
 */
export function simplified({ name, nodes, outputs }: Network): Network {
  const needed = reachable(nodes, outputs);
  const readers = new Map<string, number>();
  for (const id of [...needed.flatMap((node) => node.inputs), ...outputs]) readers.set(id, (readers.get(id) ?? 0) + 1);

  const made = new Map<string, Node>();
  const renamed = new Map<string, string>();
  const nameNow = (id: string): string => renamed.get(id) ?? id;
  for (const node of needed) {
    const moved = { ...node, inputs: node.inputs.map(nameNow) } as Node;
    const before = moved.inputs.length === 1 && readers.get(node.inputs[0]) === 1 ? made.get(moved.inputs[0]) : undefined;
    const merged = before && mergedInto(before, moved);
    if (before && merged) {
      made.set(before.id, merged);
      renamed.set(node.id, before.id);
    } else {
      made.set(node.id, moved);
    }
  }
  return { name, nodes: [...made.values()], outputs: [...new Set(outputs.map(nameNow))] };
}

function reachable(nodes: readonly Node[], outputs: readonly string[]): readonly Node[] {
  const needed = new Set(outputs);
  for (const node of nodes.toReversed()) if (needed.has(node.id)) for (const id of node.inputs) needed.add(id);
  return nodes.filter((node) => needed.has(node.id) || node.op === 'input');
}

/** `before` as it must be to compute `after`, its only reader, too; undefined where one node cannot. */
function mergedInto(before: Node, after: Node): Node | undefined {
  if (after.op === 'rescaling' && before.op === 'rescaling') {
    const { scale, offset } = after.attributes;
    return { ...before, attributes: { scale: before.attributes.scale * scale, offset: before.attributes.offset * scale + offset } };
  }
  if (after.op !== 'batchNorm' || !isAffine(after)) return undefined;
  if (before.op === 'batchNorm' && isAffine(before)) return composed(before, after);
  const takesBias = before.op === 'conv2d' || before.op === 'depthwiseConv2d' || before.op === 'transposedConv2d' || before.op === 'dense';
  if (!takesBias || after.weights.gamma || !after.weights.beta) return undefined;
  const bias = sum(before.weights.bias, after.weights.beta);
  return { ...before, weights: { ...before.weights, bias } } as Node;
}

/** `gamma · x + beta`: a norm of mean 0, variance 1 and epsilon 0. */
function isAffine({ attributes, weights }: NodeOf<'batchNorm'>): boolean {
  return (
    attributes.epsilon === 0 &&
    weights.mean.values.every((mean) => mean === 0) &&
    weights.variance.values.every((variance) => variance === 1)
  );
}

function composed(first: NodeOf<'batchNorm'>, second: NodeOf<'batchNorm'>): Node {
  const [inner, outer] = [first.weights, second.weights];
  const scale = outer.gamma?.values;
  const scaled = (weight: Weight | undefined): Weight | undefined =>
    weight && scale ? { shape: weight.shape, values: weight.values.map((value, c) => value * scale[c]) } : weight;
  const gamma = scaled(inner.gamma) ?? outer.gamma;
  const innerBeta = scaled(inner.beta);
  const beta = innerBeta && outer.beta ? sum(innerBeta, outer.beta) : (innerBeta ?? outer.beta);
  return { ...first, weights: { ...inner, ...(gamma && { gamma }), ...(beta && { beta }) } };
}

function sum(a: Weight | undefined, b: Weight): Weight {
  return a ? { shape: b.shape, values: b.values.map((value, c) => value + a.values[c]) } : b;
}
