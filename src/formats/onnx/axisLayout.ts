/**
 * Where the coordinates of a value lie, when one graph stores it with its axes in another order
 * than the other graph that it is translated from or to (NCHW and NHWC).
 *
 * An axis is a product of *atoms*, slowest first; an axis of size 1 has none. A transposition
 * reorders the logical axes and a reshape regroups their atoms, so neither moves data: only where
 * an operator needs the stored axes to be others are they moved, by `movesBetween`. The batch axis
 * is always first and never part of a layout.
 */

/** One indivisible run of coordinates, its size above 1. It is known by its identity. */
export interface Atom {
  readonly size: number;
  /** Whether these are channels, as opposed to rows and columns. */
  readonly channel: boolean;
}

/** Atoms, the slowest first. */
export type Axis = readonly Atom[];

export interface Layout {
  /** The axes that the translated graph speaks of. */
  readonly logical: readonly Axis[];
  /** The axes as they are stored: the same atoms, otherwise ordered and grouped. */
  readonly physical: readonly Axis[];
}

export type Move =
  | { readonly kind: 'reshape'; readonly shape: readonly number[] }
  | { readonly kind: 'permute'; readonly order: readonly number[] };

export function newAxis(size: number, channel = false): Axis {
  return size === 1 ? [] : [{ size, channel }];
}

export function axisSize(axis: Axis): number {
  return axis.reduce((product, { size }) => product * size, 1);
}

export function axisSizes(axes: readonly Axis[]): readonly number[] {
  return axes.map(axisSize);
}

/** A layout of new atoms whose stored axis k is logical axis `order[k]`; `channels` are the logical axes of channels. */
export function orderedLayout(logicalSizes: readonly number[], order: readonly number[], channels: readonly number[] = []): Layout {
  const logical = logicalSizes.map((size, axis) => newAxis(size, channels.includes(axis)));
  return { logical, physical: order.map((axis) => logical[axis]) };
}

/** Logical axis k of the result is logical axis `order[k]`. Moves nothing. */
export function transposed({ logical, physical }: Layout, order: readonly number[]): Layout {
  return { logical: order.map((axis) => logical[axis]), physical };
}

/**
 * The layout under another logical shape of as many values, row-major. Moves nothing. Undefined
 * where an atom would have to be split unevenly, as 6 × 4 into 8 × 3.
 */
export function reshaped(layout: Layout, shape: readonly number[]): Layout | undefined {
  const queue = layout.logical.flat().reverse();
  const parts = new Map<Atom, Axis>();
  const logical: Axis[] = [];
  for (const size of shape) {
    const axis: Atom[] = [];
    let need = size;
    while (need > 1) {
      const atom = queue.pop();
      if (!atom) return undefined;
      if (need % atom.size === 0) {
        axis.push(atom);
        need /= atom.size;
      } else if (atom.size % need === 0) {
        const { channel } = atom;
        const [head, tail] = [{ size: need, channel }, { size: atom.size / need, channel }];
        parts.set(atom, [head, tail]);
        axis.push(head);
        queue.push(tail);
        need = 1;
      } else {
        return undefined;
      }
    }
    logical.push(axis);
  }
  return queue.length > 0 ? undefined : { logical, physical: split(layout.physical, parts) };
}

/** Replaces atoms by their parts, however often these were split again. */
function split(axes: readonly Axis[], parts: ReadonlyMap<Atom, Axis>): readonly Axis[] {
  const pieces = (atom: Atom): Axis => {
    const found: Atom[] = [];
    let rest: Atom | undefined = atom;
    while (rest) {
      const [head, tail]: readonly (Atom | undefined)[] = parts.get(rest) ?? [rest];
      if (head) found.push(head);
      rest = tail;
    }
    return found;
  };
  return axes.map((axis) => axis.flatMap(pieces));
}

/**
 * Gives both layouts the same atoms where their logical axes, aligned from the last on, are both
 * larger than 1. Undefined where such axes differ in size or are divided unevenly.
 */
export function withSharedAtoms(first: Layout, second: Layout): readonly [Layout, Layout] | undefined {
  const partsOfFirst = new Map<Atom, Axis>();
  const partsOfSecond = new Map<Atom, Axis>();
  const shift = second.logical.length - first.logical.length;
  for (const [k, axis] of first.logical.entries()) {
    const other = second.logical[k + shift] ?? [];
    if (axis.length === 0 || other.length === 0) continue;
    const [a, b] = [axis.toReversed(), other.toReversed()];
    while (a.length > 0 && b.length > 0) {
      const [x, y] = [a[a.length - 1], b[b.length - 1]];
      const size = Math.min(x.size, y.size);
      if (x.size % size !== 0 || y.size % size !== 0) return undefined;
      const head = x.size === size ? x : { size, channel: x.channel };
      a.pop();
      b.pop();
      for (const [atom, rest, parts] of [[x, a, partsOfFirst], [y, b, partsOfSecond]] as const) {
        if (atom === head) continue;
        const tail = atom.size === size ? undefined : { size: atom.size / size, channel: atom.channel };
        parts.set(atom, tail ? [head, tail] : [head]);
        if (tail) rest.push(tail);
      }
    }
    if (a.length > 0 || b.length > 0) return undefined;
  }
  const apply = ({ logical, physical }: Layout, parts: ReadonlyMap<Atom, Axis>): Layout => ({
    logical: split(logical, parts),
    physical: split(physical, parts),
  });
  return [apply(first, partsOfFirst), apply(second, partsOfSecond)];
}

/** Whether both are the same axes. */
export function sameAxes(a: readonly Axis[], b: readonly Axis[]): boolean {
  return a.length === b.length && a.every((axis, k) => sameAtoms(axis, b[k]));
}

export function sameAtoms(a: Axis, b: Axis): boolean {
  return a.length === b.length && a.every((atom, k) => atom === b[k]);
}

/** The reshapes and permutations that turn stored axes `from` into `to`, which have the same atoms. */
export function movesBetween(from: readonly Axis[], to: readonly Axis[]): readonly Move[] {
  const source = from.flat();
  const target = to.flat();
  if (sameAtoms(source, target)) {
    return sameSizes(axisSizes(from), axisSizes(to)) ? [] : [{ kind: 'reshape', shape: axisSizes(to) }];
  }
  const follows = new Map(source.map((atom, k) => [source[k - 1], atom]));
  const breaks = new Set(target.filter((atom, k) => k === 0 || follows.get(target[k - 1]) !== atom));
  const starts = new Set([...from, ...to].flatMap((axis) => axis.slice(0, 1)));
  for (const atom of source) if (breaks.has(atom)) starts.add(atom);
  const fine = runs(target, new Set([...breaks, ...starts]));
  const blocks = fine.length > 5 ? runs(target, breaks) : fine;
  const place = new Map(source.map((atom, k) => [atom, k]));
  const stored = blocks.toSorted((a, b) => (place.get(a[0]) ?? 0) - (place.get(b[0]) ?? 0));
  const moves: Move[] = [];
  if (!sameSizes(axisSizes(from), axisSizes(stored))) moves.push({ kind: 'reshape', shape: axisSizes(stored) });
  moves.push({ kind: 'permute', order: blocks.map((block) => stored.indexOf(block)) });
  if (!sameSizes(axisSizes(blocks), axisSizes(to))) moves.push({ kind: 'reshape', shape: axisSizes(to) });
  return moves;
}

function sameSizes(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, k) => size === b[k]);
}

function runs(atoms: Axis, starts: ReadonlySet<Atom>): readonly Axis[] {
  const found: Atom[][] = [];
  for (const atom of atoms) {
    if (starts.has(atom) || found.length === 0) found.push([atom]);
    else found[found.length - 1].push(atom);
  }
  return found;
}

/**
 * For each position along the stored axis `stored`, its row-major position along the logical axis
 * `logical` of the same atoms; undefined where the two are the same.
 */
export function positionsIn(stored: Axis, logical: Axis): Uint32Array | undefined {
  if (sameAtoms(stored, logical)) return undefined;
  const strides = new Map<Atom, number>();
  let stride = 1;
  for (const atom of logical.toReversed()) {
    strides.set(atom, stride);
    stride *= atom.size;
  }
  let positions = [0];
  for (const atom of stored) {
    const step = strides.get(atom) ?? 0;
    positions = positions.flatMap((at) => Array.from({ length: atom.size }, (_, k) => at + k * step));
  }
  return Uint32Array.from(positions);
}
