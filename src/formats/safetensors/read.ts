import type { Weight } from '../../network/network.ts';
import { float16ToFloat32 } from '../kerasLayers/float16.ts';
import { legibleError } from '../legibleError.ts';
import { parseHeader, type Header, type TensorEntry } from './header.ts';

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
  const { entries, metadata, dataStart } = headerOf(bytes);
  const data = bytes.subarray(dataStart);
  return { metadata, tensors: new Map(entries.map((entry) => [entry.name, { shape: entry.shape, values: decode(data, entry) }])) };
}

function headerOf(bytes: Uint8Array): Header {
  try {
    return parseHeader(bytes);
  } catch (error) {
    throw legibleError(error);
  }
}

function decode(data: Uint8Array, { type, start, end }: TensorEntry): Float32Array {
  // a copy, because the data need not be aligned
  const { buffer } = new Uint8Array(data.subarray(start, end));
  switch (type) {
    case 'F32':
      return new Float32Array(buffer);
    case 'F16':
      return float16ToFloat32(new Uint16Array(buffer));
    case 'BF16': {
      // the upper half of a float32
      const wide = Uint32Array.from(new Uint16Array(buffer), (half) => half << 16);
      return new Float32Array(wide.buffer);
    }
  }
}
