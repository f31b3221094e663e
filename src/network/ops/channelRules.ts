import { ShapeError } from '../networkErrors.ts';
import type { Shape } from '../network.ts';
import type { ChannelContext, Channels } from './opDefinition.ts';

/** The value's channels are those of its input, along the same axis. */
export function sameChannels(_node: unknown, { inputs }: ChannelContext): Channels {
  return inputs[0];
}

/** Like `sameChannels`, for an op that takes the last axis for the channels: they must lie there, or all stay. */
export function sameLastAxis(node: { readonly id: string }, { inputs: [input], output, ties }: ChannelContext): Channels {
  if (input.axis !== output.length - 1) {
    ties.freeze(input.labels, `"${node.id}" takes another axis for the channels`);
  }
  return input;
}

/** A layer that mixes its input's channels into `count` new ones along the last axis. */
export function mixedChannels(node: { readonly id: string }, { inputs: [input], inputShapes: [shape], output, ties }: ChannelContext): Channels {
  if (input.axis !== shape.length - 1) ties.freeze(input.labels, `"${node.id}" mixes another axis than the channels`);
  return { axis: output.length - 1, labels: ties.open(output[output.length - 1]) };
}

/** All channels stay, for `reason`. */
export function frozenChannels(context: ChannelContext, reason: string): Channels {
  context.ties.freeze(context.inputs[0].labels, reason);
  return context.inputs[0];
}

/**
 * The channels of an elementwise op. Inputs whose channel axes meet are tied; one that is repeated
 * along the others' channels must stay, as must all where the axes do not meet.
 */
export function tiedChannels(node: { readonly id: string }, { inputs, inputShapes, output, ties }: ChannelContext): Channels {
  const fromLast = (k: number): number => inputShapes[k].length - inputs[k].axis;
  const whole = inputs.findIndex((input, k) => {
    const axis = output.length - fromLast(k);
    return input.labels.length === output[axis];
  });
  const first = Math.max(0, whole);
  const axis = output.length - fromLast(first);
  for (const [k, input] of inputs.entries()) {
    if (k === first) continue;
    const sameAxis = fromLast(k) === fromLast(first);
    if (sameAxis && input.labels.length === inputs[first].labels.length) {
      ties.tie(inputs[first].labels, input.labels);
    } else if (input.labels.length === 1) {
      ties.freeze(input.labels, `"${node.id}" repeats it over the channels of another layer`);
    } else {
      for (const { labels } of inputs) ties.freeze(labels, `"${node.id}" joins features that are laid out differently`);
    }
  }
  return { axis, labels: inputs[first].labels };
}

/** The shape that values of these shapes broadcast to: axes align from the last on. @throws ShapeError */
export function broadcastShape(node: { readonly id: string; readonly op: string }, shapes: readonly Shape[]): Shape {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const size = Math.max(...sizes);
    if (sizes.some((other) => other !== size && other !== 1)) {
      const listed = shapes.map((s) => `[${s.join(', ')}]`).join(' and ');
      throw new ShapeError(node.id, node.op, `inputs of ${listed} do not fit together.`);
    }
    return size;
  });
}
