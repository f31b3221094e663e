import type { SourceKind } from '../calibrationSource.ts';
import { colourNoise } from './colourNoise.ts';
import { deadLeaves } from './deadLeaves.ts';
import { USUAL_PIXELS, type PixelStatistics } from './expectedPixels.ts';
import { gaussianPixels } from './gaussianPixels.ts';
import type { PictureOrder, SyntheticPictures } from './syntheticPictures.ts';

/** Sources that need neither pictures nor a network. */
export const PROCEDURAL_KINDS = ['deadLeaves', 'colourNoise', 'gaussian'] as const satisfies readonly SourceKind[];
export type ProceduralKind = (typeof PROCEDURAL_KINDS)[number];

export function isProcedural(kind: SourceKind): kind is ProceduralKind {
  return (PROCEDURAL_KINDS as readonly SourceKind[]).includes(kind);
}

/**
 * Pictures of such a source, 0–255; `expected` is what Gaussian pixels are drawn by (`expectedPixels`).
 *
 * @throws SyntheticShapeError
 */
export function proceduralPictures(kind: ProceduralKind, order: PictureOrder, expected: PixelStatistics = USUAL_PIXELS): SyntheticPictures {
  switch (kind) {
    case 'deadLeaves':
      return deadLeaves(order);
    case 'colourNoise':
      return colourNoise(order);
    case 'gaussian':
      return gaussianPixels(order, expected);
  }
}
