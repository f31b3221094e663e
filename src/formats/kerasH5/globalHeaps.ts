import { ModelFileError } from '../kerasLayers/errors.ts';

/**
 * Throws `ModelFileError` where a global heap of the HDF5 file, in which strings of variable length
 * lie, is damaged so that the HDF5 library would walk through it for ever.
 *
 * A heap is `GCOL`, a version 1, three zeros and its size (8 bytes), then objects one after the
 * other: index (2 bytes), references (2), zeros (4), size (8), data up to a multiple of 8. Index 0 is
 * the free space at the end, whose size counts its header (HDF5 File Format Specification 3.0, III.E).
 * The library adds up the sizes unchecked, and stands still where a step comes out as nothing.
 */
export function checkGlobalHeaps(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 16 <= bytes.length; at += 8) {
    if (bytes[at] !== 0x47 || view.getUint32(at) !== SIGNATURE || view.getUint32(at + 4, true) !== 1) continue;
    const end = at + Number(view.getBigUint64(at + 8, true));
    if (!(end <= bytes.length)) throw damaged(at);
    for (let object = at + 16; object + 16 <= end; ) {
      const index = view.getUint16(object, true);
      const size = Number(view.getBigUint64(object + 8, true));
      const step = index === 0 ? size : 16 + Math.ceil(size / 8) * 8;
      if (step < 16 || object + step > end) throw damaged(at);
      object += step;
    }
  }
}

/** `GCOL` */
const SIGNATURE = 0x47434f4c;

function damaged(at: number): ModelFileError {
  return new ModelFileError(`The HDF5 file is damaged: the heap of strings at byte ${at} does not add up.`);
}
