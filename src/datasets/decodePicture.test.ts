import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { decodePng } from './decodePicture.ts';
import { bytesOf, PICTURES } from './fixtures/pictures.ts';
import { PictureError } from './pictureErrors.ts';
import { pictureHeader } from './pictureHeader.ts';

const pngs = Object.entries(PICTURES).filter(([name]) => name.endsWith('.png'));

describe('pictureHeader', () => {
  it.each(Object.entries(PICTURES))('reads type and size of %s', (name, { base64, width, height }) => {
    const type = name.split('.')[1].replace('jpg', 'jpeg');
    expect(pictureHeader(bytesOf(base64))).toEqual({ type, width, height });
  });

  it('says nothing of a file that is cut short or of no known type, at whatever byte', () => {
    for (const { base64, width, height } of Object.values(PICTURES)) {
      const bytes = bytesOf(base64);
      for (let length = 0; length < Math.min(bytes.length, 700); length++) {
        const header = pictureHeader(bytes.subarray(0, length));
        if (header) expect([header.width, header.height]).toEqual([width, height]);
      }
    }
    expect(pictureHeader(new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"></svg>'))).toBeUndefined();
  });
});

describe('decodePng', () => {
  it.each(pngs)('decodes %s as Pillow does, transparency on white', async (_, { base64, width, height, rgba = '' }) => {
    const raster = await decodePng(bytesOf(base64));
    expect(raster).toMatchObject({ width, height, channels: 4 });
    const expected = bytesOf(rgba);
    const worst = Array.from(expected).reduce((most, value, at) => Math.max(most, Math.abs(value - raster.values[at])), 0);
    // two roundings of a blend
    expect(worst).toBeLessThanOrEqual(1);
  });

  it.each([
    ['nothing', new Uint8Array(0), /is empty/],
    ['a JPEG', bytesOf(PICTURES['photo.jpg'].base64), /is a JPEG; outside of a browser only PNG/],
    ['text', new TextEncoder().encode('hello'), /is no PNG/],
    ['half a PNG', bytesOf(PICTURES['rgb.png'].base64).slice(0, 700), /is damaged/],
  ])('refuses %s and says why', async (_, bytes, says) => {
    await expect(decodePng(bytes)).rejects.toBeInstanceOf(PictureError);
    await expect(decodePng(bytes)).rejects.toThrow(says);
  });

  it('refuses a header that claims 3.6 billion pixels before anything is unpacked', async () => {
    const bytes = encode({ width: 2, height: 2, data: new Uint8Array(12), channels: 3, depth: 8 });
    const claims = Uint8Array.from(bytes);
    new DataView(claims.buffer).setUint32(16, 60_000);
    new DataView(claims.buffer).setUint32(20, 60_000);
    await expect(decodePng(claims)).rejects.toThrow(/60000 × 60000 pixels, more than/);
  });
});
