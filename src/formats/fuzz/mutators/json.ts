import type { Dice } from '../dice.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

interface Place {
  readonly owner: Json[] | { [key: string]: Json };
  readonly key: string;
  readonly path: string;
}

/** Every value of the tree but the root. */
function placesIn(tree: Json): readonly Place[] {
  const places: Place[] = [];
  const visit = (owner: Json, path: string): void => {
    if (typeof owner !== 'object' || owner === null) return;
    for (const [key, value] of Object.entries(owner)) {
      places.push({ owner, key, path: `${path}.${key}` });
      visit(value, `${path}.${key}`);
    }
  };
  visit(tree, '');
  return places;
}

const get = ({ owner, key }: Place): Json => Reflect.get(owner, key) as Json;
const set = ({ owner, key }: Place, value: Json): void => void Reflect.set(owner, key, value);

/** Stands where text goes that no value serialises to. */
const HOLE = '\u0001hole';

const JUNK: readonly Json[] = [
  null, true, false, -1, 0, 1, 2, 0.5, 1e9, 2 ** 31, 2 ** 53, 1e300, '', 'x', '-1', 'NaN', 'relu', [], {}, [[]], [1, 2], [-1, -1], [0, 0],
  [1e9, 1e9], [null], { class_name: 'Conv2D', config: {} }, '__proto__', 'constructor', 'toString', '../secret',
];

/** JSON text that is legal (most of it) and that nobody expects. */
const TEXTS: readonly (readonly [string, () => string])[] = [
  ['100,000 brackets', () => '['.repeat(1e5) + ']'.repeat(1e5)],
  ['400 brackets', () => '['.repeat(400) + ']'.repeat(400)],
  ['100,000 braces', () => '{"a":'.repeat(1e5) + '1' + '}'.repeat(1e5)],
  ['infinity', () => '1e999'],
  ['minus infinity', () => '-1e999'],
  ['NaN', () => 'NaN'],
  ['2^53 + 1', () => '9007199254740993'],
  ['1e15', () => '1e15'],
  ['a million zeros', () => `[${'0,'.repeat(999_999)}0]`],
  ['a million ones', () => `[${'1,'.repeat(999_999)}1]`],
  ['100,000 keys', () => `{${Array.from({ length: 100_000 }, (_, k) => `"k${k}":${k}`).join(',')}}`],
  ['a long text', () => `"${'long '.repeat(20_000)}"`],
  ['a long word', () => `"${'x'.repeat(100_000)}"`],
  ['text that does not print', () => String.raw`"\u0000\u001b[2J\u202e\ud800\n\r"`],
  ['a prototype', () => '{"__proto__":{"class_name":"Dense","shape":[1],"length":1e9},"constructor":1,"length":1e9}'],
];

/** Changes one of the places; says what it did, and what text is to stand where no value serialises to it. */
type JsonMutator = (places: readonly Place[], dice: Dice) => { readonly name: string; readonly hole?: string };

/** A change, and which places it is for. */
type Change = readonly [JsonMutator, (place: Place) => boolean];

const isNumber = (place: Place): boolean => typeof get(place) === 'number';
const isText = (place: Place): boolean => typeof get(place) === 'string';
const isList = (place: Place): boolean => Array.isArray(get(place));
const isNamed = ({ owner }: Place): boolean => !Array.isArray(owner);
const always = (): boolean => true;

const erase: JsonMutator = (places, dice) => {
  const { owner, key, path } = dice.pick(places);
  if (Array.isArray(owner)) owner.splice(Number(key), 1);
  else Reflect.deleteProperty(owner, key);
  return { name: `${path} deleted` };
};

const retype: JsonMutator = (places, dice) => {
  const place = dice.pick(places);
  const value = structuredClone(dice.pick(JUNK));
  set(place, value);
  return { name: `${place.path} set to ${JSON.stringify(value)}` };
};

const number: JsonMutator = (places, dice) => {
  const place = dice.pick(places);
  const value = Number(get(place));
  const changed = dice.pick([-value, -1, 0, value + 1, value - 1, value * 2, value + 0.5, 1e9, 2 ** 31, 2 ** 53, value * 1000, 1e-300]);
  set(place, changed);
  return { name: `${place.path} from ${value} to ${changed}` };
};

/** Names swapped among layers make self-references, cycles and readers of nothing. */
const rewire: JsonMutator = (places, dice) => {
  const [place, other] = [dice.pick(places), dice.pick(places)];
  const value = get(other);
  set(place, value);
  return { name: `${place.path} set to ${JSON.stringify(value).slice(0, 60)} of ${other.path}` };
};

const swap: JsonMutator = (places, dice) => {
  const [a, b] = [dice.pick(places), dice.pick(places)];
  const [first, second] = [structuredClone(get(a)), structuredClone(get(b))];
  set(a, second);
  set(b, first);
  return { name: `${a.path} and ${b.path} exchanged` };
};

const list: JsonMutator = (places, dice) => {
  const place = dice.pick(places);
  const values = get(place) as Json[];
  const [name, changed] = dice.pick<readonly [string, () => Json[]]>([
    ['emptied', () => []],
    ['doubled', () => [...values, ...structuredClone(values)]],
    ['reversed', () => values.toReversed()],
    ['without its last', () => values.slice(0, -1)],
    ['with its first once more', () => [...structuredClone(values.slice(0, 1)), ...values]],
    ['repeated 1,000 times', () => Array.from({ length: 1000 }, () => structuredClone(values[0] ?? 0))],
    ['wrapped', () => [values]],
  ]);
  set(place, changed());
  return { name: `${place.path} ${name}` };
};

const rename: JsonMutator = (places, dice) => {
  const place = dice.pick(places);
  const name = dice.pick(['x', '', 'constructor', 'hasOwnProperty', '0', `${place.key}s`]);
  const value = get(place);
  Reflect.deleteProperty(place.owner, place.key);
  Reflect.set(place.owner, name, value);
  return { name: `${place.path} called "${name}"` };
};

const text: JsonMutator = (places, dice) => {
  const place = dice.pick(places);
  const [name, make] = dice.pick(TEXTS);
  set(place, HOLE);
  return { name: `${place.path} set to ${name}`, hole: make() };
};

const CHANGES: readonly Change[] = [
  [erase, always], [erase, always], [retype, always], [retype, always], [number, isNumber], [number, isNumber], [number, isNumber],
  [rewire, isText], [rewire, isText], [swap, always], [list, isList], [rename, isNamed], [text, always],
];

/** The tree as text, changed in one place, sometimes in up to three; `tree` is left as it is. */
export function mutateJson(tree: Json, dice: Dice): { readonly name: string; readonly text: string } {
  const copy = structuredClone(tree);
  const names: string[] = [];
  let hole: string | undefined;
  for (let times = dice.chance(0.7) ? 1 : dice.between(2, 3); times > 0 && hole === undefined; times--) {
    const [change, isFor] = dice.pick(CHANGES);
    const places = placesIn(copy).filter(isFor);
    if (places.length === 0) continue;
    const done = change(places, dice);
    names.push(done.name);
    ({ hole } = done);
  }
  const json = JSON.stringify(copy);
  return { name: names.join('; '), text: hole === undefined ? json : json.split(JSON.stringify(HOLE)).join(hole) };
}
