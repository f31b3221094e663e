import { Unzlib } from 'fflate';
import { PictureError } from './pictureErrors.ts';

/** What pixels are made of. Profiles and texts are left out: they may unpack to any size. */
const KEPT: ReadonlySet<string> = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND']);
const SIGNATURE = 8;
/** Length, type and checksum around a chunk's content. */
const AROUND = 12;
const MOST_COLOURS = 256;

/** Deflate cannot make data smaller than this part of themselves. */
const DEFLATE_LIMIT = 1032;
const SMALL_ENOUGH = 64 * 1024 ** 2;
const PIECE = 16 * 1024;

/**
 * The PNG without chunks that its pixels do not need. A decoder would believe whatever the others,
 * and a second header, say.
 *
 * @throws PictureError where a chunk ends beyond the file, a header or palette is repeated or too
 * long, or the pixels unpack to more than the header's size takes
 */
export function pixelChunks(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept: Uint8Array[] = [bytes.subarray(0, SIGNATURE)];
  const data: Uint8Array[] = [];
  const seen = new Set<string>();
  for (let at = SIGNATURE, type = ''; type !== 'IEND'; ) {
    if (at + AROUND > bytes.length) throw damaged('it is cut short');
    const end = at + AROUND + view.getUint32(at);
    type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (end > bytes.length) throw damaged('it is cut short');
    if (type !== 'IDAT' && seen.has(type) && KEPT.has(type)) throw damaged(`it has two parts of type ${type}`);
    if (type === 'PLTE' && end - at - AROUND > 3 * MOST_COLOURS) throw damaged('its palette is too long');
    if (seen.size === 0 && type !== 'IHDR') throw damaged('it begins with no header');
    seen.add(type);
    if (KEPT.has(type)) kept.push(bytes.subarray(at, end));
    if (type === 'IDAT') data.push(bytes.subarray(at + 8, end - 4));
    at = end;
  }
  requireModest(data, mostRawBytes(view));
  return joined(kept);
}

/** Bytes of the unpacked rows, with one for the filter of each; interlaced, a little more. */
function mostRawBytes(view: DataView): number {
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const [depth, colourType, interlaced] = [view.getUint8(24), view.getUint8(25), view.getUint8(28) !== 0];
  const channels = [1, 0, 3, 1, 2, 0, 4][colourType] ?? 4;
  const rows = height * (1 + Math.ceil((width * channels * depth) / 8));
  return interlaced ? 2 * rows + 4096 : rows;
}

/** Unpacks, and forgets, data that could be a bomb. */
function requireModest(data: readonly Uint8Array[], most: number): void {
  if (data.reduce((sum, part) => sum + part.length, 0) * DEFLATE_LIMIT < most + SMALL_ENOUGH) return;
  let total = 0;
  const inflate = new Unzlib((piece) => {
    total += piece.length;
  });
  try {
    for (const part of data) {
      for (let at = 0; at < part.length; at += PIECE) {
        inflate.push(part.subarray(at, at + PIECE));
        if (total > most) break;
      }
    }
  } catch (cause) {
    throw new PictureError('is damaged: its pixels cannot be unpacked', { cause });
  }
  if (total > most) throw damaged('its pixels unpack to more than its size takes');
}

function damaged(problem: string): PictureError {
  return new PictureError(`is damaged: ${problem}`);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
