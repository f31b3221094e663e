import * as tf from '@tensorflow/tfjs-core';
import type { NodeOf, Pair, Weight } from '../../network/network.ts';
import { backendPadding, type FusedActivation, type Operator, type Upload } from './operator.ts';

/**
 * The transpose of a strided convolution, as one ordinary convolution at the input's resolution.
 *
 * Output row `u · s + r` reads kernel rows `q · s + r` alone, q = 0 … Q − 1 with Q = ⌈k / s⌉:
 * `y[u s + r] = Σ_q x[u − q] w[q s + r]`. So the s × s phases r are the output channels of a
 * Q × Q convolution, laid out as pixels afterwards. It is exact on every backend, and on wasm ten
 * times as fast as `conv2dTranspose`, which is a scalar loop there.
 */
export function transposedConv2dOperator(
  { attributes: { strides, cropping }, weights }: NodeOf<'transposedConv2d'>,
  upload: Upload,
  activation: FusedActivation,
): Operator {
  const [kh, kw, outputs] = weights.kernel.shape;
  const [sy, sx] = strides;
  const rows = alongAxis(kh, sy, cropping[0]);
  const columns = alongAxis(kw, sx, cropping[1]);
  const filter = upload(phaseKernel(weights.kernel, strides, [rows.taps, columns.taps])) as tf.Tensor4D;
  const bias = weights.bias && upload(repeated(weights.bias, sy * sx));
  const pad = backendPadding([rows.padding, columns.padding]);
  return ([x]) => {
    const [, h, w] = x.shape;
    const phases = tf.fused.conv2d({ x: x as tf.Tensor4D, filter, bias, strides: 1, pad, activation });
    const [images, u, v] = phases.shape;
    const apart = tf.reshape(phases, [images * u, v, sy, sx * outputs]);
    const whole = tf.reshape(tf.transpose(apart, [0, 2, 1, 3]), [images, u * sy, v * sx, outputs]);
    const [height, width] = [rows.size(h), columns.size(w)];
    if (height === u * sy && width === v * sx) return whole;
    return tf.slice(whole, [0, rows.start, columns.start, 0], [images, height, width, outputs]);
  };
}

/** How one axis is run: the convolution's taps and padding, and what is then kept of its pixels. */
interface PhaseAxis {
  readonly taps: number;
  readonly padding: Pair;
  readonly start: number;
  readonly size: (input: number) => number;
}

function alongAxis(kernel: number, stride: number, [before, after]: Pair): PhaseAxis {
  const taps = Math.ceil(kernel / stride);
  // phase rows from −(zeros added before) on; cropped rows are not computed where whole phases fall away
  const first = Math.max(0, taps - 1 - Math.floor(before / stride));
  const last = Math.max(0, Math.floor((kernel - 1 - after) / stride));
  return {
    taps,
    padding: [first, last],
    start: before - (taps - 1 - first) * stride,
    size: (input) => (input - 1) * stride + kernel - before - after,
  };
}

/** `[kh, kw, m, n]` to `[Qy, Qx, n, sy · sx · m]`, correlated instead of convolved: taps in reverse. */
function phaseKernel(kernel: Weight, [sy, sx]: Pair, [qy, qx]: Pair): Weight {
  const [kh, kw, m, n] = kernel.shape;
  const shape = [qy, qx, n, sy * sx * m];
  const values = new Float32Array(qy * qx * n * sy * sx * m);
  for (let a = 0; a < kh; a++) for (let b = 0; b < kw; b++) {
    const tap = (qy - 1 - Math.floor(a / sy)) * qx + (qx - 1 - Math.floor(b / sx));
    const phase = (a % sy) * sx + (b % sx);
    for (let o = 0; o < m; o++) for (let i = 0; i < n; i++) {
      values[(tap * n + i) * shape[3] + phase * m + o] = kernel.values[((a * kw + b) * m + o) * n + i];
    }
  }
  return { shape, values };
}

function repeated({ values }: Weight, times: number): Weight {
  const all = new Float32Array(values.length * times);
  for (let k = 0; k < times; k++) all.set(values, k * values.length);
  return { shape: [all.length], values: all };
}
