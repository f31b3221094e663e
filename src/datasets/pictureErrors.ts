/** One picture cannot be used; the others can. */
export class PictureError extends Error {
  override readonly name = 'PictureError';
}

/** Of all files that were given none is a picture that can be read. */
export class NoReadablePicturesError extends Error {
  override readonly name = 'NoReadablePicturesError';
}

/** There are pictures, but not enough to calibrate with some and measure with others. */
export class TooFewPicturesError extends Error {
  override readonly name = 'TooFewPicturesError';
  constructor(count: number) {
    super(`There is only ${count} readable picture; two are the least: one to calibrate with and one to measure with.`);
  }
}

/** The network does not take pictures, or takes them in another form than these can be given. */
export class PictureShapeError extends Error {
  override readonly name = 'PictureShapeError';
}

/** A zip that is damaged, too large when unpacked, or that names files outside of itself. */
export class PictureZipError extends Error {
  override readonly name = 'PictureZipError';
}

/** `.npy` arrays that do not make a data set together. */
export class PictureArrayError extends Error {
  override readonly name = 'PictureArrayError';
}
