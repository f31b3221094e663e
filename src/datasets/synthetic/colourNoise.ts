import { COLOUR_ROOT, GREY_DEVIATION, naturalMean } from './naturalColour.ts';
import { noiseFields, powerOfTwo } from './noiseField.ts';
import { normalFrom } from './pictureRandom.ts';
import { syntheticPictures, type Draw, type PictureOrder, type SyntheticPictures } from './syntheticPictures.ts';

/**
 * Noise with the second-order statistics of natural pictures: an amplitude spectrum of `1 / f^α` (Field,
 * Relations between the statistics of natural images, JOSA A 1987) and their colours' mean and
 * covariance. Photographs have α = 0.94 ± 0.21 (van der Schaaf & van Hateren, Vision Research 1996); here
 * it is 1.3 ± 0.2, for networks see small pictures: photographs shrunk by averaging, which takes the
 * highest frequencies most. Each picture is cut out of a larger field, so that its own mean and contrast
 * vary too.
 *
 * @throws SyntheticShapeError
 */
export function colourNoise(order: PictureOrder): SyntheticPictures {
  return syntheticPictures(drawColourNoise, order);
}

const drawColourNoise: Draw = (random, [height, width, channels]) => {
  const normal = normalFrom(random);
  const exponent = Math.min(1.9, Math.max(0.7, 1.3 + 0.2 * normal()));
  const { size, fields } = noiseFields(channels, 2 * powerOfTwo(Math.max(height, width)), exponent, normal);
  const values = new Float32Array(height * width * channels);
  for (let y = 0, at = 0; y < height; y++) for (let x = 0; x < width; x++) {
    const from = y * size + x;
    if (channels === 1) {
      values[at++] = naturalMean(1, 0) + GREY_DEVIATION * fields[0][from];
      continue;
    }
    for (let c = 0; c < 3; c++) {
      let value = naturalMean(3, c);
      for (let axis = 0; axis < 3; axis++) value += COLOUR_ROOT[3 * c + axis] * fields[axis][from];
      values[at++] = value;
    }
  }
  return values;
};
