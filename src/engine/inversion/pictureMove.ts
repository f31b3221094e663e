import type { Random } from '../../fidelity/random.ts';
import type { MadeShape } from '../../datasets/synthetic/pictureShape.ts';

/** A shift around the border, down and to the right, and then maybe a mirror image: what one step sees a batch through. */
export interface PictureMove {
  readonly down: number;
  readonly right: number;
  readonly mirrored: boolean;
}

/** Shifts of up to a sixteenth of the shorter side. */
export function drawMove(random: Random, [height, width]: MadeShape): PictureMove {
  const most = Math.round(Math.min(height, width) / 16);
  const shift = () => Math.floor(random() * (2 * most + 1)) - most;
  return { down: shift(), right: shift(), mirrored: random() < 0.5 };
}

/** Where each pixel of the moved picture comes from, in pixels of one picture. */
export function pixelsOf({ down, right, mirrored }: PictureMove, [height, width]: MadeShape): Int32Array {
  return Int32Array.from({ length: height * width }, (_, at) => {
    const [row, column] = [Math.floor(at / width), at % width];
    const seen = mirrored ? width - 1 - column : column;
    return modulo(row - down, height) * width + modulo(seen - right, width);
  });
}

function modulo(value: number, size: number): number {
  return ((value % size) + size) % size;
}
