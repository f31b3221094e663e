/* oxlint-disable jsx-a11y/prefer-tag-over-role -- a canvas is no img, and is one to a screen reader */
import { useEffect, useRef } from 'react';
import type { Picture } from '../../workers/protocol.ts';

/** A picture of the data set, pixel by pixel. */
export function PixelPicture({ picture, label }: { readonly picture: Picture; readonly label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const image = new ImageData(Uint8ClampedArray.from(picture.rgba), picture.width, picture.height);
    canvas.current?.getContext('2d')?.putImageData(image, 0, 0);
  }, [picture]);
  return <canvas ref={canvas} className="pixels" width={picture.width} height={picture.height} role="img" aria-label={label} />;
}
