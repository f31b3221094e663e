import { preprocess, type Preprocessing } from '../datasets/preprocessing.ts';
import type { InputBox } from '../engine/criteria/intervalBounds.ts';
import type { ImageSource } from '../engine/imageSource.ts';

/** What becomes of pixels from 0 to 255. */
export function pixelBox(preprocessing: Preprocessing, channels: number): InputBox {
  const of = (value: number): number[] => [...preprocess(new Uint8Array(channels).fill(value), channels, preprocessing)];
  return { least: of(0), greatest: of(255) };
}

/** The range of values that these pictures have, where nothing else is known of them. */
export async function observedBox(images: ImageSource): Promise<InputBox> {
  let [least, greatest] = [Infinity, -Infinity];
  for (let k = 0; k < images.count; k++) {
    for (const value of await images.read(k, 1)) [least, greatest] = [Math.min(least, value), Math.max(greatest, value)];
  }
  return { least: [least], greatest: [greatest] };
}
