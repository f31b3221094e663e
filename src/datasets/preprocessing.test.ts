import fc from 'fast-check';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import {
  AS_THEY_ARE, CHANNEL_ORDERS, decodePreprocessing, encodePreprocessing, FITS, leavesValues, preprocess, PRESETS,
} from './preprocessing.ts';
import { preprocessingOfCard } from './preprocessingOfCard.ts';

const number = fc.double({ min: -1000, max: 1000, noNaN: true }).map((value) => Number(value.toPrecision(6)));
const positive = fc.double({ min: 1e-4, max: 1000, noNaN: true }).map((value) => Number(value.toPrecision(6)));
const preprocessing = fc.record({
  fit: fc.constantFrom(...FITS), scale: positive, order: fc.constantFrom(...CHANNEL_ORDERS),
  mean: fc.array(number, { minLength: 1, maxLength: 3 }), deviation: fc.array(positive, { minLength: 1, maxLength: 3 }),
});

describe('preprocess', () => {
  it('scales, subtracts and divides in the order in which channels are fed', () => {
    const [r, g, b] = [255, 51, 0];
    const [x, y, z] = preprocess([r, g, b], 3, PRESETS.imagenet);
    expect([x, y, z]).toEqual([(1 - 0.485) / 0.229, (0.2 - 0.456) / 0.224, (0 - 0.406) / 0.225].map((value) => expect.closeTo(value, 5)));
    expect([...preprocess([r, g, b], 3, PRESETS.caffe)]).toEqual([b - 103.939, g - 116.779, r - 123.68].map((value) => expect.closeTo(value, 4)));
    expect([...preprocess([0, 127.5, 255], 1, PRESETS.symmetric)]).toEqual([-1, 0, 1].map((value) => expect.closeTo(value, 6)));
  });

  it('is the formula, value by value, whatever the numbers', () => {
    fc.assert(fc.property(preprocessing, fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 3, maxLength: 30 }), fc.constantFrom(1, 3), (how, pixels, channels) => {
      const whole = pixels.slice(0, pixels.length - (pixels.length % channels));
      const found = preprocess(whole, channels, how);
      whole.forEach((_, at) => {
        const c = at % channels;
        const source = how.order === 'BGR' && channels === 3 ? whole[at - c + 2 - c] : whole[at];
        const expected = (how.scale * source - (how.mean[c] ?? how.mean[how.mean.length - 1])) / (how.deviation[c] ?? how.deviation[how.deviation.length - 1]);
        expect(Math.abs(found[at] - expected)).toBeLessThanOrEqual(1e-4 * (1 + Math.abs(expected) + Math.abs((how.mean[0] + 255 * how.scale) / Math.min(...how.deviation))));
      });
    }));
  });

  it('leaves pixels as they are by default', () => {
    expect([...preprocess([0, 128, 255], 3, AS_THEY_ARE)]).toEqual([0, 128, 255]);
    expect(leavesValues({ ...AS_THEY_ARE, fit: 'stretch', mean: [0, 0, 0], deviation: [1] })).toBe(false);
    expect(leavesValues({ ...AS_THEY_ARE, fit: 'stretch' })).toBe(true);
  });
});

describe('a link', () => {
  it('gives back what it was made from', () => {
    fc.assert(fc.property(preprocessing, (how) => {
      expect(decodePreprocessing(encodePreprocessing(how))).toEqual({ ...how, mean: how.mean.map((value) => value + 0) });
    }));
    for (const preset of Object.values(PRESETS)) {
      const again = decodePreprocessing(encodePreprocessing(preset));
      expect(again?.scale).toBeCloseTo(preset.scale, 9);
    }
  });

  it.each(['', 'crop;1;0;1', 'crop;1;0;0;RGB', 'crop;-1;0;1;RGB', 'crop;1e999;0;1;RGB', 'crop;1;NaN;1;RGB', 'crop;1;0;1;RBG', 'tile;1;0;1;RGB', 'crop;1;0;1;RGB;', 'crop;1,2;0;1;RGB', 'crop;1;;1;RGB', 'crop;1;0x10;1;RGB', 'crop;;0;1;RGB', 'crop;1;0,0,0,0,0;1;RGB'])(
    'that says “%s” is not taken',
    (text) => expect(decodePreprocessing(text)).toBeUndefined(),
  );
});

describe('a card', () => {
  it('of a shipped model says pixels as they are', async () => {
    const card = JSON.parse(await readFile(new URL('../../public/models/resnet20-cifar10/card.json', import.meta.url), 'utf8')) as { input: unknown };
    expect(preprocessingOfCard(card.input)).toEqual(AS_THEY_ARE);
  });

  it('gives range, order, mean and deviation', () => {
    expect(preprocessingOfCard({ range: [0, 1], mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] })).toEqual(PRESETS.imagenet);
    expect(preprocessingOfCard({ range: [-1, 1] })).toEqual(PRESETS.symmetric);
    expect(preprocessingOfCard({ channels: 'BGR', mean: [103.939, 116.779, 123.68] })).toEqual(PRESETS.caffe);
  });

  it('that is of another form gives none', () => {
    for (const input of [undefined, 3, { range: [1, 0] }, { range: ['a', 'b'] }, { deviation: [0] }, { mean: [] }]) expect(preprocessingOfCard(input)).toBeUndefined();
  });
});
