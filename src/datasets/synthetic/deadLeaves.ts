import type { Random } from '../../fidelity/random.ts';
import { drawColour, naturalMean } from './naturalColour.ts';
import { noiseFields, powerOfTwo, type NoiseFields } from './noiseField.ts';
import { normalFrom } from './pictureRandom.ts';
import type { MadeShape } from './pictureShape.ts';
import { syntheticPictures, type PictureOrder, type SyntheticPictures } from './syntheticPictures.ts';

/** Share of a leaf's colour deviation that its texture has. */
export const TEXTURE = 0.35;

/** Leaf sizes, in pixels of the picture: from `LEAST_RADIUS` to the picture's longer side. */
const LEAST_RADIUS = 2;

/** Points of a pixel along each axis: leaves have soft edges, as what a lens saw has. */
const FINE = 2;

/**
 * Dead leaves: discs, squares and triangles that fall on one another, sizes distributed as `r⁻³`, which
 * makes the picture look alike at every scale (Lee, Mumford & Huang, Occlusion models for natural
 * images, IJCV 2001; as training pictures: Baradad et al., Learning to See by Looking at Noise,
 * NeurIPS 2021). Colours have natural pictures' mean and covariance, surfaces a 1/f texture (`texture`: its share
 * of the colour's deviation; 0 for none).
 *
 * @throws SyntheticShapeError
 */
export function deadLeaves(order: PictureOrder, texture = TEXTURE): SyntheticPictures {
  return syntheticPictures((random, shape) => drawLeaves(random, shape, texture), order);
}

/** Leaves from the topmost down: a point takes the first that covers it, so none is painted twice. */
function drawLeaves(random: Random, [height, width, channels]: MadeShape, texture: number): Float32Array {
  const normal = normalFrom(random);
  const [rows, columns] = [height * FINE, width * FINE];
  const surface = texture > 0 ? noiseFields(1, powerOfTwo(Math.max(height, width)), 1, normal) : undefined;
  const canvas = new Float32Array(rows * columns * channels);
  const covered = new Uint8Array(rows * columns);
  const colour = new Float64Array(channels);
  const scale = new Float64Array(channels);
  const left = { points: rows * columns };
  // the smallest gaps take long to be hit: what is left then is the ground, one last leaf below all others
  for (let leaves = 0; left.points > 0; leaves++) {
    const ground = leaves >= MOST_LEAVES_PER_POINT * covered.length;
    const leaf = ground ? undefined : drawLeaf(random, rows, columns);
    drawColour(normal, colour);
    drawColour(normal, scale);
    const [shiftY, shiftX] = [Math.floor(random() * 4096), Math.floor(random() * 4096)];
    const paint = (y: number, x: number) => {
      const at = y * columns + x;
      if (covered[at] === 1) return;
      covered[at] = 1;
      left.points--;
      const grain = surface ? texture * sample(surface, Math.floor(y / FINE) + shiftY, Math.floor(x / FINE) + shiftX) : 0;
      for (let c = 0; c < channels; c++) canvas[at * channels + c] = naturalMean(channels, c) + colour[c] + grain * scale[c];
    };
    if (leaf) eachPoint(leaf, rows, columns, paint);
    else for (let y = 0; y < rows; y++) for (let x = 0; x < columns; x++) paint(y, x);
  }
  return averaged(canvas, height, width, channels);
}

const MOST_LEAVES_PER_POINT = 1;

interface Leaf {
  readonly y: number;
  readonly x: number;
  readonly radius: number;
  /** Sides; 0 for a disc. */
  readonly sides: 0 | 3 | 4;
  readonly angle: number;
}

/**
 * A leaf that may touch the canvas: density `r⁻³`, times the area that centres of such leaves lie in (by
 * rejection), and its centre uniform there.
 */
function drawLeaf(random: Random, rows: number, columns: number): Leaf {
  const [least, most] = [LEAST_RADIUS * FINE, Math.max(rows, columns, 2 * LEAST_RADIUS * FINE)];
  const reach = (radius: number) => (rows + 2 * radius) * (columns + 2 * radius);
  for (;;) {
    const radius = 1 / Math.sqrt(1 / least ** 2 - random() * (1 / least ** 2 - 1 / most ** 2));
    if (random() * reach(most) > reach(radius)) continue;
    return {
      y: random() * (rows + 2 * radius) - radius,
      x: random() * (columns + 2 * radius) - radius,
      radius,
      sides: SIDES[Math.floor(random() * SIDES.length)],
      angle: random() * 2 * Math.PI,
    };
  }
}

const SIDES = [0, 3, 4] as const;

/** Points of the canvas in the leaf: a disc, or the regular polygon within it. */
function eachPoint({ y, x, radius, sides, angle }: Leaf, rows: number, columns: number, visit: (y: number, x: number) => void): void {
  // a polygon lies on the inner side of each of its edges, at this distance from the centre
  const inner = sides === 0 ? 0 : radius * Math.cos(Math.PI / sides);
  const normals = Array.from({ length: sides }, (_, k) => angle + (2 * Math.PI * k) / sides);
  const [cosines, sines] = [normals.map(Math.cos), normals.map(Math.sin)];
  const [top, bottom] = [Math.max(0, Math.ceil(y - radius)), Math.min(rows - 1, Math.floor(y + radius))];
  const [left, right] = [Math.max(0, Math.ceil(x - radius)), Math.min(columns - 1, Math.floor(x + radius))];
  for (let row = top; row <= bottom; row++) for (let column = left; column <= right; column++) {
    const [dy, dx] = [row - y, column - x];
    let inside = dy * dy + dx * dx <= radius * radius;
    for (let k = 0; inside && k < sides; k++) inside = dx * cosines[k] + dy * sines[k] <= inner;
    if (inside) visit(row, column);
  }
}

function sample({ size, fields: [field] }: NoiseFields, y: number, x: number): number {
  return field[(y % size) * size + (x % size)];
}

/** Each pixel the mean of its points. */
function averaged(canvas: Float32Array, height: number, width: number, channels: number): Float32Array {
  const values = new Float32Array(height * width * channels);
  for (let y = 0; y < height * FINE; y++) for (let x = 0; x < width * FINE; x++) {
    const to = (Math.floor(y / FINE) * width + Math.floor(x / FINE)) * channels;
    const from = (y * width * FINE + x) * channels;
    for (let c = 0; c < channels; c++) values[to + c] += canvas[from + c] / FINE ** 2;
  }
  return values;
}
