import type { Dice } from '../dice.ts';

type Fields = Record<string, unknown>;

interface Place {
  readonly owner: Fields | unknown[];
  readonly key: string;
  readonly path: string;
  readonly value: unknown;
}

/** Every value in a protobuf message, those of messages within it too; not single bytes. */
function placesIn(message: object): readonly Place[] {
  const places: Place[] = [];
  const visit = (owner: object, path: string): void => {
    for (const [key, value] of Object.entries(owner)) {
      if (key === '$typeName' || key === '$unknown') continue;
      places.push({ owner: owner as Fields, key, path: `${path}.${key}`, value });
      if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) visit(value, `${path}.${key}`);
    }
  };
  visit(message, '');
  return places;
}

const WHOLE = [0n, -1n, 1n, 2n, 7n, 2n ** 31n, 2n ** 40n, 2n ** 62n, -(2n ** 63n), 2n ** 63n - 1n];
/** Fields of floating point; all other numbers are int32 or enums. */
const FLOATS = /\.(f|floats|floatData|doubleData)(\.\d+)?$/;
const FLOAT_VALUES = [Number.NaN, Number.POSITIVE_INFINITY, -1e38, 0, -1, 1e-40, 0.5];
const SMALL_VALUES = [0, -1, 1, 2, 6, 7, 10, 99, 2 ** 31 - 1];

/** Another value of the same kind, and what it is for the case's name; undefined where there is none. */
function changed({ value, path }: Place, all: readonly Place[], dice: Dice): readonly [unknown, string] | undefined {
  if (typeof value === 'bigint') {
    const other = dice.pick([...WHOLE, value + 1n, value - 1n, value * 2n, -value]);
    const whole = BigInt.asIntN(64, other);
    return [whole, String(whole)];
  }
  if (typeof value === 'number') {
    const other = dice.pick(FLOATS.test(path) ? FLOAT_VALUES : SMALL_VALUES);
    return [other, String(other)];
  }
  if (typeof value === 'string') {
    const texts = all.filter((place) => typeof place.value === 'string');
    const other = dice.pick(['', 'x', '../x', '\u001b[2J\u202e', 'x'.repeat(5000), ...Array.from({ length: 8 }, () => String(dice.pick(texts).value))]);
    return [other, JSON.stringify(other).slice(0, 40)];
  }
  if (value instanceof Uint8Array) {
    return dice.pick([
      [new Uint8Array(0), 'nothing'], [value.slice(0, dice.below(value.length + 1)), 'a part of it'],
      [new Uint8Array(value.length).fill(255), 'ones'], [Uint8Array.from([...value, 1, 2, 3, 4]), 'it and 4 bytes more'],
    ] as const);
  }
  if (Array.isArray(value)) {
    const list = value as readonly unknown[];
    return dice.pick([
      [[], 'nothing'], [list.slice(0, -1), 'all but its last'], [[...list, ...list], 'itself twice'], [list.toReversed(), 'its reverse'],
      [list.length > 0 ? Array.from({ length: 500 }, () => list[0]) : [], 'its first 500 times'],
    ] as const);
  }
  return undefined;
}

/** Changes `message` itself, in one to three places; says where. */
export function mutateMessage(message: object, dice: Dice): string {
  const names: string[] = [];
  for (let times = dice.pick([1, 1, 1, 2, 3]); times > 0; times--) {
    const places = placesIn(message);
    // weights are most of all values, and all alike
    const place = dice.pick(places.filter(({ path }) => !/\.(floatData|doubleData)\.\d+$/.test(path) || dice.chance(0.02)));
    if (dice.chance(0.15) && typeof place.value !== 'object') {
      const other = dice.pick(places.filter(({ value, path }) => typeof value === typeof place.value && FLOATS.test(path) === FLOATS.test(place.path)));
      Reflect.set(place.owner, place.key, other.value);
      names.push(`${place.path} set to ${other.path}`);
      continue;
    }
    const change = changed(place, places, dice);
    if (!change) continue;
    Reflect.set(place.owner, place.key, change[0]);
    names.push(`${place.path} set to ${change[1]}`);
  }
  return names.join('; ');
}
