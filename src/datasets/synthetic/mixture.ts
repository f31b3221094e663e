import { seededRandom } from '../../fidelity/random.ts';
import type { PictureSource } from '../imageSet.ts';
import { SyntheticShapeError } from './pictureShape.ts';

/** Two sources, interleaved. */
export interface Mixture extends PictureSource {
  /** Which source picture `index` is of, 0 or 1, and its place there. */
  origin(index: number): { readonly source: 0 | 1; readonly index: number };
}

/** How many of the first `count` pictures of a mixture its second source gives; the first gives the rest. */
export function secondsAmong(count: number, share: number, seed: number): number {
  return Math.floor(count * share + seededRandom(seed)());
}

/**
 * `count` pictures of which a `share` in (0, 1) is of the second source. They are spread evenly, from a
 * seeded start on: every run of pictures holds its share, to within one. Each source is read in its own order
 * from its first picture on, so it need only have as many pictures as are taken of it.
 *
 * @throws SyntheticShapeError where the shapes differ or a source has too few
 */
export function mixture(sources: readonly [PictureSource, PictureSource], share: number, count: number, seed: number): Mixture {
  if (!(share > 0 && share < 1)) throw new SyntheticShapeError(`A share of ${share} is no mixture; it lies between 0 and 1.`);
  const [first, second] = sources;
  if (first.shape.join() !== second.shape.join()) {
    throw new SyntheticShapeError(`Pictures of ${first.shape.join(' × ')} and of ${second.shape.join(' × ')} cannot be mixed: make both of one shape.`);
  }
  const start = seededRandom(seed)();
  const seconds = (upTo: number) => Math.floor(upTo * share + start);
  for (const [k, wanted] of [count - seconds(count), seconds(count)].entries()) {
    if (sources[k].count < wanted) {
      throw new SyntheticShapeError(`The mixture takes ${wanted} pictures of the ${k === 0 ? 'first' : 'second'} source, which has ${sources[k].count}. Ask for fewer, or for another share.`);
    }
  }
  const origin: Mixture['origin'] = (index) => {
    const before = seconds(index);
    return seconds(index + 1) > before ? { source: 1, index: before } : { source: 0, index: index - before };
  };
  const size = first.shape.reduce((product, axis) => product * axis, 1);
  return {
    count,
    shape: first.shape,
    origin,
    read: async (from, images) => {
      const places = Array.from({ length: images }, (_, k) => origin(from + k));
      const values = new Float32Array(images * size);
      // of each source one run: its places follow one another
      for (const which of [0, 1] as const) {
        const own = places.flatMap((place, k) => (place.source === which ? [{ k, index: place.index }] : []));
        if (own.length === 0) continue;
        const read = await sources[which].read(own[0].index, own.length);
        own.forEach(({ k }, at) => values.set(read.subarray(at * size, (at + 1) * size), k * size));
      }
      return values;
    },
  };
}
