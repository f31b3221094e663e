import type { Random } from '../../fidelity/random.ts';

/**
 * A picture (`height × width × channels`, row-major) mirrored or not, and moved by up to `shift` pixels along
 * both axes, each by chance; zeros come in at the border. Returns the same array where nothing is asked for.
 */
export function augmented(
  picture: Float32Array,
  [height, width, channels]: readonly number[],
  { flip, shift }: { readonly flip: boolean; readonly shift: number },
  random: Random,
): Float32Array {
  if (!flip && shift === 0) return picture;
  const mirrored = flip && random() < 0.5;
  const [down, right] = [0, 1].map(() => Math.floor(random() * (2 * shift + 1)) - shift);
  const result = new Float32Array(picture.length);
  for (let row = Math.max(0, down); row < Math.min(height, height + down); row++) {
    for (let column = Math.max(0, right); column < Math.min(width, width + right); column++) {
      const source = mirrored ? width - 1 - (column - right) : column - right;
      const from = ((row - down) * width + source) * channels;
      const to = (row * width + column) * channels;
      for (let c = 0; c < channels; c++) result[to + c] = picture[from + c];
    }
  }
  return result;
}
