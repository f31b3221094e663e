/** What the first bytes of a picture file say of it, before anything is decoded. */
export interface PictureHeader {
  readonly type: 'png' | 'jpeg' | 'gif' | 'webp' | 'bmp';
  readonly width: number;
  readonly height: number;
}

/**
 * Reads type and size from the header alone, so that a file which claims to be of a billion pixels
 * is refused before a decoder believes it. Undefined for a type not listed, or a header cut short.
 *
 * Sources: the formats' own specifications (PNG 11.2.2, JPEG B.2.2, GIF89a 18, RFC 9649, BITMAPINFOHEADER).
 */
export function pictureHeader(bytes: Uint8Array): PictureHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (view.getUint32(0) === 0x89504e47) return { type: 'png', width: view.getUint32(16), height: view.getUint32(20) };
    if (view.getUint16(0) === 0xffd8) return jpegHeader(view);
    if (view.getUint32(0) === 0x47494638) return { type: 'gif', width: view.getUint16(6, true), height: view.getUint16(8, true) };
    if (view.getUint32(0) === 0x52494646 && view.getUint32(8) === 0x57454250) return webpHeader(view);
    if (view.getUint16(0) === 0x424d) return { type: 'bmp', width: Math.abs(view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return undefined;
}

/** Goes from marker to marker up to the frame's (SOF0 … SOF15 without DHT, JPG and DAC). */
function jpegHeader(view: DataView): PictureHeader | undefined {
  for (let at = 2; view.getUint8(at) === 0xff; ) {
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1;
    } else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return { type: 'jpeg', width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    } else {
      at += 2 + view.getUint16(at + 2);
    }
  }
  return undefined;
}

function webpHeader(view: DataView): PictureHeader | undefined {
  const three = (at: number) => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  switch (view.getUint32(12)) {
    case 0x56503820: // "VP8 "
      return { type: 'webp', width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
    case 0x5650384c: { // "VP8L"
      const bits = view.getUint32(21, true);
      return { type: 'webp', width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 0x56503858: // "VP8X"
      return { type: 'webp', width: three(24) + 1, height: three(27) + 1 };
    default:
      return undefined;
  }
}
