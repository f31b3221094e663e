import * as tf from '@tensorflow/tfjs-core';
import type { Network, Node } from '../../network/network.ts';
import { inferShapes } from '../../network/shapes.ts';
import { JobClock, silent, type Job } from '../job.ts';
import { operatorOf } from '../operators.ts';

/** A flow network in which every value is near 1 on an input of ones. */
export interface BalancedFlow {
  readonly network: Network;
  /** Node of the flow network → the node here that holds its value times `2^−exponent`. */
  readonly values: ReadonlyMap<string, { readonly id: string; readonly exponent: number }>;
}

/** Greatest exponent that is left as it is. */
const UNTOUCHED = 4;

/**
 * A flow network multiplies its values about tenfold in each layer, beyond float32 after forty. Here
 * each layer's value is divided by a power of two, which is exact, and branches that meet are brought
 * to one exponent. What is 2^−126 of what it is added to becomes 0.
 *
 * @throws CancelledError
 */
export async function balancedFlow(flow: Network, job: Job = {}): Promise<BalancedFlow> {
  const clock = new JobClock(silent(job), flow.nodes.length);
  const input = flow.nodes.find((node) => node.op === 'input');
  if (!input) throw new Error(`Network "${flow.name}" has no input node.`);
  const nodes: Node[] = [];
  const taken = new Set(flow.nodes.map(({ id }) => id));
  const values = new Map<string, { id: string; exponent: number; tensor: tf.Tensor }>();
  const lastUse = new Map(flow.nodes.flatMap((node, at) => node.inputs.map((id) => [id, at] as const)));
  const scaled = (from: string, exponent: number): string => {
    if (exponent === 0) return from;
    let id = `${from} × 2^${exponent}`;
    while (taken.has(id)) id += '′';
    taken.add(id);
    nodes.push({ id, op: 'rescaling', inputs: [from], attributes: { scale: 2 ** Math.max(-149, exponent), offset: 0 }, weights: {} });
    return id;
  };
  const valueOf = (id: string) => {
    const value = values.get(id);
    if (!value) throw new Error(`Node "${id}" was read before it was computed.`);
    return value;
  };
  try {
    values.set(input.id, { id: input.id, exponent: 0, tensor: tf.ones([1, ...(inferShapes(flow).get(input.id) ?? [])]) });
    for (const [at, node] of flow.nodes.entries()) {
      if (node.op === 'input') {
        nodes.push(node);
        continue;
      }
      const read = node.inputs.map(valueOf);
      const joined = node.op === 'multiply'
        ? read.reduce((sum, { exponent }) => sum + exponent, 0)
        : Math.max(...read.map(({ exponent }) => exponent));
      const shifts = read.map(({ exponent }) => (node.op === 'multiply' ? 0 : exponent - joined));
      const moved = { ...node, inputs: read.map(({ id }, k) => scaled(id, shifts[k])) } as typeof node;
      nodes.push(moved);
      const made = applied(moved, read.map(({ tensor }, k) => ({ tensor, factor: 2 ** Math.max(-149, shifts[k]) })));
      const greatest = await greatestOf(made);
      const power = greatest > 0 ? Math.round(Math.log2(greatest)) : 0;
      const shift = Math.abs(power) > UNTOUCHED ? power : 0;
      const tensor = shift === 0 ? made : tf.tidy(() => tf.mul(made, 2 ** -shift));
      if (tensor !== made) made.dispose();
      values.set(node.id, { id: scaled(node.id, -shift), exponent: joined + shift, tensor });
      for (const id of node.inputs) if (lastUse.get(id) === at) values.get(id)?.tensor.dispose();
      await clock.breathe();
    }
  } finally {
    tf.dispose([...values.values()].map(({ tensor }) => tensor));
  }
  return { network: { ...flow, nodes, outputs: flow.outputs.map((id) => valueOf(id).id) }, values };
}

function applied(node: Exclude<Node, { op: 'input' }>, inputs: readonly { tensor: tf.Tensor; factor: number }[]): tf.Tensor {
  return tf.tidy(() => {
    const operator = operatorOf(node, ({ shape, values }) => tf.tensor(values, [...shape], 'float32'));
    return operator(inputs.map(({ tensor, factor }) => (factor === 1 ? tensor : tf.mul(tensor, factor))));
  });
}

async function greatestOf(x: tf.Tensor): Promise<number> {
  const greatest = tf.tidy(() => tf.max(x));
  const [value] = await greatest.data();
  greatest.dispose();
  return value;
}
