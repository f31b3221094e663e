import * as tf from '@tensorflow/tfjs-core';
import { patchSize, type PatchGeometry } from './geometry.ts';
import type { Correlator } from './kernels/correlator.ts';
import { crossGram, PatchGram } from './kernels/patchGram.ts';

/** Sums statistics of one layer over batches of its inputs. */
export interface GramAccumulator {
  /** Adds a batch of inputs, `images × height × width × channels` or `images × features`. The tensor stays the caller's. */
  add(x: tf.Tensor): Promise<void>;
  /** The sum since the last `take`: row-major `np × np` float64, component-major patches. */
  take(): Promise<Float64Array>;
  dispose(): void;
}

/** On wasm by the SIMD kernel and its shift structure, on WebGPU by matrix products that stay on the GPU. */
export function gramAccumulator(geometry: PatchGeometry, correlator: Correlator | undefined): GramAccumulator {
  return tf.getBackend() === 'wasm' && correlator
    ? new KernelGram(geometry, correlator)
    : new DeviceGram(geometry);
}

class KernelGram implements GramAccumulator {
  readonly #gram: PatchGram;
  readonly #correlator: Correlator;
  /** In the correlator's blocks, over all batches. */
  #sums: Float64Array | undefined;

  constructor(geometry: PatchGeometry, correlator: Correlator) {
    this.#gram = new PatchGram(geometry);
    this.#correlator = correlator;
  }

  async add(x: tf.Tensor): Promise<void> {
    this.#sums = this.#gram.add(this.#correlator, (await x.data()) as Float32Array, x.shape[0], this.#sums);
  }

  async take(): Promise<Float64Array> {
    if (!this.#sums) throw new Error('take() before add(): no batch was summed.');
    const gram = this.#gram.assemble(this.#sums);
    this.#sums = undefined;
    return gram;
  }

  dispose(): void {}
}

/** Rows of patches in one product: few enough that float32 sums keep their digits. */
const ROWS = 4096;

class DeviceGram implements GramAccumulator {
  readonly #geometry: PatchGeometry;
  #sum: tf.Tensor2D | undefined;

  constructor(geometry: PatchGeometry) {
    this.#geometry = geometry;
  }

  async add(x: tf.Tensor): Promise<void> {
    const sum = tf.tidy(() => {
      let total: tf.Tensor2D | undefined = this.#sum;
      for (const rows of patchRows(x, this.#geometry)) {
        const product = tf.matMul(rows, rows, true, false);
        total = (total ? tf.add(total, product) : product) as tf.Tensor2D;
      }
      return total;
    });
    if (sum !== this.#sum) this.#sum?.dispose();
    this.#sum = sum;
  }

  async take(): Promise<Float64Array> {
    if (!this.#sum) throw new Error('take() before add(): no batch was summed.');
    const sum = this.#sum;
    this.#sum = undefined;
    const values = await sum.data();
    sum.dispose();
    const n = this.#geometry.input[2];
    return componentMajor(values as Float32Array, n, patchSize(this.#geometry));
  }

  dispose(): void {
    this.#sum?.dispose();
    this.#sum = undefined;
  }
}

/** `Σ Y xᵀ` of one batch, row-major `m × np` float64; `y` is NHWC with the layer's output size. */
export async function crossProduct(
  geometry: PatchGeometry,
  x: tf.Tensor,
  y: tf.Tensor,
  correlator: Correlator | undefined,
): Promise<Float64Array> {
  const m = y.shape[y.shape.length - 1];
  if (tf.getBackend() === 'wasm' && correlator) {
    const [xs, ys] = [await x.data(), await y.data()];
    return crossGram(correlator, geometry, xs as Float32Array, ys as Float32Array, m, x.shape[0]);
  }
  const product = tf.tidy(() => {
    const outputs = tf.reshape(y, [-1, m]) as tf.Tensor2D;
    let total: tf.Tensor | undefined;
    let first = 0;
    for (const rows of patchRows(x, geometry)) {
      const part = tf.matMul(tf.slice(outputs, [first, 0], [rows.shape[0], m]), rows, true, false);
      total = total ? tf.add(total, part) : part;
      first += rows.shape[0];
    }
    return total as tf.Tensor2D;
  });
  const values = await product.data();
  product.dispose();
  const n = geometry.input[2];
  const size = patchSize(geometry);
  const cross = new Float64Array(m * n * size);
  for (let c = 0; c < m; c++) {
    for (let q = 0; q < size; q++) {
      for (let i = 0; i < n; i++) cross[(c * n + i) * size + q] = values[(c * size + q) * n + i];
    }
  }
  return cross;
}

/** A batch's patches as matrices of about `ROWS` rows, offset-major columns (`q · n + i`). */
function* patchRows(x: tf.Tensor, geometry: PatchGeometry): Generator<tf.Tensor2D> {
  const { input, output, kernel, strides, dilations, before } = geometry;
  const [height, width, n] = input;
  const perImage = output[0] * output[1];
  const images = x.shape[0];
  const perChunk = Math.max(1, Math.floor(ROWS / perImage));
  const after = ([0, 1] as const).map((axis) =>
    Math.max(0, (output[axis] - 1) * strides[axis] + (kernel[axis] - 1) * dilations[axis] + 1 - before[axis] - input[axis]),
  );
  const map = tf.reshape(x, [images, height, width, n]) as tf.Tensor4D;
  for (let first = 0; first < images; first += perChunk) {
    const count = Math.min(perChunk, images - first);
    const chunk = tf.slice(map, [first, 0, 0, 0], [count, height, width, n]);
    const padded = tf.pad(chunk, [[0, 0], [Math.max(0, before[0]), after[0]], [Math.max(0, before[1]), after[1]], [0, 0]]);
    const offsets: tf.Tensor[] = [];
    for (let a = 0; a < kernel[0]; a++) {
      for (let b = 0; b < kernel[1]; b++) {
        const from = [a * dilations[0] + Math.max(0, -before[0]), b * dilations[1] + Math.max(0, -before[1])];
        offsets.push(
          tf.stridedSlice(
            padded,
            [0, from[0], from[1], 0],
            [count, from[0] + (output[0] - 1) * strides[0] + 1, from[1] + (output[1] - 1) * strides[1] + 1, n],
            [1, strides[0], strides[1], 1],
          ),
        );
      }
    }
    yield tf.reshape(offsets.length === 1 ? offsets[0] : tf.concat(offsets, 3), [count * perImage, -1]) as tf.Tensor2D;
  }
}

/** From offset-major (`q · n + i`) to component-major (`i · p + q`) on both axes. */
function componentMajor(values: Float32Array, n: number, size: number): Float64Array {
  const width = n * size;
  const place = Int32Array.from({ length: width }, (_, k) => (k % n) * size + Math.floor(k / n));
  const gram = new Float64Array(width * width);
  for (let r = 0; r < width; r++) {
    for (let c = 0; c < width; c++) gram[place[r] * width + place[c]] = values[r * width + c];
  }
  return gram;
}

export function addInto(target: Float64Array, addend: Float64Array): void {
  for (let k = 0; k < target.length; k++) target[k] += addend[k];
}
