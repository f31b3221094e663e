import type { Shape } from '../../../network/network.ts';
import { axisSizes, orderedLayout } from '../axisLayout.ts';
import { UnsupportedOnnxModelError } from '../errors.ts';
import type { GraphProto, NodeProto, TensorProto, ValueInfoProto } from '../schema/onnx_pb.ts';
import { isFloatType } from './constant.ts';
import type { NetworkBuilder } from './networkBuilder.ts';
import { featureOf, pictureLayout, type Feature } from './value.ts';

/** The one input that is read and not an initializer's default. */
export function soleInput(
  graph: GraphProto,
  readers: ReadonlyMap<string, number>,
  initializers: ReadonlyMap<string, TensorProto>,
): ValueInfoProto {
  const inputs = graph.input.filter(({ name }) => readers.has(name) && !initializers.has(name));
  if (inputs.length !== 1) {
    const names = inputs.map(({ name }) => `"${name}"`).join(', ');
    throw new UnsupportedOnnxModelError(`The model must have one input, found ${inputs.length}${names && `: ${names}`}.`);
  }
  return inputs[0];
}

/** The input's node and value. The batch is NaN where the file leaves it open. */
export function inputFeature(
  builder: NetworkBuilder,
  { name, type }: ValueInfoProto,
  channelsLast: boolean,
  inputShape: Shape | undefined,
): { readonly feature: Feature; readonly batch: number } {
  const tensor = type?.tensorType;
  if (!tensor || !isFloatType(tensor.elemType)) {
    throw new UnsupportedOnnxModelError(
      `The input "${name}" must hold floating-point numbers, found ${tensor ? `element type number ${tensor.elemType}` : 'no tensor type'}.`,
    );
  }
  const stated = tensor.shape?.dim.map(({ value }) => (value.case === 'dimValue' ? Number(value.value) : undefined));
  const [batch, ...open] = stated ?? [undefined, ...asInFile(inputShape, channelsLast)];
  const given = asInFile(inputShape, channelsLast);
  if (inputShape && (given.length !== open.length || open.some((size, k) => size !== undefined && size !== given[k]))) {
    throw new UnsupportedOnnxModelError(
      `The input "${name}" is [batch, ${open.map((size) => size ?? '?').join(', ')}]; the shape [${inputShape.join(', ')}] does not fit it.`,
    );
  }
  const sizes = open.map((size, k) => size ?? given[k]);
  if (!stated && !inputShape) throw new UnsupportedOnnxModelError(`The shape of the input "${name}" is left open; give one as inputShape.`);
  if (sizes.length !== 1 && sizes.length !== 3) {
    throw new UnsupportedOnnxModelError(`The input "${name}" has ${sizes.length + 1} axes; it must be pictures (4) or vectors (2).`);
  }
  const missing = sizes.findIndex((size) => !(Number.isSafeInteger(size) && size >= 1));
  if (missing >= 0) {
    const dim = tensor.shape?.dim[missing + 1]?.value;
    const found = dim?.case === 'dimParam' ? `called "${dim.value}"` : dim?.case === 'dimValue' ? String(dim.value) : 'left open';
    throw new UnsupportedOnnxModelError(
      `Axis ${missing + 1} of the input "${name}" is ${found}; sizes must be fixed. Give them as inputShape, or export the model with a fixed size.`,
    );
  }
  const layout = sizes.length === 1 || channelsLast
    ? orderedLayout(sizes, sizes.map((_, k) => k), [sizes.length - 1])
    : pictureLayout([sizes[1], sizes[2], sizes[0]]);
  builder.add({ id: name, op: 'input', inputs: [], attributes: { shape: axisSizes(layout.physical) }, weights: {} });
  return { feature: featureOf(name, layout), batch: batch !== undefined && batch >= 1 ? batch : Number.NaN };
}

/** A `[height, width, channels]` in the file's order. */
function asInFile(shape: Shape | undefined, channelsLast: boolean): readonly number[] {
  if (!shape) return [];
  return shape.length === 3 && !channelsLast ? [shape[2], shape[0], shape[1]] : shape;
}

const POINTWISE = new Set(['Identity', 'Cast', 'Add', 'Sub', 'Mul', 'Div']);

/** Whether pictures come channels last: the first thing that every reader does is to move the channels to the front, for others to read. */
export function isTransposedAtOnce(nodes: readonly NodeProto[], input: string, readersOf: (tensor: string) => readonly NodeProto[]): boolean {
  const front = new Set([input]);
  let transposes = 0;
  for (const node of nodes) {
    if (!node.input.some((name) => front.has(name))) continue;
    if (POINTWISE.has(node.opType)) {
      for (const name of node.output) front.add(name);
      continue;
    }
    const order = node.attribute.find(({ name }) => name === 'perm')?.ints.map(Number);
    const isRead = readersOf(node.output[0]).length > 0;
    if (node.opType !== 'Transpose' || order?.join() !== '0,3,1,2' || !isRead) return false;
    transposes += 1;
  }
  return transposes > 0;
}
