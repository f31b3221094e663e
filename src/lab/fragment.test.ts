import fc from 'fast-check';
import { SOURCE_KINDS } from '../datasets/calibrationSource.ts';
import { describe, expect, it } from 'vitest';
import { decodePreprocessing, encodePreprocessing, PRESETS } from '../datasets/preprocessing.ts';
import { ALLOCATIONS, COMPENSATIONS, ORDERS, SELECTIONS, TARGET_KINDS } from '../pruning/pruneRequest.ts';
import { SHIPPED_MODELS } from './catalogue.ts';
import { FRONTIER_AXES } from './experiment.ts';
import { decodeFragment, encodeFragment, IMAGE_LIMITS, MULTIPLE_LIMITS, VALUE_LIMITS, type FragmentState } from './fragment.ts';

const name = fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' }).filter((text) => !/\p{Cc}/u.test(text));
const pins = fc.dictionary(
  name.filter((text) => text !== '__proto__'),
  fc.dictionary(fc.integer({ min: 0, max: 2000 }).map(String), fc.boolean(), { minKeys: 1, maxKeys: 40 }),
  { minKeys: 1, maxKeys: 5 },
);
const keptId = fc.stringMatching(/^[0-9a-f]{16}$/);
const data = fc.oneof(name.map((files) => ({ kind: 'files', name: files }) as const), fc.record({ kind: fc.constant('kept' as const), id: keptId, name }));
const model = fc.oneof(
  fc.constantFrom(...SHIPPED_MODELS).map(({ id }) => ({ kind: 'shipped', id }) as const),
  fc.webUrl({ withQueryParameters: true }).map((url) => ({ kind: 'url', url: new URL(url).href }) as const),
  name.map((files) => ({ kind: 'files', name: files }) as const),
  fc.record({ kind: fc.constant('kept' as const), id: keptId, name }),
);
const rules = fc
  .record({
    multiple: fc.integer({ min: MULTIPLE_LIMITS.least, max: MULTIPLE_LIMITS.most }),
    floor: fc.integer({ min: 0, max: 10_000 }).map((value) => value / 10_000),
    groups: fc.dictionary(
      name.filter((text) => text !== '__proto__'),
      fc.oneof(fc.constant({ kind: 'protect' } as const), fc.record({ kind: fc.constantFrom('width' as const, 'atLeast' as const), channels: fc.integer({ min: 1, max: 4096 }) })),
      { maxKeys: 6 },
    ),
  })
  .filter(({ multiple, floor, groups }) => multiple !== 1 || floor !== 0 || Object.keys(groups).length > 0);
const source = fc
  .record(
    {
      kind: fc.constantFrom(...SOURCE_KINDS),
      mix: fc.record({ kind: fc.constantFrom(...SOURCE_KINDS), share: fc.integer({ min: 5, max: 95 }).map((share) => share / 100) }),
      made: fc.record({ count: fc.integer({ min: 1, max: 1000 }), steps: fc.integer({ min: 1, max: 2000 }), seed: fc.integer({ min: 0, max: 0xffffffff }) }),
    },
    { requiredKeys: ['kind'] },
  )
  .filter(({ kind, mix }) => mix?.kind !== kind && (kind !== 'pictures' || mix !== undefined));
const state = fc.record(
  {
    model,
    data,
    preprocessing: fc.constantFrom(...Object.values(PRESETS)).map((preset) => decodePreprocessing(encodePreprocessing(preset)) ?? preset),
    images: fc.integer({ min: IMAGE_LIMITS.least, max: IMAGE_LIMITS.most }),
    source,
    request: fc.record(
      {
        target: fc.record({ kind: fc.constantFrom(...TARGET_KINDS), value: fc.integer({ min: 100, max: 10_000 }).map((value) => value / 10_000) }),
        select: fc.constantFrom(...SELECTIONS),
        compensate: fc.constantFrom(...COMPENSATIONS),
        order: fc.constantFrom(...ORDERS),
        allocate: fc.constantFrom(...ALLOCATIONS),
        renorm: fc.boolean(),
        seed: fc.integer({ min: 0, max: 0xffffffff }),
        rules,
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

  it('writes rules short, and none where there are none', () => {
    const groups = { 'a,b': { kind: 'protect' }, second: { kind: 'width', channels: 24 }, third: { kind: 'atLeast', channels: 8 } } as const;
    expect(encodeFragment({ request: { rules: { multiple: 8, floor: 0.1, groups } } })).toBe('v=1&rules=m8,f0.1,a%2Cb*p,second*w24,third*a8');
    expect(encodeFragment({ request: { rules: { multiple: 1, floor: 0, groups: {} } } })).toBe('v=1');
  });

  it('never throws, whatever stands in it, and stays within its limits', () => {
    const written = fc.string({ unit: fc.constantFrom(...'mfpwakc*,.:-0123456789e'.split('')), maxLength: 20 });
    const junk = fc.oneof(
      fc.string(),
      fc.array(fc.tuple(fc.constantFrom('v', 'model', 'url', 'kept', 'data', 'pixels', 'images', 'source', 'seed', 'keep', 'select', 'rules', 'pins', 'group', 'axis', '__proto__', 'x'), fc.oneof(fc.string(), written)), { maxLength: 12 }).map((fields) =>
        ['v=1', ...fields.map(([key, value]) => `${key}=${value}`)].join('&'),
      ),
    );
    fc.assert(
      fc.property(junk, (text) => {
        const { state: read } = decodeFragment(text);
        const { images, request } = read;
        if (images !== undefined) expect(images >= IMAGE_LIMITS.least && images <= IMAGE_LIMITS.most).toBe(true);
        if (request.target) expect(request.target.value >= VALUE_LIMITS.least && request.target.value <= VALUE_LIMITS.most).toBe(true);
        if (request.rules) {
          const { multiple, floor, groups } = request.rules;
          expect(Number.isInteger(multiple) && multiple >= MULTIPLE_LIMITS.least && multiple <= MULTIPLE_LIMITS.most).toBe(true);
          expect(floor >= 0 && floor <= 1).toBe(true);
          for (const rule of Object.values(groups)) expect(rule.kind === 'protect' || (Number.isInteger(rule.channels) && rule.channels >= 1)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('with numbers out of range is clamped', () => {
    const { state: read, ignored } = decodeFragment('#v=1&images=999999&seed=-5&keep=macs:0&rules=m999,f7,a*w0,b*a99999999');
    expect(read).toEqual({
      images: IMAGE_LIMITS.most,
      request: {
        seed: 0,
        target: { kind: 'macs', value: VALUE_LIMITS.least },
        rules: { multiple: MULTIPLE_LIMITS.most, floor: 1, groups: { a: { kind: 'width', channels: 1 }, b: { kind: 'atLeast', channels: 65_536 } } },
      },
    });
    expect(ignored).toEqual([]);
  });

  it('of another version is left aside as a whole', () => {
    expect(decodeFragment('v=2&images=64')).toEqual({ state: { request: {} }, ignored: ['the whole fragment, which is not of version 1'] });
  });

  it.each([
    ['model=../../etc/passwd', 'model='],
    ['url=javascript:alert(1)', 'url='],
    ['url=https%3A%2F%2Fuser%3Asecret%40evil.example%2F', 'url='],
    ['kept=../x*mine', 'kept='],
    ['kept=ab', 'kept='],
    ['kept=AB*mine', 'kept='],
    ['kept=ab*mine*more', 'kept='],
    ['data=zz*mine', 'data='],
    ['data=', 'data='],
    ['pixels=crop;0;0;1;RGB', 'pixels='],
    ['images=NaN', 'images='],
    ['images=1e9', 'images='],
    ['keep=macs:0.5:0.6', 'keep='],
    ['keep=ms:0.5', 'keep='],
    ['select=constructor', 'select='],
    ['rules=', 'rules='],
    ['rules=m', 'rules='],
    ['rules=m1.5', 'rules='],
    ['rules=constructor', 'rules='],
    ['rules=f1e3', 'rules='],
    ['rules=a*p*p', 'rules='],
    ['rules=a*px', 'rules='],
    ['rules=a*w', 'rules='],
    ['rules=a*z3', 'rules='],
    ['rules=*p', 'rules='],
    ['rules=%E0%A4%A*p', 'rules='],
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
    const { state: read } = decodeFragment('v=1&pins=__proto__*k1&rules=__proto__*p');
    expect(Object.getPrototypeOf(read.pins)).toBe(Object.prototype);
    expect(Object.getPrototypeOf(read.request.rules?.groups)).toBe(Object.prototype);
    expect(Object.hasOwn(read.request.rules?.groups ?? {}, '__proto__')).toBe(true);
    expect(Object.hasOwn(read.pins ?? {}, '__proto__')).toBe(true);
  });

  it('of absurd length is not read', () => {
    expect(decodeFragment(`v=1&group=${'a'.repeat(100_000)}`).ignored).toEqual(['the whole fragment, which is too long']);
  });
});
