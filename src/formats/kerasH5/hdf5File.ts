import type { Weight } from '../../network/network.ts';
import { ModelFileError, UnsupportedWeightError } from '../kerasLayers/errors.ts';
import { float16ToFloat32 } from '../kerasLayers/float16.ts';
import { checkGlobalHeaps } from './globalHeaps.ts';

/** An open HDF5 file. Every method throws `ModelFileError` where the file is damaged there. */
export interface Hdf5File {
  readonly isGroup: (path: string) => boolean;
  /** Names of what a group holds. */
  readonly names: (path: string) => readonly string[];
  /** The strings of an attribute, however they are stored; undefined where there is none. */
  readonly strings: (path: string, attribute: string) => readonly string[] | undefined;
  /** The values of a dataset as float32; throws `UnsupportedWeightError` where they are not floats. */
  readonly weight: (path: string) => Weight;
}

/** Weights do not pack better than this; what does is not a model. */
const MOST_UNPACKED_PER_BYTE = 64;
const SMALL_ENOUGH = 64 * 1024 ** 2;
/** No model that the lab can hold has more. */
const MOST_BYTES = 1024 ** 3;

/**
 * Opens an HDF5 file that is in memory and gives it to `use`; it is closed thereafter.
 *
 * Reads through h5wasm (the HDF5 library as WebAssembly, 4.2 MB, 1 MB compressed; loaded here, on
 * the first call, its code and its WebAssembly in one script, so that nothing else is fetched).
 * Works in a page, in a worker and in Node; the file lies in h5wasm's file system in memory alone.
 *
 * Sizes that the file declares are checked before anything of that size is made: all that is read
 * of it may not be larger than the file itself, or, compressed, than packed weights unpack to.
 */
export async function withHdf5File<T>(bytes: Uint8Array, use: (file: Hdf5File) => T): Promise<T> {
  checkGlobalHeaps(bytes);
  const { ready, File } = await import('h5wasm');
  const module = await ready;
  // errors of the library are thrown, instead of printed and passed over
  module.activate_throwing_error_handler();
  const name = `model-${(openings += 1)}.h5`;
  module.FS.writeFile(name, bytes);
  try {
    const file = attempt('opened', () => new File(name, 'r'));
    try {
      if (file.file_id < 0n) throw new ModelFileError('The file is not an HDF5 file, or it is damaged.');
      return use(new Reader(module, file.file_id, bytes.length));
    } finally {
      closeQuietly(file);
    }
  } finally {
    module.FS.unlink(name);
  }
}

let openings = 0;

/** What cannot be closed is a copy in memory that nothing else reads. */
function closeQuietly(file: { close(): unknown }): void {
  try {
    file.close();
  } catch {
    // the error that made it so is on its way
  }
}

type Module = Awaited<typeof import('h5wasm')['ready']>;
type Metadata = ReturnType<Module['get_dataset_metadata']>;

/** Calls the HDF5 library; what it throws becomes a `ModelFileError`. */
function attempt<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    if (cause instanceof ModelFileError) throw cause;
    const reason = cause instanceof Error ? cause.message.split('\n').find((line) => line.includes('():'))?.trim() : undefined;
    throw new ModelFileError(`The HDF5 file is damaged and cannot be ${what}${reason ? ` (${reason})` : ''}.`, { cause });
  }
}

class Reader implements Hdf5File {
  readonly #module: Module;
  readonly #file: bigint;
  readonly #size: number;
  #plainBytes = 0;
  #unpackedBytes = 0;

  constructor(module: Module, file: bigint, size: number) {
    this.#module = module;
    this.#file = file;
    this.#size = size;
  }

  readonly isGroup = (path: string): boolean =>
    attempt(`searched for "${path}"`, () => this.#module.get_type(this.#file, path)) === this.#module.H5G_GROUP;

  readonly names = (path: string): readonly string[] =>
    attempt(`listed in "${path}"`, () => this.#module.get_names(this.#file, path, false));

  readonly strings = (path: string, attribute: string): readonly string[] | undefined => {
    const where = `attribute "${attribute}" of "${path}"`;
    const metadata = attempt(`read at ${where}`, () => {
      const known = this.#module.get_attribute_names(this.#file, path);
      return known.includes(attribute) ? this.#module.get_attribute_metadata(this.#file, path, attribute) : undefined;
    });
    if (!metadata) return undefined;
    if (metadata.shape === null || metadata.total_size === 0) return [];
    if (metadata.type !== this.#module.H5T_class_t.H5T_STRING.value) return undefined;
    const bytes = metadata.total_size * metadata.size;
    if (!(bytes <= this.#size)) throw new ModelFileError(`The ${where} claims to hold ${bytes} bytes; the file has ${this.#size}.`);
    return this.#read(bytes, where, (at) => {
      const status = this.#module.get_attribute_data(this.#file, path, attribute, BigInt(at));
      if (status < 0) throw new ModelFileError(`The ${where} cannot be read.`);
      const strings = metadata.vlen ? this.#pointedAt(at, metadata.total_size) : this.#fixedStrings(at, metadata);
      if (metadata.vlen) this.#module.reclaim_vlen_memory(this.#file, path, attribute, BigInt(at));
      return strings;
    });
  };

  readonly weight = (path: string): Weight => {
    const { metadata, filters } = attempt(`read at "${path}"`, () => ({
      metadata: this.#module.get_dataset_metadata(this.#file, path),
      filters: this.#module.get_dataset_filters(this.#file, path),
    }));
    if (metadata.shape === null) throw new ModelFileError(`"${path}" in the HDF5 file holds no values.`);
    if (metadata.type !== this.#module.H5T_class_t.H5T_FLOAT.value || ![2, 4, 8].includes(metadata.size)) {
      throw new UnsupportedWeightError(path, `HDF5 type ${metadata.type} of ${metadata.size} bytes`, 'float16, float32 and float64');
    }
    const bytes = metadata.total_size * metadata.size;
    this.#allow(path, bytes, filters.length > 0);
    const raw = this.#read(bytes, `"${path}"`, (at) => {
      const status = this.#module.get_dataset_data(this.#file, path, null, null, null, BigInt(at));
      if (status < 0) throw new ModelFileError(`"${path}" in the HDF5 file cannot be read.`);
      return this.#module.HEAPU8.slice(at, at + bytes).buffer;
    });
    return { shape: metadata.shape, values: toFloat32(raw, metadata.size) };
  };

  /** Counts what is about to be read; throws where it is more than the file can hold. */
  #allow(path: string, bytes: number, compressed: boolean): void {
    if (compressed) this.#unpackedBytes += bytes;
    else this.#plainBytes += bytes;
    const most = Math.min(MOST_BYTES, Math.max(SMALL_ENOUGH, MOST_UNPACKED_PER_BYTE * this.#size));
    if (!(this.#plainBytes <= this.#size) || !(this.#unpackedBytes <= most)) {
      throw new ModelFileError(`"${path}" claims to hold ${bytes} bytes, more than a file of ${this.#size} bytes can have left for it.`);
    }
  }

  /** Lends `use` zeroed memory of the library. */
  #read<T>(bytes: number, what: string, use: (at: number) => T): T {
    const at = this.#module._malloc(Math.max(1, bytes));
    if (at === 0) throw new ModelFileError(`There is no memory for the ${bytes} bytes of ${what}.`);
    try {
      this.#module.HEAPU8.fill(0, at, at + bytes);
      return attempt(`read at ${what}`, () => use(at));
    } finally {
      this.#module._free(at);
    }
  }

  /** `count` strings that the library has put elsewhere, ended by a zero. */
  #pointedAt(at: number, count: number): readonly string[] {
    const heap = this.#module.HEAPU8;
    const pointers = new Uint32Array(heap.slice(at, at + 4 * count).buffer);
    return Array.from(pointers, (pointer) => {
      const end = pointer === 0 ? 0 : heap.indexOf(0, pointer);
      return new TextDecoder().decode(heap.subarray(pointer, Math.max(pointer, end)));
    });
  }

  #fixedStrings(at: number, { size, total_size: count }: Metadata): readonly string[] {
    return Array.from({ length: count }, (_, k) => {
      const text = new TextDecoder().decode(this.#module.HEAPU8.subarray(at + k * size, at + (k + 1) * size));
      return text.replace(/\0[^]*$/, '').trimEnd();
    });
  }
}

function toFloat32(raw: ArrayBuffer, size: number): Float32Array {
  if (size === 4) return new Float32Array(raw);
  return size === 2 ? float16ToFloat32(new Uint16Array(raw)) : Float32Array.from(new Float64Array(raw));
}
