import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import type { Mover } from '../alignment.ts';
import { movesBetween, sameAxes, type Axis, type Layout } from '../axisLayout.ts';
import { OnnxExportError } from '../errors.ts';
import { UniqueNames } from '../uniqueNames.ts';
import {
  AttributeProtoSchema, GraphProtoSchema, ModelProtoSchema, NodeProtoSchema, TensorProtoSchema, ValueInfoProtoSchema,
  type AttributeProto, type NodeProto, type TensorProto, type ValueInfoProto,
} from '../schema/onnx_pb.ts';

/** The operator set of what is written: the latest that has no rewriting left for current runtimes to do. */
export const OPSET = 17;
const IR_VERSION = 8;
const FLOAT = 1;
const INT64 = 7;

/** What protobuf can hold, less room for everything but weights. */
const MOST_WEIGHT_BYTES = 2 ** 31 - 2 ** 24;

/** Operators that do nothing at inference. */
const PASSING = new Set(['Identity', 'Dropout']);

/** A value of the network as a tensor of the file. */
export interface Tensor {
  readonly name: string;
  /** Logical axes are the network's; stored axes are the file's, without the batch. */
  readonly layout: Layout;
  /** What to call a node that moves this value. */
  readonly moverName: string;
}

/** A number is an int, `{ float }` a float, a list of numbers ints. */
export type AttributeValue = number | string | readonly number[] | { readonly float: number };
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** Collects the nodes and weights of an ONNX graph. */
export class GraphWriter implements Mover<Tensor> {
  readonly pictureOrder = [2, 0, 1] as const;
  readonly needsLeadingOnes = true;
  readonly #inputs: ValueInfoProto[] = [];
  readonly #nodes: NodeProto[] = [];
  readonly #initializers: TensorProto[] = [];
  readonly #names: UniqueNames;
  readonly #makers = new Map<string, string>();
  readonly #moved = new Map<Tensor, readonly Tensor[]>();
  #weightBytes = 0;

  /** `reserved`: names of nodes and tensors that only `node` may use. */
  constructor(reserved: Iterable<string>) {
    this.#names = new UniqueNames(reserved);
  }

  /** `<owner>/<part>`, or that with a number where it is taken. */
  uniqueName(owner: string, part: string): string {
    return this.#names.take(`${owner}/${part}`);
  }

  /** The graph's input, a float32 tensor. */
  input(name: string, sizes: readonly number[]): void {
    this.#makers.set(name, 'input');
    this.#inputs.push(valueInfo(name, sizes));
  }

  /** Appends a node and returns the name of its output, which is the node's own. `unread`: its further outputs. */
  node(name: string, opType: string, inputs: readonly string[], attributes: Attributes = {}, unread: readonly string[] = []): string {
    const attribute = Object.entries(attributes).map(([key, value]) => attributeOf(key, value));
    this.#makers.set(name, PASSING.has(opType) ? (this.makerOf(inputs[0]) ?? opType) : opType);
    this.#nodes.push(create(NodeProtoSchema, { name, opType, input: [...inputs], output: [name, ...unread], attribute }));
    return name;
  }

  /** The operator that makes a tensor, passing over those that runtimes take away. */
  makerOf(tensor: string): string | undefined {
    return this.#makers.get(tensor);
  }

  /** A node called `<owner>/<part>`. */
  part(owner: string, part: string, opType: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.node(this.uniqueName(owner, part), opType, inputs, attributes);
  }

  /** A float32 weight called `<owner>/<part>`; `values` are not copied before the file is written. */
  floats(owner: string, part: string, shape: readonly number[], values: Float32Array): string {
    this.#weightBytes += values.byteLength;
    if (this.#weightBytes > MOST_WEIGHT_BYTES) throw new OnnxExportError('The weights are larger than the 2 GiB that an ONNX file can hold.');
    const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return this.#initializer(this.uniqueName(owner, part), FLOAT, shape, rawData);
  }

  /** One number. */
  scalar(owner: string, part: string, value: number): string {
    return this.floats(owner, part, [], Float32Array.of(value));
  }

  /** A list of whole numbers. */
  integers(owner: string, part: string, values: readonly number[]): string {
    const rawData = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.#initializer(this.uniqueName(owner, part), INT64, [values.length], rawData);
  }

  #initializer(name: string, dataType: number, shape: readonly number[], rawData: Uint8Array): string {
    this.#initializers.push(create(TensorProtoSchema, { name, dataType, dims: shape.map(BigInt), rawData: rawData as Uint8Array<ArrayBuffer> }));
    return name;
  }

  /** The same value stored with the axes `physical`, moved where it is not. */
  arranged(tensor: Tensor, physical: readonly Axis[]): Tensor {
    if (sameAxes(tensor.layout.physical, physical)) return tensor;
    const known = this.#moved.get(tensor)?.find(({ layout }) => sameAxes(layout.physical, physical));
    if (known) return known;
    let at = tensor.name;
    const moves = movesBetween(tensor.layout.physical, physical);
    for (const [k, move] of moves.entries()) {
      const owner = k === moves.length - 1 ? tensor.moverName : tensor.name;
      if (move.kind === 'permute') {
        at = this.#move(owner, 'transpose', 'Transpose', [at], { perm: [0, ...move.order.map((axis) => axis + 1)] });
      } else if (move.shape.length === 1) {
        at = this.#move(owner, 'flatten', 'Flatten', [at], { axis: 1 });
      } else {
        const shape = this.integers(tensor.name, 'shape', [0, ...move.shape]);
        at = this.#move(owner, 'reshape', 'Reshape', [at, shape], {});
      }
    }
    const moved = { ...tensor, name: at, layout: { logical: tensor.layout.logical, physical } };
    this.#moved.set(tensor, [...(this.#moved.get(tensor) ?? []), moved]);
    return moved;
  }

  /** A moving node; a flatten, reshape or permute of the network gives its name to the first that does its work. */
  #move(owner: string, part: string, opType: string, inputs: readonly string[], attributes: Attributes): string {
    return this.#makers.has(owner)
      ? this.part(owner, part, opType, inputs, attributes)
      : this.node(owner, opType, inputs, attributes);
  }

  /** The model's bytes; `outputs` are names and sizes without the batch. */
  bytes(name: string, outputs: readonly (readonly [string, readonly number[]])[]): Uint8Array<ArrayBuffer> {
    const graph = create(GraphProtoSchema, {
      name, node: this.#nodes, initializer: this.#initializers, input: this.#inputs,
      output: outputs.map(([output, sizes]) => valueInfo(output, sizes)),
    });
    const model = create(ModelProtoSchema, {
      irVersion: BigInt(IR_VERSION),
      producerName: 'ModHiFi Lab',
      opsetImport: [{ domain: '', version: BigInt(OPSET) }],
      graph,
    });
    return toBinary(ModelProtoSchema, model);
  }
}

/** A float32 tensor of any number of samples. */
function valueInfo(name: string, sizes: readonly number[]): ValueInfoProto {
  const dim = [
    { value: { case: 'dimParam' as const, value: 'N' } },
    ...sizes.map((size) => ({ value: { case: 'dimValue' as const, value: BigInt(size) } })),
  ];
  return create(ValueInfoProtoSchema, { name, type: { tensorType: { elemType: FLOAT, shape: { dim } } } });
}

function attributeOf(name: string, value: AttributeValue): AttributeProto {
  return create(AttributeProtoSchema, { name, ...attributeFields(value) });
}

function attributeFields(value: AttributeValue): MessageInitShape<typeof AttributeProtoSchema> {
  if (typeof value === 'number') return { type: 2, i: BigInt(value) };
  if (typeof value === 'string') return { type: 3, s: new TextEncoder().encode(value) };
  return 'float' in value ? { type: 1, f: value.float } : { type: 7, ints: value.map(BigInt) };
}
