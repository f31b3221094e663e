import type { Network, Shape } from '../../../network/network.ts';
import { validateNetwork } from '../../../network/shapes.ts';
import { OnnxFileError, UnsupportedOnnxOperatorError } from '../errors.ts';
import type { NodeProto, TensorProto } from '../schema/onnx_pb.ts';
import { UniqueNames } from '../uniqueNames.ts';
import { readTensor } from './constant.ts';
import { constantOperators } from './constantOperators.ts';
import { executionOrder } from './executionOrder.ts';
import { readExternalData, type ReadExternal } from './externalData.ts';
import { isStandardDomain, readModelFile } from './modelFile.ts';
import { inputFeature, isTransposedAtOnce, soleInput } from './modelInput.ts';
import { outputNode } from './modelOutput.ts';
import { NetworkBuilder } from './networkBuilder.ts';
import { OperatorCall } from './operatorCall.ts';
import { operatorReaders } from './operators/table.ts';
import type { Value } from './value.ts';

/** Axes, without the batch, that a value of the file may have. */
const MOST_AXES = 16;

export interface OnnxImportOptions {
  /** `[height, width, channels]`, or `[features]`: takes the place of sizes that the file leaves open. */
  readonly inputShape?: Shape;
}

/**
 * The network of an ONNX model.
 *
 * Pictures are `[batch, channels, height, width]` in the file and `[height, width, channels]` in
 * the network: kernels are transposed, transpositions and reshapes that only serve the order of
 * axes vanish, and a picture that is flattened before a matrix product is flattened channels last,
 * the rows of the matrix sorted to match. Where the order matters, `reshape` and `permute` nodes
 * stand. Outputs of three axes are taken for pictures, and so are channels last too, unless the
 * file has put their channels last itself; other outputs are laid out as in the file.
 *
 * Node ids are the names of the file's nodes, where they have one of their own, or else of their
 * first outputs. `readExternal` brings weight files that lie beside the model.
 *
 * Throws `OnnxFileError`, `OnnxTensorSizeError`, `OnnxExternalDataError`,
 * `UnsupportedOnnxModelError`, `UnsupportedOnnxOperatorError`, `UnsupportedOnnxTensorError`, and
 * what `validateNetwork` throws.
 */
export async function importOnnx(
  bytes: Uint8Array,
  readExternal?: ReadExternal,
  options: OnnxImportOptions = {},
): Promise<Network> {
  const { graph, opset } = readModelFile(bytes);
  const { nodes, readers } = executionOrder(graph);
  for (const node of nodes) requireKnown(node);
  const twice = repeated(graph.initializer.map(({ name }) => name));
  if (twice !== undefined) throw new OnnxFileError(`Two tensors of the file are called "${twice}".`);
  const initializers = new Map(graph.initializer.filter(({ name }) => readers.has(name)).map((tensor) => [tensor.name, tensor]));
  const external = await readExternalData([...initializers.values()], readExternal);
  const input = soleInput(graph, readers, initializers);

  const ids = nodeIds(nodes, input.name);
  const mostValues = mostValuesOf(bytes, external);
  const builder = new NetworkBuilder(ids.values(), mostValues);
  const readersOf = readersAmong(nodes);
  const { feature, batch } = inputFeature(builder, input, isTransposedAtOnce(nodes, input.name, readersOf), options.inputShape);
  const values = new Map<string, Value>();
  const bind = (tensor: string, value: Value): void => {
    const shared = readers.get(tensor) !== 1;
    if (value.kind !== 'feature' || !shared) values.set(tensor, value);
    // powers of a shifted value are only recognised where the shift has a node of its own
    else values.set(tensor, { ...(value.polynomial.length === 2 ? builder.settled(value) : value), sole: false });
  };
  bind(input.name, feature);
  const valueOf = (name: string): Value | undefined => {
    if (name === '') return undefined;
    const known = values.get(name);
    if (known) return known;
    const tensor = initializers.get(name);
    const constant = tensor && readTensor(tensor, external.get(tensor));
    if (constant && readers.get(name) !== 1) values.set(name, constant);
    return constant;
  };
  const context = { opset, builder, batch, readersOf };
  let constants = 0;
  for (const node of nodes) {
    const inputs = node.input.map(valueOf);
    const call = new OperatorCall(ids.get(node) ?? node.name, node, inputs, context);
    const made = read(call, node, inputs);
    for (const value of made) {
      if (value.kind === 'constant') constants += value.values.length;
      else if (value.kind === 'feature' && value.layout.logical.length > MOST_AXES) call.refuse(`it makes a value of more than ${MOST_AXES} axes.`);
    }
    if (constants > mostValues) call.refuse('the constants up to here are many times as large as the file.');
    call.requireAllRead();
    call.requireKnownOutputs(made.length, (tensor) => readers.has(tensor));
    for (const [k, value] of made.entries()) if (node.output[k]) bind(node.output[k], value);
  }
  const outputs = graph.output.map((info) => outputNode(builder, info, valueOf(info.name), !options.inputShape));
  if (outputs.length === 0) throw new OnnxFileError('The model has no outputs.');
  const network = { name: graph.name || 'model', nodes: builder.nodesFor(outputs), outputs: [...new Set(outputs)] };
  validateNetwork(network);
  return network;
}

function repeated(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size);
}

/** Values that may be made of a file of so many bytes: far more than any real one needs. */
function mostValuesOf(bytes: Uint8Array, external: ReadonlyMap<TensorProto, Uint8Array>): number {
  const total = [...external.values()].reduce((sum, part) => sum + part.length, bytes.length);
  return 16 * total + 2 ** 22;
}

/** Values that one node may read: DenseNet joins some dozens. */
const MOST_INPUTS = 4096;

function requireKnown(node: NodeProto): void {
  if (node.input.length > MOST_INPUTS) throw new OnnxFileError(`Node "${node.name}" reads ${node.input.length} values; ${MOST_INPUTS} are the most.`);
  const supported = isStandardDomain(node.domain) && (operatorReaders.has(node.opType) || constantOperators.has(node.opType));
  if (supported) return;
  const domain = isStandardDomain(node.domain) ? '' : ` of the domain "${node.domain}"`;
  throw new UnsupportedOnnxOperatorError(
    node.name || node.output[0], node.opType,
    `this operator${domain} is not supported. Supported: ${[...operatorReaders.keys()].join(', ')}.`,
  );
}

function read(call: OperatorCall, node: NodeProto, inputs: readonly (Value | undefined)[]): readonly Value[] {
  const known = inputs.every((value) => value === undefined || value.kind === 'constant');
  const constantOperator = constantOperators.get(node.opType);
  if (known && constantOperator) return [constantOperator(call)];
  const reader = operatorReaders.get(node.opType);
  if (!reader) return call.refuse('it is only supported where all of its inputs are stored in the file.');
  return reader(call);
}

/** Names that are a node's own stay; the others are called by what they make. */
function nodeIds(nodes: readonly NodeProto[], input: string): ReadonlyMap<NodeProto, string> {
  const uses = new Map<string, number>();
  for (const { name } of nodes) uses.set(name, (uses.get(name) ?? 0) + 1);
  const own = (node: NodeProto): boolean => node.name !== '' && node.name !== input && uses.get(node.name) === 1;
  const names = new UniqueNames([input, ...nodes.filter(own).map(({ name }) => name)]);
  return new Map(nodes.map((node) =>
    [node, own(node) ? node.name : names.take(node.name || node.output[0] || node.opType)],
  ));
}

function readersAmong(nodes: readonly NodeProto[]): (tensor: string) => readonly NodeProto[] {
  const found = new Map<string, NodeProto[]>();
  for (const node of nodes) {
    for (const name of new Set(node.input)) {
      const known = found.get(name);
      if (known) known.push(node);
      else found.set(name, [node]);
    }
  }
  return (tensor) => found.get(tensor) ?? [];
}
