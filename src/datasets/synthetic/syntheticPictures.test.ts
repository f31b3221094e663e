import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AS_THEY_ARE, PRESETS } from '../preprocessing.ts';
import { networkBuilder } from '../../network/fixtures/networks.ts';
import { deadLeaves } from './deadLeaves.ts';
import { expectedPixels, USUAL_PIXELS } from './expectedPixels.ts';
import { inverseFourier } from './fourier.ts';
import { mixture, secondsAmong } from './mixture.ts';
import { NATURAL_MEAN } from './naturalColour.ts';
import { normalFrom, pictureRandom } from './pictureRandom.ts';
import { SyntheticShapeError } from './pictureShape.ts';
import { shifted } from './pictureShift.ts';
import { PROCEDURAL_KINDS, proceduralPictures } from './proceduralPictures.ts';
import { preprocessed, type SyntheticPictures } from './syntheticPictures.ts';

const order = (count: number, seed = 1, shape: readonly number[] = [32, 32, 3]) => ({ count, shape, seed });
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, v) => sum + v, 0) / values.length;

function deviation(values: ArrayLike<number>): number {
  const centre = mean(values);
  return Math.sqrt(mean(Array.from(values, (v) => (v - centre) ** 2)));
}

async function channel(pictures: SyntheticPictures, c: number): Promise<Float32Array> {
  const channels = pictures.shape[2];
  return (await pictures.read(0, pictures.count)).filter((_, at) => at % channels === c);
}

function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [ma, mb] = [mean(a), mean(b)];
  return mean(Array.from(a, (v, k) => (v - ma) * (b[k] - mb))) / (deviation(a) * deviation(b));
}

/** Correlation of each pixel with the one `distance` to its right, first channel. */
function neighbours(pictures: SyntheticPictures, distance: number): number {
  const [height, width, channels] = pictures.shape;
  const pairs: [number[], number[]] = [[], []];
  for (let k = 0; k < pictures.count; k++) {
    const own = pictures.pixels(k);
    for (let y = 0; y < height; y++) for (let x = 0; x + distance < width; x++) {
      pairs[0].push(own[(y * width + x) * channels]);
      pairs[1].push(own[(y * width + x + distance) * channels]);
    }
  }
  return correlation(...pairs);
}

describe.each(PROCEDURAL_KINDS)('%s', (kind) => {
  it('draws picture k from seed and k alone, in any order and number', async () => {
    const all = await proceduralPictures(kind, order(6)).read(0, 6);
    const size = all.length / 6;
    const few = proceduralPictures(kind, order(5));
    expect(await few.read(4, 1)).toEqual(all.subarray(4 * size, 5 * size));
    expect(await few.read(1, 2)).toEqual(all.subarray(size, 3 * size));
    const others = await proceduralPictures(kind, order(6, 2)).read(0, 6);
    for (let k = 0; k < 6; k++) {
      for (const rest of [others.subarray(k * size, (k + 1) * size), all.subarray(((k + 1) % 6) * size, ((k + 1) % 6 + 1) * size)]) {
        expect(Math.abs(correlation(all.subarray(k * size, (k + 1) * size), rest))).toBeLessThan(0.9);
      }
    }
  });

  it.each([[1, 1, 3], [3, 50, 1], [47, 20, 3], [32, 32, 1]])('fills %i × %i × %i with whole numbers from 0 to 255', (...shape) => {
    const pictures = proceduralPictures(kind, order(2, 3, shape));
    expect(pictures.shape).toEqual(shape);
    expect(pictures.pixels(1)).toBeInstanceOf(Uint8Array);
    expect(pictures.pixels(1)).toHaveLength(shape[0] * shape[1] * shape[2]);
    if (shape[0] * shape[1] > 100) expect(deviation(pictures.pixels(1))).toBeGreaterThan(10);
  });

  it.each<[number[], RegExp]>([
    [[32, 32, 4], /32 × 32 × 4 has 4/],
    [[128], /takes 128, not pictures/],
    [[0, 32, 3], /whole number from 1/],
  ])('refuses %j', (shape, message) => {
    expect(() => proceduralPictures(kind, order(1, 1, shape))).toThrow(SyntheticShapeError);
    expect(() => proceduralPictures(kind, order(1, 1, shape))).toThrow(message);
  });

  it('refuses numbers of pictures that there cannot be, and pictures beyond them', () => {
    for (const count of [0, 1.5, -2, NaN]) expect(() => proceduralPictures(kind, order(count))).toThrow(SyntheticShapeError);
    expect(() => proceduralPictures(kind, order(2)).pixels(2)).toThrow(RangeError);
  });
});

describe('what is drawn', () => {
  it('has natural colours: their mean, and channels that go together', async () => {
    for (const kind of ['deadLeaves', 'colourNoise'] as const) {
      const pictures = proceduralPictures(kind, order(60));
      const [r, g, b] = [await channel(pictures, 0), await channel(pictures, 1), await channel(pictures, 2)];
      [r, g, b].forEach((own, c) => expect(Math.abs(mean(own) - NATURAL_MEAN[c])).toBeLessThan(14));
      expect(correlation(r, g)).toBeGreaterThan(0.75);
      expect(correlation(g, b)).toBeGreaterThan(0.75);
      expect(correlation(r, b)).toBeLessThan(correlation(r, g));
    }
  });

  it('has neighbours that agree less the farther they lie; Gaussian pixels have none', () => {
    for (const kind of ['deadLeaves', 'colourNoise'] as const) {
      const pictures = proceduralPictures(kind, order(24));
      const [near, middle, far] = [1, 4, 16].map((distance) => neighbours(pictures, distance));
      expect(near).toBeGreaterThan(0.6);
      expect(near).toBeGreaterThan(middle + 0.1);
      expect(middle).toBeGreaterThan(far + 0.1);
    }
    expect(Math.abs(neighbours(proceduralPictures('gaussian', order(24)), 1))).toBeLessThan(0.02);
  });

  it('of dead leaves has flat leaves of all sizes without texture', () => {
    const own = deadLeaves(order(1, 5), 0).pixels(0);
    const areas = new Map<string, number>();
    for (let at = 0; at < own.length; at += 3) {
      const colour = own.subarray(at, at + 3).join();
      areas.set(colour, (areas.get(colour) ?? 0) + 1);
    }
    const sizes = [...areas.values()].sort((a, b) => b - a);
    expect(sizes[0]).toBeGreaterThan(60);
    expect(sizes.filter((size) => size >= 4 && size < 40).length).toBeGreaterThan(5);
  });

  it('of Gaussian pixels has the mean and deviation asked for, by channel', async () => {
    const pictures = proceduralPictures('gaussian', order(8), { mean: [100, 120, 140], deviation: [20, 30, 10] });
    for (const [c, [m, d]] of [[100, 20], [120, 30], [140, 10]].entries()) {
      expect(mean(await channel(pictures, c))).toBeCloseTo(m, -0.5);
      expect(deviation(await channel(pictures, c)) / d).toBeCloseTo(1, 1);
    }
  });

  it('is preprocessed like pictures', async () => {
    const pictures = proceduralPictures('gaussian', order(2));
    const plain = await pictures.read(0, 2);
    const fed = await preprocessed(pictures, PRESETS.symmetric).read(0, 2);
    expect(fed.every((value, at) => Math.abs(value - (plain[at] / 127.5 - 1)) < 1e-6)).toBe(true);
  });
});

describe('expectedPixels', () => {
  const b = networkBuilder(1);
  const plain = b.build('plain', b.conv('conv', b.input('input', [8, 8, 3]), [3, 3], 3, 4));
  const scaled = networkBuilder(1);
  const rescaled = scaled.build('rescaled', scaled.conv('conv', scaled.rescaling('scale', scaled.input('input', [8, 8, 3])), [3, 3], 3, 4));

  it('reads them off the preprocessing and the first rescaling, and takes the usual where neither says', () => {
    expect(expectedPixels(plain, AS_THEY_ARE)).toEqual(USUAL_PIXELS);
    expect(expectedPixels(plain, PRESETS.unit)).toEqual(USUAL_PIXELS);
    const imagenet = expectedPixels(plain, PRESETS.imagenet);
    expect(imagenet.mean.map(Math.round)).toEqual([124, 116, 104]);
    expect(imagenet.deviation.map(Math.round)).toEqual([58, 57, 57]);
    expect(expectedPixels(plain, { ...PRESETS.imagenet, order: 'BGR' }).mean.map(Math.round)).toEqual([104, 116, 124]);
    const zoo = { ...rescaled, nodes: rescaled.nodes.map((node) => (node.op === 'rescaling' ? { ...node, attributes: { scale: 1 / 64, offset: -1.875 } } : node)) };
    expect(expectedPixels(zoo, AS_THEY_ARE)).toEqual({ mean: [120], deviation: [64] });
  });
});

describe('mixture', () => {
  const [leaves, noise] = [proceduralPictures('deadLeaves', order(40, 1, [8, 8, 3])), proceduralPictures('colourNoise', order(40, 2, [8, 8, 3]))];

  it('holds its share in every run, takes each source in its order, and reads the same in any pieces', async () => {
    await fc.assert(fc.asyncProperty(fc.double({ min: 0.01, max: 0.99, noNaN: true }), fc.integer({ min: 1, max: 40 }), fc.nat(), fc.nat(39), async (share, count, seed, cut) => {
      const mixed = mixture([leaves, noise], share, count, seed);
      const origins = Array.from({ length: count }, (_, k) => mixed.origin(k));
      const seconds = origins.filter(({ source }) => source === 1);
      expect(seconds.length).toBe(secondsAmong(count, share, seed));
      expect(Math.abs(seconds.length - share * count)).toBeLessThanOrEqual(1);
      expect(seconds.map(({ index }) => index)).toEqual(seconds.map((_, k) => k));
      expect(origins.filter(({ source }) => source === 0).map(({ index }, k) => index - k).every((gap) => gap === 0)).toBe(true);
      const at = Math.min(cut, count - 1);
      const whole = await mixed.read(0, count);
      expect(await mixed.read(at, count - at)).toEqual(whole.subarray(at * 192));
      const { source, index } = mixed.origin(at);
      expect(whole.subarray(at * 192, (at + 1) * 192)).toEqual(Float32Array.from([leaves, noise][source].pixels(index)));
    }), { numRuns: 40 });
  });

  it('refuses other shapes, no share and too few pictures', () => {
    const grey = proceduralPictures('gaussian', order(4, 1, [8, 8, 1]));
    expect(() => mixture([leaves, grey], 0.5, 4, 1)).toThrow(/8 × 8 × 3 and of 8 × 8 × 1/);
    for (const share of [0, 1, NaN]) expect(() => mixture([leaves, noise], share, 4, 1)).toThrow(SyntheticShapeError);
    expect(() => mixture([leaves, noise], 0.1, 100, 1)).toThrow(/takes \d+ pictures of the first source, which has 40/);
  });
});

describe('shifted', () => {
  const pictures = proceduralPictures('deadLeaves', order(3, 1, [12, 10, 3]));

  it('blurs: the sharper detail goes, flat pictures and the mean stay', async () => {
    const values = await shifted(pictures, { kind: 'blur', deviation: 2 }).read(0, 3);
    const sharp = await pictures.read(0, 3);
    expect(deviation(values)).toBeLessThan(0.9 * deviation(sharp));
    expect(Math.abs(mean(values) - mean(sharp))).toBeLessThan(6);
    expect(await shifted(pictures, { kind: 'blur', deviation: 0 }).read(0, 3)).toEqual(sharp);
    const flat = { count: 1, shape: [12, 10, 3], read: async () => new Float32Array(360).fill(77) };
    for (const value of await shifted(flat, { kind: 'blur', deviation: 1.5 }).read(0, 1)) expect(value).toBeCloseTo(77, 3);
  });

  it('adds noise of picture k by seed and k, within 0 to 255', async () => {
    const noisy = shifted(pictures, { kind: 'noise', deviation: 25, seed: 4 });
    const values = await noisy.read(0, 3);
    expect(await noisy.read(2, 1)).toEqual(values.subarray(720));
    expect(values.every((value) => value >= 0 && value <= 255)).toBe(true);
    const grey = { count: 4, shape: [20, 20, 3], read: async (_: number, count: number) => new Float32Array(count * 1200).fill(128) };
    expect(deviation(await shifted(grey, { kind: 'noise', deviation: 25, seed: 4 }).read(0, 4)) / 25).toBeCloseTo(1, 1);
  });

  it('turns hue: red to green by 120 degrees, all the way round to itself, greys never', async () => {
    const colours = { count: 1, shape: [1, 3, 3], read: async () => Float32Array.of(200, 0, 0, 90, 90, 90, 60, 120, 150) };
    const turned = async (degrees: number) => [...(await shifted(colours, { kind: 'hue', degrees }).read(0, 1))].map(Math.round);
    expect(await turned(120)).toEqual([0, 200, 0, 90, 90, 90, 150, 60, 120]);
    expect(await turned(360)).toEqual([200, 0, 0, 90, 90, 90, 60, 120, 150]);
  });

  it('refuses what means nothing', () => {
    const grey = proceduralPictures('gaussian', order(1, 1, [8, 8, 1]));
    expect(() => shifted(grey, { kind: 'hue', degrees: 90 })).toThrow(SyntheticShapeError);
    expect(() => shifted(pictures, { kind: 'hue', degrees: Infinity })).toThrow(SyntheticShapeError);
    expect(() => shifted(pictures, { kind: 'blur', deviation: -1 })).toThrow(SyntheticShapeError);
    expect(() => shifted(pictures, { kind: 'noise', deviation: NaN, seed: 1 })).toThrow(SyntheticShapeError);
  });
});

describe('what they rest on', () => {
  it('transforms as the sum over all frequencies says', () => {
    const [size, normal] = [8, normalFrom(pictureRandom(1, 1))];
    const real = Float64Array.from({ length: 64 }, normal);
    const imaginary = Float64Array.from({ length: 64 }, normal);
    const [re, im] = [real.slice(), imaginary.slice()];
    inverseFourier(re, im, size);
    for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) {
      let [a, b] = [0, 0];
      for (let v = 0; v < size; v++) for (let u = 0; u < size; u++) {
        const angle = (2 * Math.PI * (v * y + u * x)) / size;
        const [p, q] = [real[v * size + u], imaginary[v * size + u]];
        a += p * Math.cos(angle) - q * Math.sin(angle);
        b += p * Math.sin(angle) + q * Math.cos(angle);
      }
      expect(re[y * size + x]).toBeCloseTo(a, 9);
      expect(im[y * size + x]).toBeCloseTo(b, 9);
    }
  });

  it('draws normal numbers, unlike for each picture', () => {
    const normal = normalFrom(pictureRandom(3, 0));
    const values = Array.from({ length: 20_000 }, normal);
    expect(Math.abs(mean(values))).toBeLessThan(0.03);
    expect(Math.abs(deviation(values) - 1)).toBeLessThan(0.02);
    expect(values.filter((v) => Math.abs(v) > 1.96).length / values.length).toBeCloseTo(0.05, 2);
    const starts = Array.from({ length: 1000 }, (_, k) => pictureRandom(3, k)());
    expect(new Set(starts).size).toBe(1000);
    expect(Math.abs(mean(starts) - 0.5)).toBeLessThan(0.05);
  });
});
