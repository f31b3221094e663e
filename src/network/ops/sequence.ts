import { ShapeError } from '../networkErrors.ts';
import type { Shape } from '../network.ts';

/** Tokens and features of a sequence. Throws `ShapeError` unless `shape` is `[tokens, features]`. */
export function requireSequence(id: string, op: string, shape: Shape): readonly [number, number] {
  if (shape.length !== 2) {
    throw new ShapeError(id, op, `needs an input of [tokens, features], found [${shape.join(', ')}].`);
  }
  return [shape[0], shape[1]];
}

/** Throws `ShapeError` unless a table is `[rows, features]`. */
export function requireFeatures(node: { readonly id: string; readonly op: string }, table: Shape, features: number): void {
  if (table.length === 2 && table[1] === features) return;
  throw new ShapeError(node.id, node.op, `a table of [${table.join(', ')}] does not fit tokens of ${features} features.`);
}

/** Heads of `headDim` features among `features`. Throws `ShapeError` unless they are whole. */
export function headCount(node: { readonly id: string; readonly op: string }, headDim: number, features: number): number {
  if (Number.isInteger(headDim) && headDim >= 1 && features % headDim === 0) return features / headDim;
  throw new ShapeError(node.id, node.op, `${features} features are not whole heads of ${headDim}.`);
}

/** Ties the labels of every run of `size` features: what leaves of a head, leaves as a whole. */
export function tieRuns(labels: Int32Array, size: number, ties: { tie(a: Int32Array, b: Int32Array): void }): void {
  for (let first = 0; first < labels.length; first += size) {
    const run = labels.subarray(first, first + size);
    ties.tie(new Int32Array(run.length).fill(run[0]), run);
  }
}
