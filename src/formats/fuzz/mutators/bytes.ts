import type { Dice } from '../dice.ts';

export interface Mutated {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Where to do the damage. */
type Place = (bytes: Uint8Array, dice: Dice) => number;
type ByteMutator = (bytes: Uint8Array, dice: Dice, place: Place) => Mutated;

const anywhere: Place = (bytes, dice) => dice.below(bytes.length);

/** Where something stands: files with much empty room in them are seldom hurt otherwise. */
export const amongBytes: Place = (bytes, dice) => {
  for (;;) {
    const at = dice.below(bytes.length);
    if (bytes.subarray(Math.max(0, at - 4), at + 5).some((byte) => byte !== 0)) return at;
  }
};

/** `count` lengths at which to cut `bytes`, evenly spread, the shortest 0 and the longest one less than all. */
export function cuts(bytes: Uint8Array, count: number): readonly number[] {
  const most = bytes.length - 1;
  const lengths = Array.from({ length: count }, (_, k) => Math.round((k * most) / Math.max(1, count - 1)));
  return [...new Set(lengths)];
}

/** What lengths, counts and offsets may be said to be: all ones, the greatest signed, a little more than 32 bits. */
const BOMBS: readonly (readonly number[])[] = [
  [255, 255, 255, 255], [255, 255, 255, 127], [255, 255, 255, 255, 255, 255, 255, 255], [255, 255, 255, 255, 255, 255, 255, 127],
  [0, 0, 0, 0, 1, 0, 0, 0], [0, 0, 0, 64], [255, 255], [0, 0, 0, 0, 0, 0, 0, 0],
];

const flipBits: ByteMutator = (bytes, dice, place) => {
  const count = dice.pick([1, 1, 1, 2, 4, 16]);
  const copy = bytes.slice();
  const places = Array.from({ length: count }, () => place(copy, dice));
  for (const at of places) copy[at] ^= 1 << dice.below(8);
  return { name: `bits flipped at ${places.slice(0, 4).join(', ')}`, bytes: copy };
};

const overwrite: ByteMutator = (bytes, dice, place) => {
  const copy = bytes.slice();
  const at = place(copy, dice);
  const run = dice.between(1, 32);
  const zeros = dice.chance(0.5);
  for (let k = at; k < Math.min(at + run, copy.length); k++) copy[k] = zeros ? 0 : dice.below(256);
  return { name: `${run} bytes at ${at} ${zeros ? 'zeroed' : 'replaced'}`, bytes: copy };
};

const bomb: ByteMutator = (bytes, dice, place) => {
  const at = place(bytes, dice);
  const value = dice.pick(BOMBS);
  if (dice.chance(0.2)) return { name: `${value.join(' ')} inserted at ${at}`, bytes: joined(bytes.subarray(0, at), Uint8Array.from(value), bytes.subarray(at)) };
  const copy = bytes.slice();
  copy.set(value.slice(0, copy.length - at), at);
  return { name: `${value.join(' ')} at ${at}`, bytes: copy };
};

const splice: ByteMutator = (bytes, dice, place) => {
  const [from, to] = [place(bytes, dice), place(bytes, dice)];
  const run = dice.between(1, Math.min(256, bytes.length - from));
  const part = bytes.slice(from, from + run);
  return { name: `${run} bytes of ${from} inserted at ${to}`, bytes: joined(bytes.subarray(0, to), part, bytes.subarray(to)) };
};

const remove: ByteMutator = (bytes, dice, place) => {
  const at = place(bytes, dice);
  const run = dice.between(1, Math.min(256, bytes.length - at));
  return { name: `${run} bytes at ${at} taken out`, bytes: joined(bytes.subarray(0, at), bytes.subarray(at + run)) };
};

const repeat: ByteMutator = (bytes, dice, place) => {
  const at = place(bytes, dice);
  const run = dice.between(1, Math.min(64, bytes.length - at));
  const part = bytes.slice(at, at + run);
  const times = dice.between(2, 40);
  return { name: `${run} bytes at ${at} ${times} times`, bytes: joined(bytes.subarray(0, at), ...Array.from({ length: times }, () => part), bytes.subarray(at + run)) };
};

const MUTATORS: readonly ByteMutator[] = [flipBits, flipBits, flipBits, overwrite, bomb, bomb, splice, remove, repeat];

/** One damage, such as a disk, a network or an attacker does. */
export function mutateBytes(bytes: Uint8Array, dice: Dice, place: Place = anywhere): Mutated {
  return dice.pick(MUTATORS)(bytes, dice, place);
}

/** Damage within `start ≤ byte < end` that leaves the length as it is. */
export function mutateWithin(bytes: Uint8Array, start: number, end: number, dice: Dice): Mutated {
  const { name, bytes: part } = dice.pick([flipBits, overwrite, flipBits])(bytes.subarray(start, end), dice, anywhere);
  const copy = bytes.slice();
  copy.set(part, start);
  return { name: `from ${start}: ${name}`, bytes: copy };
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
