import { z } from 'zod';
import { describeIssue } from '../kerasLayers/describeValue.ts';
import { parseFileJson } from '../parseFileJson.ts';
import { SafetensorsError } from './error.ts';

/** Types whose values are read. */
export const READ_TYPES = ['F32', 'F16', 'BF16'] as const;
export type ReadType = (typeof READ_TYPES)[number];

/** Bytes of one value, of all types that take whole bytes. */
const VALUE_BYTES: ReadonlyMap<string, number> = new Map([
  ['F32', 4], ['F16', 2], ['BF16', 2], ['F64', 8], ['I64', 8], ['U64', 8], ['I32', 4], ['U32', 4], ['I16', 2], ['U16', 2], ['I8', 1], ['U8', 1],
  ['BOOL', 1], ['F8_E5M2', 1], ['F8_E4M3', 1],
]);

export interface TensorEntry {
  readonly name: string;
  /** As the header has it. */
  readonly type: string;
  readonly shape: readonly number[];
  /** Bytes, counted from the start of the data. */
  readonly start: number;
  readonly end: number;
}

export interface Header {
  /** In the order of the data. */
  readonly entries: readonly TensorEntry[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Where the data begins in the file. */
  readonly dataStart: number;
}

/** As the reference implementation. */
const LARGEST_HEADER = 100_000_000;

const size = z.number().int().nonnegative();
const fileEntry = z.object({ dtype: z.string(), shape: z.array(size), data_offsets: z.tuple([size, size]) });

/** The file's header, checked against the file's length. Throws `SafetensorsError`. */
export function parseHeader(bytes: Uint8Array): Header {
  if (bytes.length < 8) throw new SafetensorsError(`The file of ${bytes.length} bytes is too short for a safetensors file.`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > LARGEST_HEADER || 8 + Number(length) > bytes.length) {
    throw new SafetensorsError(
      `The header is said to take ${length} bytes, but the file has ${bytes.length}. This is not a safetensors file, or it is cut short.`,
    );
  }
  const dataStart = 8 + Number(length);
  const { __metadata__: metadata = {}, ...named } = parseJson(bytes.subarray(8, dataStart));
  const entries = Object.entries(named).map(([name, entry]) => checkedEntry(name, entry));
  entries.sort((a, b) => a.start - b.start || a.end - b.end);
  checkLayout(entries, bytes.length - dataStart);
  return { entries, metadata: checkedMetadata(metadata), dataStart };
}

function parseJson(bytes: Uint8Array): Record<string, unknown> {
  let json: unknown;
  try {
    json = parseFileJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new SafetensorsError('The header is not JSON; this is not a safetensors file.', { cause });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new SafetensorsError('The header is not a JSON object; this is not a safetensors file.');
  }
  return { ...json };
}

function checkedEntry(name: string, entry: unknown): TensorEntry {
  const parsed = fileEntry.safeParse(entry);
  if (!parsed.success) {
    throw new SafetensorsError(`The header's entry for "${name}" is not understood: ${describeIssue(parsed.error, entry)}`);
  }
  const { dtype, shape, data_offsets: [start, end] } = parsed.data;
  const valueBytes = VALUE_BYTES.get(dtype);
  if (valueBytes === undefined) throw unreadType(name, dtype);
  const needed = shape.reduce((product, axis) => product * axis, 1) * valueBytes;
  if (!Number.isSafeInteger(needed) || end - start !== needed) {
    throw new SafetensorsError(`Tensor "${name}" of [${shape.join(', ')}] takes ${needed} bytes, but its offsets span ${end - start}.`);
  }
  return { name, type: dtype, shape, start, end };
}

/** The tensors must follow one another and fill the data. */
function checkLayout(entries: readonly TensorEntry[], dataBytes: number): void {
  let at = 0;
  for (const { name, start, end } of entries) {
    if (start !== at) {
      const fault = start < at ? `overlaps the tensor before it by ${at - start}` : `leaves a gap of ${start - at}`;
      throw new SafetensorsError(`Tensor "${name}" begins at byte ${start} and ${fault} bytes.`);
    }
    if (end > dataBytes) throw new SafetensorsError(`Tensor "${name}" ends at byte ${end}, but the file holds ${dataBytes}; it is cut short.`);
    at = end;
  }
  if (at !== dataBytes) throw new SafetensorsError(`The tensors take ${at} bytes, but the file holds ${dataBytes}.`);
}

function checkedMetadata(metadata: unknown): Readonly<Record<string, string>> {
  const isObject = typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata);
  if (isObject && Object.values(metadata).every((text) => typeof text === 'string')) return metadata as Record<string, string>;
  throw new SafetensorsError('The header’s "__metadata__" must map text to text.');
}

export function isReadType(type: string): type is ReadType {
  return (READ_TYPES as readonly string[]).includes(type);
}

export function unreadType(name: string, type: string): SafetensorsError {
  return new SafetensorsError(`Tensor "${name}" is stored as ${type}; read are ${READ_TYPES.join(', ')}. Save it as one of these.`);
}
