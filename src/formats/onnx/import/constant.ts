import { OnnxFileError, OnnxTensorSizeError, UnsupportedOnnxTensorError } from '../errors.ts';
import type { TensorProto } from '../schema/onnx_pb.ts';

/**
 * A value that is known without running the network. Integers and booleans are held as float64;
 * NaN among them stands for the size of a batch, which the file leaves open.
 */
export interface Constant {
  readonly kind: 'constant';
  /** Row-major sizes; none for a scalar. */
  readonly shape: readonly number[];
  readonly values: Float32Array | Float64Array;
  readonly integer: boolean;
}

interface ElementType {
  readonly name: string;
  readonly bytes: number;
  readonly integer: boolean;
  /** The value at byte `at` of `raw`, little-endian. */
  readonly read: (raw: DataView, at: number) => number;
}

/** TensorProto.DataType of those types that are read. */
export const FLOAT = 1;
export const INT64 = 7;
const FLOAT16 = 10;
const DOUBLE = 11;
const elementTypes: ReadonlyMap<number, ElementType> = new Map([
  [FLOAT, { name: 'float32', bytes: 4, integer: false, read: (raw, at) => raw.getFloat32(at, true) }],
  [2, { name: 'uint8', bytes: 1, integer: true, read: (raw, at) => raw.getUint8(at) }],
  [3, { name: 'int8', bytes: 1, integer: true, read: (raw, at) => raw.getInt8(at) }],
  [6, { name: 'int32', bytes: 4, integer: true, read: (raw, at) => raw.getInt32(at, true) }],
  [INT64, { name: 'int64', bytes: 8, integer: true, read: (raw, at) => Number(raw.getBigInt64(at, true)) }],
  [9, { name: 'bool', bytes: 1, integer: true, read: (raw, at) => raw.getUint8(at) }],
  [FLOAT16, { name: 'float16', bytes: 2, integer: false, read: (raw, at) => halfToNumber(raw.getUint16(at, true)) }],
  [DOUBLE, { name: 'float64', bytes: 8, integer: false, read: (raw, at) => raw.getFloat64(at, true) }],
]);

/** Types that pictures may have: the lab computes with all of them as float32. */
export function isFloatType(type: number): boolean {
  return type === FLOAT || type === FLOAT16 || type === DOUBLE;
}

/**
 * The values of a tensor of the file: its raw bytes (or `external`, the bytes of its data file) or
 * its typed fields. Sizes are checked before anything is allocated.
 * Throws `OnnxFileError`, `OnnxTensorSizeError` or `UnsupportedOnnxTensorError`.
 */
export function readTensor(tensor: TensorProto, external?: Uint8Array): Constant {
  const name = tensor.name || 'an attribute';
  const shape = tensor.dims.map(Number);
  if (shape.some((size) => !Number.isSafeInteger(size) || size < 0)) {
    throw new OnnxFileError(`Tensor "${name}" has the impossible shape [${shape.join(', ')}].`);
  }
  const type = elementTypes.get(tensor.dataType);
  if (!type) {
    const known = [...elementTypes.values()].map((each) => each.name).join(', ');
    throw new UnsupportedOnnxTensorError(name, `its data type (number ${tensor.dataType}) is not read; read are ${known}.`);
  }
  const count = shape.reduce((product, size) => product * size, 1);
  const raw = external ?? (tensor.rawData.length > 0 ? tensor.rawData : undefined);
  if (raw) {
    if (raw.length !== count * type.bytes) throw new OnnxTensorSizeError(name, shape, count * type.bytes, raw.length, 'bytes');
    return { kind: 'constant', shape, values: fromBytes(raw, count, tensor.dataType, type), integer: type.integer };
  }
  const fields = typedField(tensor);
  if (fields.length !== count) throw new OnnxTensorSizeError(name, shape, count, fields.length, 'values');
  const values = type.integer || tensor.dataType === DOUBLE ? new Float64Array(count) : new Float32Array(count);
  for (let k = 0; k < count; k++) values[k] = tensor.dataType === FLOAT16 ? halfToNumber(Number(fields[k])) : Number(fields[k]);
  return { kind: 'constant', shape, values, integer: type.integer };
}

function fromBytes(raw: Uint8Array, count: number, dataType: number, type: ElementType): Float32Array | Float64Array {
  if (dataType === FLOAT) return new Float32Array(new Uint8Array(raw).buffer); // a copy, and so aligned
  const values = type.integer || dataType === DOUBLE ? new Float64Array(count) : new Float32Array(count);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  for (let k = 0; k < count; k++) values[k] = type.read(view, k * type.bytes);
  return values;
}

function typedField(tensor: TensorProto): readonly (number | bigint)[] {
  switch (tensor.dataType) {
    case FLOAT:
      return tensor.floatData;
    case DOUBLE:
      return tensor.doubleData;
    case INT64:
      return tensor.int64Data;
    default:
      return tensor.int32Data;
  }
}

/** IEEE 754 half precision: 1 sign bit, 5 exponent bits, 10 fraction bits. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * 2 ** -24 * fraction;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * 2 ** (exponent - 25) * (1024 + fraction);
}

/** A list of whole numbers as a constant of one axis. */
export function integers(values: Iterable<number>): Constant {
  const held = Float64Array.from(values);
  return { kind: 'constant', shape: [held.length], values: held, integer: true };
}
