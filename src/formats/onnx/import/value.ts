import type { Shape } from '../../../network/network.ts';
import { orderedLayout, type Layout } from '../axisLayout.ts';
import type { Constant } from './constant.ts';
import type { Form } from './form.ts';

/** What a tensor of the file stands for while the graph is read. */
export type Value = Feature | Constant | Form;

/** A value that the network computes from its input, held by a node of it. */
export interface Feature {
  readonly kind: 'feature';
  readonly node: string;
  /** Logical axes are the file's, without the batch; stored axes are those of the node's value. */
  readonly layout: Layout;
  /**
   * The value is `Σ polynomial[k] · xᵏ` of the node's value x: scalars that the file adds and
   * multiplies are gathered before a node is made for them.
   */
  readonly polynomial: readonly number[];
  /** Whether nothing else reads the node, so that it may be changed in place. */
  readonly sole: boolean;
  /** What to call a node that moves or settles this value. */
  readonly name: string;
}

/** The node's value as it is. */
export const IDENTITY: readonly number[] = [0, 1];

export function featureOf(node: string, layout: Layout): Feature {
  return { kind: 'feature', node, layout, polynomial: IDENTITY, sole: true, name: node };
}

export function isIdentity(polynomial: readonly number[]): boolean {
  return polynomial.length === 2 && polynomial[0] === 0 && polynomial[1] === 1;
}

/** Layout of a node's value of `[h, w, c]`, which the file calls `[c, h, w]`. */
export function pictureLayout([height, width, channels]: Shape): Layout {
  return orderedLayout([channels, height, width], [1, 2, 0], [0]);
}
