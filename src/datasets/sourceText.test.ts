import { describe, expect, it } from 'vitest';
import { clampMade, drawsFrom, simplified } from './sourceChoice.ts';
import { decodeSource, encodeSource } from './sourceText.ts';

describe('a source as text', () => {
  it.each([
    ['', undefined],
    ['deadLeaves', { kind: 'deadLeaves' }],
    ['pictures+gaussian:0.25', { kind: 'pictures', mix: { kind: 'gaussian', share: 0.25 } }],
    ['inversion*256.200.1', { kind: 'inversion', made: { count: 256, steps: 200, seed: 1 } }],
    ['inversion+colourNoise:0.3*8.2.4294967295', { kind: 'inversion', mix: { kind: 'colourNoise', share: 0.3 }, made: { count: 8, steps: 2, seed: 4_294_967_295 } }],
  ] as const)('%s is read as it was written', (text, source) => {
    expect(encodeSource(source)).toBe(text);
    if (source) expect(decodeSource(text)).toEqual(source);
  });

  it('has its share clamped', () => {
    expect(decodeSource('pictures+gaussian:0')?.mix?.share).toBe(0.05);
    expect(decodeSource('pictures+gaussian:99')?.mix?.share).toBe(0.95);
  });

  it.each(['', 'pictures', 'photographs', 'gaussian+gaussian:0.5', 'gaussian+photographs:0.5', 'gaussian+pictures', 'gaussian+pictures:-1', 'gaussian+pictures:x', 'inversion*8.2', 'inversion*8.2.1.1', 'inversion*99999.2.1', '__proto__'])('“%s” is none', (text) => {
    expect(decodeSource(text)).toBeUndefined();
  });
});

it('a choice is left without what changes nothing', () => {
  expect(simplified({ kind: 'pictures' })).toBeUndefined();
  expect(simplified({ kind: 'pictures', mix: { kind: 'pictures', share: 0.5 } })).toBeUndefined();
  const made = { count: 8, steps: 2, seed: 1 };
  expect(simplified({ kind: 'gaussian', made })).toEqual({ kind: 'gaussian' });
  expect(simplified({ kind: 'gaussian', mix: { kind: 'inversion', share: 0.5 }, made })).toHaveProperty('made', made);
  expect(drawsFrom({ kind: 'gaussian', mix: { kind: 'inversion', share: 0.5 } }, 'inversion')).toBe(true);
});

it('settings of what is made are clamped to whole numbers', () => {
  expect(clampMade({ count: 1e9, steps: 0, seed: 1.4 })).toEqual({ count: 1000, steps: 1, seed: 1 });
});
