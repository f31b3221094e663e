import type { NodeOf } from '../../../../network/network.ts';
import { nearestPixel } from '../../nearestPixel.ts';
import type { Attributes, GraphWriter } from '../graphWriter.ts';
import { asPicture, pictureTensor, type NodeWriter } from '../nodeWriter.ts';

const coordinateRules = { halfPixel: 'half_pixel', asymmetric: 'asymmetric', alignCorners: 'align_corners' } as const;

/**
 * Bilinear and whole enlargements by a Resize. Other nearest ones gather their pixels: a runtime's
 * float32 coordinate falls a pixel short where the true one is whole.
 */
export const writeResize2d: NodeWriter<'resize2d'> = ({ node, inputs, inputShapes: [from], shape, graph }) => {
  const { size, interpolation, coordinates } = node.attributes;
  const x = asPicture(graph, inputs[0]).name;
  const enlarges = size.every((to, axis) => to % from[axis] === 0) && coordinates !== 'alignCorners';
  if (interpolation === 'nearest' && !enlarges) {
    writeGathers(graph, node, x, from);
    return pictureTensor(node.id, shape);
  }
  const scales = graph.floats(node.id, 'scales', [4], Float32Array.of(1, 1, factor(from[0], size[0]), factor(from[1], size[1])));
  const rules: Attributes = interpolation === 'nearest'
    ? { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }
    : { mode: 'linear', coordinate_transformation_mode: coordinateRules[coordinates] };
  graph.node(node.id, 'Resize', [x, '', scales], rules);
  return pictureTensor(node.id, shape);
};

/** The least float32 from `to / from` on, by which a runtime makes `⌊from · factor⌋`, `to` and no less, pixels. */
function factor(from: number, to: number): number {
  let scale = Math.fround(to / from);
  for (let step = 1; from * scale < to; step++) scale = Math.fround((to / from) * (1 + step * 2 ** -24));
  return scale;
}

function writeGathers(graph: GraphWriter, { id, attributes }: NodeOf<'resize2d'>, x: string, from: readonly number[]): void {
  const [rows, columns] = attributes.size.map((to, axis) => {
    const pixels = Array.from({ length: to }, (_, o) => nearestPixel(o, from[axis], to, attributes.coordinates));
    return graph.integers(id, axis === 0 ? 'rows' : 'columns', pixels);
  });
  const resized = graph.part(id, 'resizedRows', 'Gather', [x, rows], { axis: 2 });
  graph.node(id, 'Gather', [resized, columns], { axis: 3 });
}
