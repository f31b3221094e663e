import type { SourceKind } from './calibrationSource.ts';

/** As they stand in a sentence: "scored on dead leaves". */
export const SOURCE_NAMES: Readonly<Record<SourceKind, string>> = {
  pictures: 'real pictures',
  inversion: 'pictures from the network',
  deadLeaves: 'dead leaves',
  colourNoise: 'colour noise',
  gaussian: 'Gaussian noise',
};
