import { convertIndexedToRgb, decode } from 'fast-png';
import { PictureError } from './pictureErrors.ts';
import { pictureHeader } from './pictureHeader.ts';
import { pixelChunks } from './pngChunks.ts';
import type { Raster } from './resizePicture.ts';

/** Most pixels of one picture: 256 MiB when decoded. */
export const MOST_PIXELS = 64 * 1024 * 1024;

/** A picture file's content as 8-bit RGBA. Rejects with `PictureError`. */
export type DecodePicture = (bytes: Uint8Array) => Promise<Raster>;

/**
 * Any picture that this browser can show, upright as its EXIF data has it, in sRGB. Needs
 * `createImageBitmap` and `OffscreenCanvas`, which workers have.
 */
export const decodeInBrowser: DecodePicture = async (bytes) => {
  assertModest(bytes);
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(new Blob([bytes as Uint8Array<ArrayBuffer>]));
  } catch {
    throw new PictureError('is damaged, or of a kind that this browser cannot decode');
  }
  try {
    const { width, height } = bitmap;
    if (width * height > MOST_PIXELS) throw tooLarge(width, height);
    const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
    if (!context) throw new PictureError('could not be drawn: this browser gave no canvas for it');
    context.drawImage(bitmap, 0, 0);
    return { width, height, channels: 4, values: onWhite(context.getImageData(0, 0, width, height).data) };
  } finally {
    bitmap.close();
  }
};

/** PNG alone, where there is no browser: any colour type, depth and transparency. */
export const decodePng: DecodePicture = async (bytes) => {
  const header = assertModest(bytes);
  if (header?.type !== 'png') throw new PictureError(`is ${header ? `a ${header.type.toUpperCase()}` : 'no PNG'}; outside of a browser only PNG is decoded`);
  const pixels = pixelChunks(bytes);
  try {
    return rasterOf(decode(pixels, { checkCrc: true }));
  } catch (cause) {
    throw new PictureError('is damaged, or of a kind of PNG that is not decoded', { cause });
  }
};

function rasterOf(png: ReturnType<typeof decode>): Raster {
  const { width, height, depth, palette, transparency } = png;
  const channels = palette ? palette[0].length : png.channels;
  const values = palette ? convertIndexedToRgb(png) : depth < 8 ? unpacked(png) : png.data;
  const most = palette ? 255 : 2 ** depth - 1;
  const rgba = new Uint8ClampedArray(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const at = pixel * channels;
    for (let c = 0; c < 3; c++) rgba[pixel * 4 + c] = (values[at + (channels < 3 ? 0 : c)] * 255) / most;
    const keyed = !palette && transparency && matches(values, at, channels, transparency);
    rgba[pixel * 4 + 3] = channels % 2 === 0 ? (values[at + channels - 1] * 255) / most : keyed ? 0 : 255;
  }
  return { width, height, channels: 4, values: onWhite(rgba) };
}

/** Grey values of 1, 2 or 4 bits, which the decoder leaves packed row by row, high bits first. */
function unpacked({ width, height, depth, data }: ReturnType<typeof decode>): Uint8Array {
  const rowBytes = Math.ceil((width * depth) / 8);
  return Uint8Array.from({ length: width * height }, (_, pixel) => {
    const bit = (pixel % width) * depth;
    const byte = data[Math.floor(pixel / width) * rowBytes + (bit >> 3)];
    return (byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
  });
}

/** @throws PictureError where the header claims more pixels than are decoded */
function assertModest(bytes: Uint8Array): ReturnType<typeof pictureHeader> {
  if (bytes.length === 0) throw new PictureError('is empty');
  const header = pictureHeader(bytes);
  if (header && header.width * header.height > MOST_PIXELS) throw tooLarge(header.width, header.height);
  return header;
}

function tooLarge(width: number, height: number): PictureError {
  return new PictureError(`is ${width} × ${height} pixels, more than the ${Math.round(MOST_PIXELS / 1e6)} million that are decoded`);
}

function matches(values: ArrayLike<number>, at: number, channels: number, key: ArrayLike<number>): boolean {
  for (let c = 0; c < channels; c++) if (values[at + c] !== key[c]) return false;
  return true;
}

/** What is transparent becomes white, as on a page. In place. */
function onWhite(rgba: Uint8ClampedArray): Uint8ClampedArray {
  for (let at = 3; at < rgba.length; at += 4) {
    const alpha = rgba[at];
    if (alpha === 255) continue;
    for (let c = at - 3; c < at; c++) rgba[c] = (rgba[c] * alpha) / 255 + 255 - alpha;
    rgba[at] = 255;
  }
  return rgba;
}
