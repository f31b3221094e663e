import * as tf from '@tensorflow/tfjs-core';

/** One small op against an answer computed in plain float64. */
export interface CheckResult {
  readonly name: string;
  /** Greatest absolute error over the greatest absolute value. */
  readonly error: number;
  readonly ok: boolean;
}

const TOLERANCE = 1e-4;

/**
 * Runs the ops that the lab rests on, at sizes where backends have been wrong before, on the
 * active backend. A backend whose kernels lie (drivers do) is caught here and not in a chart.
 */
export async function selfCheck(): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const { name, actual, expected } of CHECKS.map((make) => make())) {
    const tensor = actual();
    const values = await tensor.data();
    tensor.dispose();
    const scale = expected.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
    const error = values.length === expected.length
      ? expected.reduce((max, v, k) => Math.max(max, Math.abs(v - values[k])), 0) / scale
      : Infinity;
    results.push({ name, error, ok: error <= TOLERANCE });
  }
  return results;
}

const CHECKS: readonly (() => Check)[] = [
  () => convolution(2, 'same'),
  () => convolution(1, 'same'),
  () => convolution(1, 'valid'),
  () => depthwise(1, 8),
  () => depthwise(2, 8),
  () => depthwise(2, 5),
  () => product(7, 33, 12),
  () => product(1, 2048, 16),
  () => dense(8, 2048, 24),
  transposedProduct,
  mean,
  pool,
];

interface Check {
  readonly name: string;
  readonly actual: () => tf.Tensor;
  readonly expected: Float64Array;
}

/** Reproducible values in [−1, 1). */
function ramp(length: number, step: number): Float32Array {
  return Float32Array.from({ length }, (_, k) => ((k * step) % 97) / 48.5 - 1);
}

function convolution(stride: number, padding: 'same' | 'valid'): Check {
  const [size, channels, outputs] = [7, 5, 9];
  const x = ramp(size * size * channels, 31);
  const w = ramp(9 * channels * outputs, 17);
  const bias = ramp(outputs, 5);
  const side = padding === 'same' ? Math.ceil(size / stride) : Math.floor((size - 3) / stride) + 1;
  const before = padding === 'same' ? Math.floor(((side - 1) * stride + 3 - size) / 2) : 0;
  const expected = new Float64Array(side * side * outputs);
  for (let r = 0; r < side; r++) for (let c = 0; c < side; c++) for (let o = 0; o < outputs; o++) {
    let sum = bias[o];
    for (let a = 0; a < 3; a++) for (let b = 0; b < 3; b++) {
      const [y, z] = [r * stride + a - before, c * stride + b - before];
      if (y < 0 || y >= size || z < 0 || z >= size) continue;
      for (let i = 0; i < channels; i++) {
        sum += x[(y * size + z) * channels + i] * w[((a * 3 + b) * channels + i) * outputs + o];
      }
    }
    expected[(r * side + c) * outputs + o] = Math.max(0, sum);
  }
  return {
    name: `convolution, stride ${stride}, ${padding}`,
    expected,
    actual: () =>
      tf.tidy(() =>
        tf.fused.conv2d({
          x: tf.tensor4d(x, [1, size, size, channels]),
          filter: tf.tensor4d(w, [3, 3, channels, outputs]),
          strides: stride,
          pad: padding,
          bias: tf.tensor1d(bias),
          activation: 'relu',
        }),
      ),
  };
}

/** A filter for every channel. WebGPU takes four channels at a time where their number allows it. */
function depthwise(stride: number, channels: number): Check {
  const size = 11;
  const x = ramp(size * size * channels, 23);
  const w = ramp(9 * channels, 13);
  const bias = ramp(channels, 37);
  const side = Math.ceil(size / stride);
  const before = Math.floor(((side - 1) * stride + 3 - size) / 2);
  const expected = new Float64Array(side * side * channels);
  for (let r = 0; r < side; r++) for (let c = 0; c < side; c++) for (let i = 0; i < channels; i++) {
    let sum = bias[i];
    for (let a = 0; a < 3; a++) for (let b = 0; b < 3; b++) {
      const [y, z] = [r * stride + a - before, c * stride + b - before];
      if (y < 0 || y >= size || z < 0 || z >= size) continue;
      sum += x[(y * size + z) * channels + i] * w[(a * 3 + b) * channels + i];
    }
    expected[(r * side + c) * channels + i] = Math.max(0, sum);
  }
  return {
    name: `depthwise convolution, stride ${stride}, ${channels} channels`,
    expected,
    actual: () =>
      tf.tidy(() =>
        tf.fused.depthwiseConv2d({
          x: tf.tensor4d(x, [1, size, size, channels]),
          filter: tf.tensor4d(w, [3, 3, channels, 1]),
          strides: stride,
          pad: 'same',
          bias: tf.tensor1d(bias),
          activation: 'relu',
        }),
      ),
  };
}

function multiply(a: Float32Array, b: Float32Array, rows: number, inner: number, columns: number): Float64Array {
  const product = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++) for (let k = 0; k < inner; k++) for (let c = 0; c < columns; c++) {
    product[r * columns + c] += a[r * inner + k] * b[k * columns + c];
  }
  return product;
}

function product(rows: number, inner: number, columns: number): Check {
  const a = ramp(rows * inner, 13);
  const b = ramp(inner * columns, 29);
  return {
    name: `matrix product ${rows} × ${inner} × ${columns}`,
    expected: multiply(a, b, rows, inner, columns),
    actual: () => tf.tidy(() => tf.matMul(tf.tensor2d(a, [rows, inner]), tf.tensor2d(b, [inner, columns]))),
  };
}

/** Product, bias and relu in one call; where the inner size is long, WebGPU adds up parts of it at once. */
function dense(rows: number, inner: number, columns: number): Check {
  const a = ramp(rows * inner, 41);
  const b = ramp(inner * columns, 3);
  const bias = ramp(columns, 11);
  return {
    name: `dense layer ${rows} × ${inner} × ${columns}`,
    expected: multiply(a, b, rows, inner, columns).map((sum, k) => Math.max(0, sum + bias[k % columns])),
    actual: () =>
      tf.tidy(() =>
        tf.fused.matMul({
          a: tf.tensor2d(a, [rows, inner]), b: tf.tensor2d(b, [inner, columns]), bias: tf.tensor1d(bias), activation: 'relu',
        }),
      ),
  };
}

/** `XᵀX`, as calibration takes it on a GPU. */
function transposedProduct(): Check {
  const [rows, columns] = [2048, 12];
  const x = ramp(rows * columns, 7);
  const transposed = Float32Array.from({ length: x.length }, (_, k) => x[(k % rows) * columns + Math.floor(k / rows)]);
  return {
    name: 'Gram product',
    expected: multiply(transposed, x, columns, rows, columns),
    actual: () => tf.tidy(() => {
      const tensor = tf.tensor2d(x, [rows, columns]);
      return tf.matMul(tensor, tensor, true, false);
    }),
  };
}

function mean(): Check {
  const x = ramp(6 * 6 * 3, 11);
  const expected = new Float64Array(3);
  x.forEach((v, k) => (expected[k % 3] += v / 36));
  return { name: 'mean over a map', expected, actual: () => tf.tidy(() => tf.mean(tf.tensor4d(x, [1, 6, 6, 3]), [1, 2])) };
}

function pool(): Check {
  const x = ramp(4 * 4 * 2, 19);
  const expected = new Float64Array(8).fill(-Infinity);
  for (let row = 0; row < 4; row++) for (let column = 0; column < 4; column++) for (let i = 0; i < 2; i++) {
    const at = (Math.floor(row / 2) * 2 + Math.floor(column / 2)) * 2 + i;
    expected[at] = Math.max(expected[at], x[(row * 4 + column) * 2 + i]);
  }
  return { name: 'max pooling', expected, actual: () => tf.tidy(() => tf.maxPool(tf.tensor4d(x, [1, 4, 4, 2]), 2, 2, 'valid')) };
}
