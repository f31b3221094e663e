import type { Weight } from '../../network/network.ts';
import { SafetensorsError } from './error.ts';

/**
 * The tensors, by name and in this order, as a float32 safetensors file. The data begin at a
 * multiple of eight bytes, so that a reader may use them in place.
 *
 * @throws SafetensorsError where a name comes twice or is the reserved `__metadata__`, or a shape and its values disagree
 */
export function writeSafetensors(
  tensors: Iterable<readonly [string, Weight]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const entries = new Map<string, Weight>();
  for (const [name, weight] of tensors) {
    if (name === METADATA) throw new SafetensorsError(`No tensor may be called "${METADATA}".`);
    if (entries.has(name)) throw new SafetensorsError(`Two tensors are called "${name}".`);
    if (weight.shape.reduce((product, axis) => product * axis, 1) !== weight.values.length) {
      throw new SafetensorsError(`Tensor "${name}" of [${weight.shape.join(', ')}] has ${weight.values.length} values.`);
    }
    entries.set(name, weight);
  }
  const header = headerOf(entries, metadata);
  const dataStart = Math.ceil((8 + header.length) / 8) * 8;
  const data = [...entries.values()].reduce((total, { values }) => total + values.byteLength, 0);
  const bytes = new Uint8Array(dataStart + data).fill(0x20, 8 + header.length, dataStart);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(dataStart - 8), true);
  bytes.set(header, 8);
  let at = dataStart;
  for (const { values } of entries.values()) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return bytes;
}

const METADATA = '__metadata__';

function headerOf(entries: ReadonlyMap<string, Weight>, metadata: Readonly<Record<string, string>>): Uint8Array {
  let end = 0;
  const described: (readonly [string, unknown])[] = [...entries].map(([name, { shape, values }]) => {
    const start = end;
    end += values.byteLength;
    return [name, { dtype: 'F32', shape, data_offsets: [start, end] }];
  });
  if (Object.keys(metadata).length > 0) described.unshift([METADATA, metadata]);
  // by hand, because an object would not keep names that are numbers in order
  return new TextEncoder().encode(`{${described.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`).join(',')}}`);
}
