import type { Weight } from '../../network/network.ts';
import { float16ToFloat32 } from '../kerasLayers/float16.ts';
import { legibleError } from '../legibleError.ts';
import { SafetensorsError } from './error.ts';
import { isReadType, parseHeader, unreadType, type Header, type TensorEntry } from './header.ts';

export interface Safetensors {
  /** In the order of the data. */
  readonly tensors: ReadonlyMap<string, Weight>;
  /** What the header's `__metadata__` says. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads a safetensors file; half-precision values become float32. The whole header is checked
 * before anything is allocated: the tensors must fill the data without gap or overlap, each with as
 * many bytes as its shape takes.
 *
 * @throws SafetensorsError saying what is wrong, with the tensor's name
 */
export function readSafetensors(bytes: Uint8Array): Safetensors {
  const file = openSafetensors(bytes);
  const { metadata, entries } = file;
  const strange = entries.find(({ type }) => !isReadType(type));
  if (strange) throw legibleError(unreadType(strange.name, strange.type));
  return { metadata, tensors: new Map(entries.map(({ name }) => [name, file.tensor(name)])) };
}

export interface OpenSafetensors {
  /** In the order of the data; also of types that are not read. */
  readonly entries: readonly TensorEntry[];
  readonly metadata: Readonly<Record<string, string>>;
  /** One tensor as float32. Throws `SafetensorsError` where there is none of that name, or of a type that is not read. */
  tensor(name: string): Weight;
}

/** As `readSafetensors`, but tensors are decoded one by one when they are asked for. */
export function openSafetensors(bytes: Uint8Array): OpenSafetensors {
  const { entries, metadata, dataStart } = headerOf(bytes);
  const data = bytes.subarray(dataStart);
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  return {
    entries,
    metadata,
    tensor(name) {
      const entry = byName.get(name);
      if (!entry) throw legibleError(new SafetensorsError(`There is no tensor "${name}".`));
      return { shape: entry.shape, values: decode(data, entry) };
    },
  };
}

function headerOf(bytes: Uint8Array): Header {
  try {
    return parseHeader(bytes);
  } catch (error) {
    throw legibleError(error);
  }
}

function decode(data: Uint8Array, { name, type, start, end }: TensorEntry): Float32Array {
  if (!isReadType(type)) throw legibleError(unreadType(name, type));
  // a copy, because the data need not be aligned
  const { buffer } = new Uint8Array(data.subarray(start, end));
  switch (type) {
    case 'F32':
      return new Float32Array(buffer);
    case 'F16':
      return float16ToFloat32(new Uint16Array(buffer));
    case 'BF16': {
      // the upper half of a float32; a plain loop, a tenth of the time of `from`
      const halves = new Uint16Array(buffer);
      const wide = new Uint32Array(halves.length);
      for (let k = 0; k < halves.length; k++) wide[k] = halves[k] << 16;
      return new Float32Array(wide.buffer);
    }
  }
}
