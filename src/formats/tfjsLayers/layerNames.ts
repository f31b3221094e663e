/** What plain TensorFlow.js takes as the name of a layer that has weights. */
const TAKEN = /^[A-Za-z0-9][-A-Za-z0-9._/]*$/;

/** Names for the file: ids as they are where plain TensorFlow.js takes them, and each only once. */
export class LayerNames {
  readonly #used: Set<string>;
  readonly #names = new Map<string, string>();

  constructor(ids: readonly string[]) {
    this.#used = new Set(ids.filter((id) => TAKEN.test(id)));
    for (const id of ids) this.#names.set(id, TAKEN.test(id) ? id : this.#fresh(id));
  }

  of(id: string): string {
    return this.#names.get(id) ?? id;
  }

  /** A name for a layer that the node `id` needs in front of it. */
  part(id: string, part: string): string {
    return this.#fresh(`${this.of(id)}_${part}`);
  }

  #fresh(wanted: string): string {
    const base = wanted.replace(/[^-A-Za-z0-9._/]/g, '_').replace(/^[^A-Za-z0-9]+/, '') || 'layer';
    let name = base;
    for (let k = 1; this.#used.has(name); k++) name = `${base}_${k}`;
    this.#used.add(name);
    return name;
  }
}
