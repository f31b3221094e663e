import type { OpReader, OpReaders } from '../opCall.ts';

export const resizes: OpReaders = {
  ResizeBilinear: resize('bilinear'),
  ResizeNearestNeighbor: resize('nearest'),
};

function resize(interpolation: 'bilinear' | 'nearest'): OpReader {
  return (call) => {
    const x = call.picture(0);
    const [height, width, ...others] = call.integers(1);
    if (width === undefined || others.length > 0) throw call.refusal('needs a size of [height, width].');
    const halfPixel = call.attributes.flag('half_pixel_centers', false);
    const alignCorners = call.attributes.flag('align_corners', false);
    if (halfPixel && alignCorners) throw call.refusal('align_corners and half_pixel_centers exclude one another.');
    const coordinates = halfPixel ? 'halfPixel' : alignCorners ? 'alignCorners' : 'asymmetric';
    return call.emit('resize2d', [x], { size: [height, width], interpolation, coordinates }, {});
  };
}
