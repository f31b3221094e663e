/** Names of which none is given twice. */
export class UniqueNames {
  readonly #taken: Set<string>;
  readonly #counts = new Map<string, number>();

  /** `reserved`: names that are taken already. */
  constructor(reserved: Iterable<string>) {
    this.#taken = new Set(reserved);
  }

  /** `wanted`, or `<wanted>_2`, `<wanted>_3`, … where it is taken. */
  take(wanted: string): string {
    let count = this.#counts.get(wanted) ?? 1;
    let name = count === 1 ? wanted : `${wanted}_${count}`;
    while (this.#taken.has(name)) {
      count += 1;
      name = `${wanted}_${count}`;
    }
    this.#counts.set(wanted, count);
    this.#taken.add(name);
    return name;
  }
}
