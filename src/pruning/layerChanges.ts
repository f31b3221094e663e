import { keptFeatures, type Coupling } from '../network/coupling.ts';
import type { Network, Op } from '../network/network.ts';
import { opDefinition } from '../network/ops/table.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { inferShapes, inputShapes } from '../network/shapes.ts';
import { shareLeft, type Change } from './change.ts';

/** What a plan makes of one layer. */
export interface LayerChange {
  readonly layer: string;
  readonly op: Op;
  /** Along the channel axes of the layer's first input and of its output. */
  readonly channels: { readonly in: Change; readonly out: Change };
  readonly parameters: Change;
  readonly macs: Change;
  /** Of the step that runs the layer, at the step's first layer; absent at its others, or where nothing was measured. */
  readonly milliseconds?: Change;
  /** The layer whose time has this one's in it: it runs in the same step. */
  readonly timedWith?: string;
}

/** Time of one step: the layers that run in it (a convolution, its norm and its relu are one), in execution order. */
export interface LayerTime {
  readonly layers: readonly string[];
  readonly milliseconds: number;
}

/**
 * Every layer before and after, the input aside, in execution order, from the intact network and what
 * is kept alone: no weight is cut. Parameters and MACs are those of the network that surgery makes, as
 * long as the plan adds no bias. O(features of all nodes).
 */
export function layerChanges(network: Network, { features }: Coupling, keep: PrunePlan['keep']): LayerChange[] {
  const shapes = inferShapes(network);
  const widths = new Map([...features].map(([id, map]): [string, Change] => {
    const before = map.group.length;
    return [id, { before, after: keptFeatures(map, keep)?.length ?? before }];
  }));
  return network.nodes.flatMap((node): LayerChange[] => {
    const [input, out] = [widths.get(node.inputs[0] ?? ''), widths.get(node.id)];
    if (!input || !out) return [];
    const total = { macs: { before: 0, after: 0 }, parameters: { before: 0, after: 0 } };
    const shape = shapes.get(node.id) ?? [];
    for (const part of opDefinition(node).costParts(node, inputShapes(node, shapes), shape)) {
      const left = part.axes.reduce((share, axis) => share * shareLeft(axis === 'in' ? input : out), 1);
      for (const cost of ['macs', 'parameters'] as const) {
        total[cost].before += part[cost];
        total[cost].after += Math.round(part[cost] * left);
      }
    }
    return [{ layer: node.id, op: node.op, channels: { in: input, out }, ...total }];
  });
}

/** The same with measured times, which the steps of both networks give in the same order. */
export function withTimes(layers: readonly LayerChange[], before: readonly LayerTime[], after: readonly LayerTime[]): LayerChange[] {
  const afterOf = new Map(after.map((step) => [step.layers[0], step.milliseconds]));
  const times = new Map<string, Pick<LayerChange, 'milliseconds' | 'timedWith'>>();
  for (const { layers: [first, ...others], milliseconds } of before) {
    const now = afterOf.get(first);
    if (now === undefined) continue;
    times.set(first, { milliseconds: { before: milliseconds, after: now } });
    for (const other of others) times.set(other, { timedWith: first });
  }
  return layers.map((layer) => ({ ...layer, ...times.get(layer.layer) }));
}
