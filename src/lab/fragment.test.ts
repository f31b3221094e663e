import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COMPENSATIONS, ORDERS, SELECTIONS, TARGET_KINDS } from '../pruning/pruneRequest.ts';
import { SHIPPED_MODELS } from './catalogue.ts';
import { FRONTIER_AXES } from './experiment.ts';
import { decodeFragment, encodeFragment, IMAGE_LIMITS, VALUE_LIMITS, type FragmentState } from './fragment.ts';

const name = fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' }).filter((text) => !/\p{Cc}/u.test(text));
const pins = fc.dictionary(
  name.filter((text) => text !== '__proto__'),
  fc.dictionary(fc.integer({ min: 0, max: 2000 }).map(String), fc.boolean(), { minKeys: 1, maxKeys: 40 }),
  { minKeys: 1, maxKeys: 5 },
);
const model = fc.oneof(
  fc.constantFrom(...SHIPPED_MODELS).map(({ id }) => ({ kind: 'shipped', id }) as const),
  fc.webUrl({ withQueryParameters: true }).map((url) => ({ kind: 'url', url: new URL(url).href }) as const),
  name.map((files) => ({ kind: 'files', name: files }) as const),
);
const state = fc.record(
  {
    model,
    images: fc.integer({ min: IMAGE_LIMITS.least, max: IMAGE_LIMITS.most }),
    request: fc.record(
      {
        target: fc.record({ kind: fc.constantFrom(...TARGET_KINDS), value: fc.integer({ min: 100, max: 10_000 }).map((value) => value / 10_000) }),
        select: fc.constantFrom(...SELECTIONS),
        compensate: fc.constantFrom(...COMPENSATIONS),
        order: fc.constantFrom(...ORDERS),
        seed: fc.integer({ min: 0, max: 0xffffffff }),
      },
      { requiredKeys: [] },
    ),
    pins,
    group: name,
    axis: fc.constantFrom(...FRONTIER_AXES),
  },
  { requiredKeys: ['request'] },
);

describe('a fragment', () => {
  it('gives back the state that it was made from', () => {
    fc.assert(
      fc.property(state, (wanted) => {
        expect(decodeFragment(encodeFragment(wanted as FragmentState))).toEqual({ state: wanted, ignored: [] });
      }),
    );
  });

  it('never throws, whatever stands in it, and stays within its limits', () => {
    const junk = fc.oneof(
      fc.string(),
      fc.array(fc.tuple(fc.constantFrom('v', 'model', 'url', 'images', 'seed', 'keep', 'select', 'pins', 'group', 'axis', '__proto__', 'x'), fc.string()), { maxLength: 12 }).map((fields) =>
        ['v=1', ...fields.map(([key, value]) => `${key}=${value}`)].join('&'),
      ),
    );
    fc.assert(
      fc.property(junk, (text) => {
        const { state: read } = decodeFragment(text);
        const { images, request } = read;
        if (images !== undefined) expect(images >= IMAGE_LIMITS.least && images <= IMAGE_LIMITS.most).toBe(true);
        if (request.target) expect(request.target.value >= VALUE_LIMITS.least && request.target.value <= VALUE_LIMITS.most).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('with numbers out of range is clamped', () => {
    const { state: read, ignored } = decodeFragment('#v=1&images=999999&seed=-5&keep=macs:0');
    expect(read).toEqual({ images: IMAGE_LIMITS.most, request: { seed: 0, target: { kind: 'macs', value: VALUE_LIMITS.least } } });
    expect(ignored).toEqual([]);
  });

  it('of another version is left aside as a whole', () => {
    expect(decodeFragment('v=2&images=64')).toEqual({ state: { request: {} }, ignored: ['the whole fragment, which is not of version 1'] });
  });

  it.each([
    ['model=../../etc/passwd', 'model='],
    ['url=javascript:alert(1)', 'url='],
    ['url=https%3A%2F%2Fuser%3Asecret%40evil.example%2F', 'url='],
    ['images=NaN', 'images='],
    ['images=1e9', 'images='],
    ['keep=macs:0.5:0.6', 'keep='],
    ['keep=ms:0.5', 'keep='],
    ['select=constructor', 'select='],
    ['pins=a*k0-99999', 'pins='],
    ['pins=a*x3', 'pins='],
    ['pins=%', 'pins='],
    ['group=%E0%A4%A', 'group='],
    ['axis=', 'axis='],
    ['nonsense', 'nonsense'],
    ['seed=1&seed=2', 'seed=2'],
  ])('names what it cannot read of %s', (text, told) => {
    const { ignored } = decodeFragment(`v=1&${text}`);
    expect(ignored).toHaveLength(1);
    expect(ignored[0]).toContain(told);
  });

  it('does not touch the prototype of what it makes', () => {
    const { state: read } = decodeFragment('v=1&pins=__proto__*k1');
    expect(Object.getPrototypeOf(read.pins)).toBe(Object.prototype);
    expect(Object.hasOwn(read.pins ?? {}, '__proto__')).toBe(true);
  });

  it('of absurd length is not read', () => {
    expect(decodeFragment(`v=1&group=${'a'.repeat(100_000)}`).ignored).toEqual(['the whole fragment, which is too long']);
  });
});
