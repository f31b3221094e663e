import type { ChannelTies } from './ops/opDefinition.ts';

/** What labels amount to once all ties are known. */
export interface Components {
  /** Per label: its group, and its component within the group, in the order of first labels. */
  readonly groupOf: Int32Array;
  readonly componentOf: Int32Array;
  /** Components of each group. */
  readonly sizes: readonly number[];
  /** Per group, the first reason to stay whole. */
  readonly frozen: readonly (string | undefined)[];
}

/** Union-find over channel labels. Labels that were opened together end up in one group. */
export class ChannelLabels implements ChannelTies {
  readonly #parents: number[] = [];
  /** First labels of what was opened, ascending. */
  readonly #spaces: number[] = [];
  readonly #reasons: { readonly label: number; readonly reason: string }[] = [];

  open(count: number): Int32Array {
    const first = this.#parents.length;
    this.#spaces.push(first);
    for (let k = 0; k < count; k++) this.#parents.push(first + k);
    return Int32Array.from({ length: count }, (_, k) => first + k);
  }

  tie(a: Int32Array, b: Int32Array): void {
    for (let k = 0; k < a.length; k++) {
      const [first, second] = [this.#find(a[k]), this.#find(b[k])];
      // the lesser label stays the root, so that components are numbered in order of first labels
      if (first !== second) this.#parents[Math.max(first, second)] = Math.min(first, second);
    }
  }

  freeze(labels: Int32Array, reason: string): void {
    if (labels.length > 0) this.#reasons.push({ label: labels[0], reason });
    // of a concatenation, every part
    for (const label of labels) {
      const space = this.#spaceOf(label);
      if (space !== this.#spaceOf(labels[0])) this.#reasons.push({ label, reason });
    }
  }

  components(): Components {
    const count = this.#parents.length;
    const spaceGroups = this.#tiedSpaces();
    const groupOf = Int32Array.from({ length: count }, (_, label) => spaceGroups[this.#spaceOf(label)]);
    const sizes: number[] = Array.from({ length: Math.max(-1, ...spaceGroups) + 1 }, () => 0);
    const componentOf = new Int32Array(count);
    for (let label = 0; label < count; label++) {
      const root = this.#find(label);
      componentOf[label] = root === label ? sizes[groupOf[label]]++ : componentOf[root];
    }
    const frozen: (string | undefined)[] = sizes.map(() => undefined);
    for (const { label, reason } of this.#reasons) frozen[groupOf[label]] ??= reason;
    return { groupOf, componentOf, sizes, frozen };
  }

  /** Space → number of its group, from 0 on. */
  #tiedSpaces(): number[] {
    const roots = this.#spaces.map((_, space) => space);
    const rootOf = (space: number): number => (roots[space] === space ? space : (roots[space] = rootOf(roots[space])));
    for (let label = 0; label < this.#parents.length; label++) {
      const [a, b] = [rootOf(this.#spaceOf(label)), rootOf(this.#spaceOf(this.#find(label)))];
      if (a !== b) roots[Math.max(a, b)] = Math.min(a, b);
    }
    const numbers = new Map<number, number>();
    return roots.map((_, space) => {
      const root = rootOf(space);
      const number = numbers.get(root) ?? numbers.size;
      numbers.set(root, number);
      return number;
    });
  }

  #spaceOf(label: number): number {
    let low = 0;
    let high = this.#spaces.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#spaces[middle] <= label) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #find(label: number): number {
    let root = label;
    while (this.#parents[root] !== root) root = this.#parents[root];
    let at = label;
    while (this.#parents[at] !== root) [at, this.#parents[at]] = [this.#parents[at], root];
    return root;
  }
}
