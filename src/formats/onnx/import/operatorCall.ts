import type { NodeOf, Op, Shape } from '../../../network/network.ts';
import { UnsupportedOnnxOperatorError } from '../errors.ts';
import type { AttributeProto, NodeProto, TensorProto } from '../schema/onnx_pb.ts';
import type { Constant } from './constant.ts';
import type { NetworkBuilder } from './networkBuilder.ts';
import type { Feature, Value } from './value.ts';

/** AttributeProto.AttributeType of those types that are read. */
const attributeTypes = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7 } as const;

/**
 * One node of the file, with the values that it reads. Which of its attributes and inputs have been
 * looked at is remembered: what no reader knows is refused by `requireAllRead`, not passed over.
 */
export class OperatorCall {
  /** Id of the node that the operator becomes. */
  readonly id: string;
  readonly opType: string;
  readonly opset: number;
  readonly builder: NetworkBuilder;
  /** Pictures in a batch; NaN where the file leaves that open. */
  readonly batch: number;
  readonly outputs: readonly string[];
  /** The nodes that read a tensor. */
  readonly readersOf: (tensor: string) => readonly NodeProto[];
  readonly #values: readonly (Value | undefined)[];
  readonly #attributes: ReadonlyMap<string, AttributeProto>;
  readonly #readAttributes = new Set<string>();
  readonly #readInputs = new Set<number>();

  constructor(
    id: string,
    node: NodeProto,
    values: readonly (Value | undefined)[],
    { opset, builder, batch, readersOf }: Pick<OperatorCall, 'opset' | 'builder' | 'batch' | 'readersOf'>,
  ) {
    this.id = id;
    this.opType = node.opType;
    this.opset = opset;
    this.builder = builder;
    this.batch = batch;
    this.outputs = node.output;
    this.readersOf = readersOf;
    this.#values = values;
    this.#attributes = new Map(node.attribute.map((attribute) => [attribute.name, attribute]));
    if (this.#attributes.size < node.attribute.length) this.refuse('it has an attribute twice.');
  }

  /** Throws `UnsupportedOnnxOperatorError` that names this node. */
  refuse(problem: string): never {
    throw new UnsupportedOnnxOperatorError(this.id, this.opType, problem);
  }

  get inputCount(): number {
    return this.#values.length;
  }

  /** What input k is; undefined where it is left out. */
  value(k: number): Value | undefined {
    this.#readInputs.add(k);
    return this.#values[k];
  }

  /** Input k, which must be there and be computed from the picture, scalars not yet applied. */
  unsettled(k: number): Feature {
    const value = this.value(k);
    if (value?.kind === 'feature') return value;
    if (value?.kind === 'form') return this.refuseForm(value.origin);
    return this.refuse(value ? `its input ${k} must be computed from the network's input, found a constant.` : `its input ${k} is missing.`);
  }

  /** Input k, which must be there and be computed from the picture. */
  feature(k: number): Feature {
    return this.builder.settled(this.unsettled(k));
  }

  refuseForm({ node, opType, partOf }: { readonly node: string; readonly opType: string; readonly partOf: string }): never {
    throw new UnsupportedOnnxOperatorError(node, opType, `it is only read as part of ${partOf}, but "${this.id}" (${this.opType}) reads it too.`);
  }

  /** Input k as a constant; undefined where it is left out. */
  optionalConstant(k: number): Constant | undefined {
    const value = this.value(k);
    if (value === undefined || value.kind === 'constant') return value;
    return this.refuse(`its input ${k} must be stored in the file, but it is computed from the network's input.`);
  }

  constant(k: number): Constant {
    return this.optionalConstant(k) ?? this.refuse(`its input ${k} is missing.`);
  }

  /** Input k as a list of whole numbers; undefined where it is left out. */
  optionalIntegers(k: number): readonly number[] | undefined {
    const constant = this.optionalConstant(k);
    if (!constant) return undefined;
    if (!constant.integer || constant.shape.length > 1) this.refuse(`its input ${k} must be a list of whole numbers.`);
    return [...constant.values];
  }

  /** Input k as one number; undefined where it is left out. */
  optionalScalar(k: number): number | undefined {
    const constant = this.optionalConstant(k);
    if (!constant) return undefined;
    if (constant.values.length !== 1) this.refuse(`its input ${k} must be one number, found ${constant.values.length}.`);
    return constant.values[0];
  }

  int(name: string): number | undefined;
  int(name: string, otherwise: number): number;
  int(name: string, otherwise?: number): number | undefined {
    const attribute = this.#attribute(name, 'int');
    return attribute ? Number(attribute.i) : otherwise;
  }

  float(name: string, otherwise: number): number {
    const attribute = this.#attribute(name, 'float');
    return attribute ? shortest(attribute.f) : otherwise;
  }

  string(name: string, otherwise: string): string {
    const attribute = this.#attribute(name, 'string');
    return attribute ? new TextDecoder().decode(attribute.s) : otherwise;
  }

  ints(name: string): readonly number[] | undefined {
    return this.#attribute(name, 'ints')?.ints.map(Number);
  }

  floats(name: string): readonly number[] | undefined {
    return this.#attribute(name, 'floats')?.floats;
  }

  tensor(name: string): TensorProto | undefined {
    const attribute = this.#attribute(name, 'tensor');
    return attribute ? (attribute.t ?? this.refuse(`its attribute "${name}" is empty.`)) : undefined;
  }

  #attribute(name: string, type: keyof typeof attributeTypes): AttributeProto | undefined {
    this.#readAttributes.add(name);
    const attribute = this.#attributes.get(name);
    if (attribute && attribute.type !== attributeTypes[type]) {
      this.refuse(`its attribute "${name}" must be of type ${type}, found type number ${attribute.type}.`);
    }
    return attribute;
  }

  /** The attribute must have one of these values: anything else is refused. */
  requireInt(name: string, otherwise: number, ...allowed: readonly number[]): number {
    const value = this.int(name, otherwise);
    if (!allowed.includes(value)) this.refuse(`its ${name} must be ${allowed.join(' or ')}, found ${value}.`);
    return value;
  }

  requireString<S extends string>(name: string, otherwise: S, ...allowed: readonly S[]): S {
    const value = this.string(name, otherwise);
    const found = allowed.find((each) => each === value);
    return found ?? this.refuse(`its ${name} must be ${allowed.join(' or ')}, found "${value}".`);
  }

  /** `axis`, counted with the batch and possibly from the end, as a logical axis of `rank` axes without the batch. */
  logicalAxis(axis: number, rank: number): number {
    const counted = axis < 0 ? axis + rank + 1 : axis;
    if (counted === 0) this.refuse('it works along the batch, which must stay whole.');
    if (!Number.isInteger(counted) || counted < 0 || counted > rank) {
      this.refuse(`its axis ${axis} does not exist in a value of ${rank + 1} axes.`);
    }
    return counted - 1;
  }

  /** Appends the node that this operator becomes; returns its value's shape. */
  emit<O extends Op>(
    op: O,
    inputs: readonly string[],
    attributes: NodeOf<O>['attributes'],
    weights: NodeOf<O>['weights'],
    id = this.id,
  ): Shape {
    return this.builder.add({ id, op, inputs, attributes, weights });
  }

  /** An id for a further node, `<id>_<purpose>`. */
  auxiliaryId(purpose: string): string {
    return this.builder.uniqueId(`${this.id}_${purpose}`);
  }

  /** A value of [channels, rows, columns], stored as `[h, w, c]`. */
  picture(feature: Feature): Feature {
    const rank = feature.layout.logical.length;
    if (rank !== 3) this.refuse(`it takes a value of ${rank + 1} axes; only pictures, [batch, channels, height, width], are supported.`);
    return this.builder.picture(feature);
  }

  /** Refuses outputs beyond the first `count` that something reads. */
  requireKnownOutputs(count: number, isRead: (tensor: string) => boolean): void {
    const read = this.outputs.slice(count).find((name) => name !== '' && isRead(name));
    if (read !== undefined) this.refuse(`its output "${read}" is read, but only the first ${count} of its outputs are supported.`);
  }

  /** Refuses attributes and inputs that nothing has looked at. */
  requireAllRead(): void {
    const attribute = [...this.#attributes.keys()].find((name) => !this.#readAttributes.has(name));
    if (attribute !== undefined) this.refuse(`its attribute "${attribute}" is not supported.`);
    const input = this.#values.findIndex((value, k) => value !== undefined && !this.#readInputs.has(k));
    if (input >= 0) this.refuse(`its input ${input} is not supported.`);
  }
}

/** The shortest decimal that is this float32: 1e-5 for 9.99999974e-6. */
function shortest(float: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const decimal = Number(float.toPrecision(digits));
    if (Math.fround(decimal) === float) return decimal;
  }
  return float;
}
