import type { Shape } from '../network/network.ts';

/** Pictures (or other arrays) in a fixed order, read a batch at a time. */
export interface ImageSource {
  readonly count: number;
  /** Of one image, without the batch axis. */
  readonly shape: Shape;
  /** Images `first … first + count`, row-major, as float32 and as the network expects them (0–255 for pixels). */
  read(first: number, count: number): Promise<Float32Array>;
}

/** Thrown where pictures do not fit the network. */
export class InputShapeError extends Error {
  override readonly name = 'InputShapeError';
  constructor(found: Shape, expected: Shape) {
    super(`The pictures are ${found.join(' × ')}, but the network takes ${expected.join(' × ')}.`);
  }
}

/** @throws InputShapeError */
export function assertInputShape(source: { readonly shape: Shape }, expected: Shape): void {
  if (source.shape.join() !== expected.join()) throw new InputShapeError(source.shape, expected);
}

/** Images `first … first + count` of another source. */
export function partOf(source: ImageSource, first: number, count: number): ImageSource {
  return { count, shape: source.shape, read: (from, images) => source.read(first + from, images) };
}
