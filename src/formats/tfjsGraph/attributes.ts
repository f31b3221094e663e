import { describeValue } from '../kerasLayers/describeValue.ts';
import { UnsupportedGraphNodeError } from './errors.ts';
import type { FileAttribute, FileShape } from './schema.ts';

/**
 * The attributes of one GraphDef node. Every reader throws `UnsupportedGraphNodeError`, with the name of
 * the node and of the attribute, where the attribute is of another kind.
 */
export class Attributes {
  readonly #node: string;
  readonly #op: string;
  readonly #values: Readonly<Record<string, FileAttribute>>;

  constructor(node: string, op: string, values: Readonly<Record<string, FileAttribute>>) {
    this.#node = node;
    this.#op = op;
    this.#values = values;
  }

  /** Text in lower case (`'same'`, `'nhwc'`); undefined where the attribute is absent. */
  text(name: string): string | undefined {
    const value = this.#find(name);
    if (value === undefined) return undefined;
    if (value.s === undefined) throw this.#unreadable(name, value, 'text');
    return this.#decode(name, value.s);
  }

  /** A list of texts in lower case; empty where the attribute is absent. */
  texts(name: string): readonly string[] {
    return (this.#find(name)?.list?.s ?? []).map((text) => this.#decode(name, text));
  }

  flag(name: string, absent: boolean): boolean {
    const value = this.#find(name);
    return value === undefined ? absent : (value.b ?? false);
  }

  number(name: string, absent: number): number {
    const value = this.#find(name);
    if (value === undefined) return absent;
    const number = Number(value.f ?? value.i ?? Number.NaN);
    if (!Number.isFinite(number)) throw this.#unreadable(name, value, 'a number');
    return number;
  }

  /** A list of whole numbers; undefined where the attribute is absent. */
  integers(name: string): readonly number[] | undefined {
    const value = this.#find(name);
    if (value === undefined) return undefined;
    const numbers = (value.list?.i ?? []).map(Number);
    if (!numbers.every(Number.isSafeInteger)) throw this.#unreadable(name, value, 'whole numbers');
    return numbers;
  }

  /** A type's name (`'DT_FLOAT'`); undefined where the attribute is absent. */
  type(name: string): string | undefined {
    const value = this.#find(name)?.type;
    return value === undefined ? undefined : String(value);
  }

  /** Axis sizes, −1 where unknown; undefined where the attribute is absent or the rank unknown. */
  shape(name: string): readonly number[] | undefined {
    return knownShape(this.#find(name)?.shape);
  }

  #find(name: string): FileAttribute | undefined {
    return Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
  }

  #decode(name: string, bytes: string | readonly number[]): string {
    if (typeof bytes !== 'string') return String.fromCharCode(...bytes.slice(0, 200)).toLowerCase();
    try {
      return atob(bytes).toLowerCase();
    } catch {
      throw this.#unreadable(name, { s: bytes }, 'text in base64');
    }
  }

  #unreadable(name: string, value: FileAttribute, wanted: string): UnsupportedGraphNodeError {
    return new UnsupportedGraphNodeError(this.#node, this.#op, `attribute "${name}" must be ${wanted}, found ${describeValue(value)}.`);
  }
}

/** Axis sizes, −1 where unknown; undefined where the rank is unknown. */
export function knownShape(shape: FileShape | null | undefined): readonly number[] | undefined {
  if (!shape || shape.unknownRank === true) return undefined;
  // protobuf's JSON leaves out a size of 0
  return (shape.dim ?? []).map(({ size }) => Number(size ?? 0));
}
