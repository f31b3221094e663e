import { CORRELATE_WASM } from './correlate.generated.ts';

const PAGE = 65536;
/** Below this address nothing is stored: the compiled module's own data. */
const RESERVED = 1024;

type Correlate = (
  x: number, xImage: number, xRow: number, xColumn: number,
  y: number, yImage: number, yRow: number, yColumn: number,
  images: number, rows: number, columns: number,
  n: number, m: number, out: number, upper: boolean,
) => void;

/** Activations of some images in the correlator's memory, NHWC float32, channels padded with zeros to a multiple of 8. */
export interface Staged {
  readonly address: number;
  readonly images: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly paddedChannels: number;
}

/** A rectangle of positions: the first row and column, and the step between neighbours. */
export interface Lattice {
  readonly row: number;
  readonly column: number;
  readonly step: readonly [number, number];
}

/**
 * The SIMD kernel behind calibration on the CPU, with its memory.
 *
 * `correlate` adds `Σ_t x[t][i] · y[t][j]` to a float64 block; t runs over `rows × columns`
 * positions of every staged image. Products are summed in float32 over one call and in float64
 * across calls, so callers stage few images at a time.
 */
export class Correlator {
  readonly #memory: WebAssembly.Memory;
  readonly #correlate: Correlate;
  #scratch = RESERVED;

  private constructor(memory: WebAssembly.Memory, correlate: Correlate) {
    this.#memory = memory;
    this.#correlate = correlate;
  }

  static async create(): Promise<Correlator> {
    const memory = new WebAssembly.Memory({ initial: 16 });
    const bytes = Uint8Array.from(atob(CORRELATE_WASM), (c) => c.charCodeAt(0));
    const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
    return new Correlator(memory, instance.exports.correlate as unknown as Correlate);
  }

  /** Forgets everything staged. Results that were taken stay valid: they are copies. */
  reset(): void {
    this.#scratch = RESERVED;
  }

  /** Copies images `first … first + count` of an NHWC batch into the kernel's memory. */
  stage(values: Float32Array, shape: readonly [number, number, number, number], first: number, count: number): Staged {
    const [, height, width, channels] = shape;
    const paddedChannels = Math.ceil(channels / 8) * 8;
    const positions = count * height * width;
    const address = this.#allocate(positions * paddedChannels * 4);
    const target = new Float32Array(this.#memory.buffer, address, positions * paddedChannels);
    const offset = first * height * width * channels;
    if (paddedChannels === channels) {
      target.set(values.subarray(offset, offset + positions * channels));
    } else {
      target.fill(0);
      for (let t = 0; t < positions; t++) {
        const from = offset + t * channels;
        const to = t * paddedChannels;
        for (let i = 0; i < channels; i++) target[to + i] = values[from + i];
      }
    }
    return { address, images: count, height, width, channels, paddedChannels };
  }

  /** A zeroed block of `blocks` matrices of `n × m` float64 (padded sizes). */
  zeros(blocks: number, n: number, m: number): number {
    const address = this.#allocate(blocks * n * m * 8);
    new Float64Array(this.#memory.buffer, address, blocks * n * m).fill(0);
    return address;
  }

  /** Adds to the block at `out` (`x.paddedChannels × y.paddedChannels`). `upper` leaves the lower triangle undefined. */
  correlate(x: Staged, xAt: Lattice, y: Staged, yAt: Lattice, rows: number, columns: number, out: number, upper = false): void {
    if (rows <= 0 || columns <= 0) return;
    const xPixel = x.paddedChannels * 4;
    const yPixel = y.paddedChannels * 4;
    this.#correlate(
      x.address + (xAt.row * x.width + xAt.column) * xPixel,
      x.height * x.width * xPixel, xAt.step[0] * x.width * xPixel, xAt.step[1] * xPixel,
      y.address + (yAt.row * y.width + yAt.column) * yPixel,
      y.height * y.width * yPixel, yAt.step[0] * y.width * yPixel, yAt.step[1] * yPixel,
      x.images, rows, columns, x.paddedChannels, y.paddedChannels, out, upper,
    );
  }

  /** A view of a block's values, valid until the next `stage` or `zeros`. */
  view(address: number, length: number): Float64Array {
    return new Float64Array(this.#memory.buffer, address, length);
  }

  #allocate(bytes: number): number {
    const address = Math.ceil(this.#scratch / 16) * 16;
    this.#scratch = address + bytes;
    // the kernel never reads past a block, but keeps whole vectors: leave one vector's room
    const missing = this.#scratch + 64 - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE));
    return address;
  }
}
