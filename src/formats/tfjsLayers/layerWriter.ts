import type { NodeOf, Op, Shape, Weight } from '../../network/network.ts';

/** A layer of the file, not yet named. */
export interface WrittenLayer {
  readonly className: string;
  /** Without the name. */
  readonly config: Readonly<Record<string, unknown>>;
  /** By Keras's names. */
  readonly weights?: Readonly<Record<string, Weight | undefined>>;
  /** Names in the file of the layers that it reads; absent where these are the node's own inputs. */
  readonly inputs?: readonly string[];
}

/** Where a node is written. */
export interface WriterContext {
  /** Names in the file of the layers that the node reads, and the shapes of their values. */
  readonly inputs: readonly string[];
  readonly inputShapes: readonly Shape[];
  /** That no input holds a value below zero, whatever the picture. */
  readonly nonNegative: boolean;
  /** Writes a layer in front of the node's own, called `<node>_<part>`; returns its name. */
  readonly before: (part: string, layer: WrittenLayer) => string;
  /** Throws `ExportError`. */
  readonly refuse: (problem: string) => never;
}

/** The layer whose value is the node's; it will have the node's name. Others go `before` it. */
export type LayerWriter<O extends Op> = (node: NodeOf<O>, context: WriterContext) => WrittenLayer;

/** Layers that read one another; all but the last are written, and the last returned. */
export function chained(context: WriterContext, ...steps: readonly (readonly [part: string, layer: WrittenLayer])[]): WrittenLayer {
  let inputs = context.inputs;
  for (const [part, layer] of steps.slice(0, -1)) inputs = [context.before(part, { ...layer, inputs })];
  return { ...steps[steps.length - 1][1], inputs };
}
