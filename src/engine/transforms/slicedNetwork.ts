import * as tf from '@tensorflow/tfjs-core';
import type { Network, Node, NodeOf, Weight } from '../../network/network.ts';
import { weightsOf } from '../../network/shapes.ts';
import { assertDeviceHealthy, releaseUnused } from '../backend.ts';
import { JobClock, silent, type Job } from '../job.ts';
import type { NormReader, StreamForm, StreamNorm } from './streamForm.ts';

/** For every position of the stream, its coordinates: row-major `width × slices`, orthonormal columns. */
export type Rotations = readonly Float64Array[];

/**
 * The network whose stream has `slices` coordinates, at each position those of `rotations`: `x Q_k` in place of x.
 *
 * - What writes position k writes in its coordinates: `W Q_k`; where the norms subtract the mean, `W (I − 1 1ᵀ / D) Q_k`.
 * - Norms become RMS norms without weights over `slices` values, of which the mean square is to count as over all D:
 *   epsilon D / s, and `√(D / s)` goes with γ and β into what reads them: `√(D / s) Q_kᵀ diag(γ) W`, bias `b + β W`.
 * - An add brings its stream from one position's coordinates to the next by a dense layer `Q_kᵀ Q_{k+1}`.
 * - A tied head becomes a dense layer of its own.
 *
 * With all coordinates kept it computes what the network computes. Products run on the backend, one weight after another.
 *
 * @throws CancelledError, DeviceLostError
 */
export async function slicedNetwork(network: Network, form: StreamForm, slices: number, rotations: Rotations, job: Job = {}): Promise<Network> {
  const open: (() => Promise<void>)[] = [];
  const made = new Slicer(network, form, slices, (shape, fill) => {
    const values = new Float32Array(sizeOf(shape));
    open.push(() => fill(values));
    return { shape, values };
  }, rotations).build();
  const clock = new JobClock(silent(job), open.length);
  for (const fill of open) {
    await fill();
    assertDeviceHealthy();
    await clock.breathe();
  }
  releaseUnused();
  return made;
}

/**
 * A network of the shapes of `slicedNetwork`, for its costs alone: all of its changed weights are views of one buffer.
 */
export function slicedShapes(network: Network, form: StreamForm, slices: number): Network {
  const largest = Math.max(form.width ** 2, ...network.nodes.flatMap((node) => weightsOf(node).map(([, { values }]) => values.length)));
  const buffer = new Float32Array(largest);
  return new Slicer(network, form, slices, (shape) => ({ shape, values: buffer.subarray(0, sizeOf(shape)) }), []).build();
}

/** A weight of this shape, whose values `fill` writes. */
type MakeWeight = (shape: readonly number[], fill: (values: Float32Array) => Promise<void>) => Weight;

/** Float32 values of a factor that is on the device at once. */
const CHUNK_VALUES = 2 ** 22;

class Slicer {
  readonly #network: Network;
  readonly #form: StreamForm;
  readonly #slices: number;
  readonly #make: MakeWeight;
  readonly #rotations: Rotations;
  readonly #nodes: ReadonlyMap<string, Node>;

  constructor(network: Network, form: StreamForm, slices: number, make: MakeWeight, rotations: Rotations) {
    this.#network = network;
    this.#form = form;
    this.#slices = slices;
    this.#make = make;
    this.#rotations = rotations;
    this.#nodes = new Map(network.nodes.map((node) => [node.id, node]));
  }

  build(): Network {
    const shortcuts = new Map(this.#form.branches.map(({ add, stream }, k) => [add, { stream, k }]));
    const nodes = this.#network.nodes.flatMap((node): Node[] => {
      const shortcut = shortcuts.get(node.id);
      if (!shortcut) return [this.#node(node)];
      const id = this.#unused(`${node.id}_shortcut`);
      const s = this.#slices;
      const kernel = this.#make([s, s], async (values) => values.set(await this.#turn(shortcut.k)));
      return [
        { id, op: 'dense', inputs: [shortcut.stream], attributes: {}, weights: { kernel } },
        { ...node, inputs: node.inputs.map((input) => (input === shortcut.stream ? id : input)) },
      ];
    });
    return { ...this.#network, nodes };
  }

  #node(node: Node): Node {
    const { writers, carriers, norms, readers } = this.#form;
    const position = norms.get(node.id);
    if (position !== undefined) {
      const { epsilon, over = this.#form.width } = (node as StreamNorm).attributes;
      return { id: node.id, op: 'rmsNorm', inputs: node.inputs, attributes: { epsilon: (epsilon * over) / this.#slices }, weights: {} };
    }
    const carried = carriers.get(node.id);
    if (carried !== undefined) return this.#carrier(node, carried);
    const norm = readers.get(node.id);
    const read = norm === undefined ? node : this.#reader(node as NormReader, norm);
    const written = writers.get(node.id);
    return written === undefined ? read : this.#writer(read, written);
  }

  #carrier(node: Node, position: number): Node {
    switch (node.op) {
      case 'positions':
        return { ...node, weights: { table: this.#written(node.weights.table, position) } };
      case 'prependTokens':
        return { ...node, weights: { tokens: this.#written(node.weights.tokens, position) } };
      case 'reshape':
        return { ...node, attributes: { shape: [...node.attributes.shape.slice(0, -1), this.#slices] } };
      default:
        return node;
    }
  }

  #writer(node: Node, position: number): Node {
    if (node.op === 'embedding') return { ...node, weights: { table: this.#written(node.weights.table, position) } };
    if (node.op !== 'dense' && node.op !== 'conv2d') return node;
    const { kernel, bias } = node.weights;
    const weights = { kernel: this.#written(kernel, position), ...(bias && { bias: this.#written(bias, position) }) };
    return { ...node, weights } as Node;
  }

  /** A weight whose last axis is the stream's, in the coordinates of a position. */
  #written({ shape, values }: Weight, position: number): Weight {
    const { width, centred } = this.#form;
    const s = this.#slices;
    return this.#make([...shape.slice(0, -1), s], async (made) => {
      const rotation = this.#rotation(position);
      const rows = values.length / width;
      const step = Math.max(1, Math.floor(CHUNK_VALUES / width));
      try {
        for (let first = 0; first < rows; first += step) {
          const count = Math.min(step, rows - first);
          const product = tf.tidy(() => {
            const own = tf.tensor2d(values.subarray(first * width, (first + count) * width), [count, width]);
            return tf.matMul(centred ? tf.sub(own, tf.mean(own, 1, true)) : own, rotation);
          });
          made.set(await read(product), first * s);
        }
      } finally {
        rotation.dispose();
      }
    });
  }

  #reader(node: NormReader, normId: string): NodeOf<'dense'> {
    const norm = this.#nodes.get(normId) as StreamNorm;
    const position = this.#form.norms.get(normId) ?? 0;
    const bias = node.op === 'dense' ? node.weights.bias : undefined;
    const { width } = this.#form;
    const s = this.#slices;
    const outputs = node.op === 'dense' ? node.weights.kernel.shape[1] : node.weights.table.shape[0];
    /** Weight of feature d for output c, which a tied head has the other way round. */
    const weightOf = node.op === 'dense'
      ? (d: number, c: number): number => node.weights.kernel.values[d * outputs + c]
      : (d: number, c: number): number => node.weights.table.values[c * width + d];
    const gamma = norm.weights.gamma?.values;
    const beta = norm.op === 'layerNorm' ? norm.weights.beta?.values : undefined;
    const over = norm.attributes.over ?? width;
    const turned = this.#make([s, outputs], async (made) => {
      const rotation = this.#rotation(position);
      const across = tf.tidy(() => tf.transpose(rotation) as tf.Tensor2D);
      const scale = Math.sqrt(over / s);
      const step = Math.max(1, Math.floor(CHUNK_VALUES / width));
      try {
        for (let first = 0; first < outputs; first += step) {
          const count = Math.min(step, outputs - first);
          const own = new Float32Array(width * count);
          for (let d = 0; d < width; d++) {
            const factor = scale * (gamma?.[d] ?? 1);
            for (let c = 0; c < count; c++) own[d * count + c] = factor * weightOf(d, first + c);
          }
          const product = await read(tf.tidy(() => tf.matMul(across, tf.tensor2d(own, [width, count]))));
          for (let k = 0; k < s; k++) made.set(product.subarray(k * count, (k + 1) * count), k * outputs + first);
        }
      } finally {
        tf.dispose([rotation, across]);
      }
    });
    const shifted = beta && this.#make([outputs], async (made) => {
      const sums = Float64Array.from({ length: outputs }, (_, c) => bias?.values[c] ?? 0);
      for (let d = 0; d < width; d++) for (let c = 0; c < outputs; c++) sums[c] += beta[d] * weightOf(d, c);
      made.set(sums);
    });
    const made = shifted ?? bias;
    return { id: node.id, op: 'dense', inputs: node.inputs, attributes: {}, weights: { kernel: turned, ...(made && { bias: made }) } };
  }

  /** `Q_kᵀ Q_{k+1}` */
  async #turn(k: number): Promise<Float32Array> {
    const [from, to] = [this.#rotation(k), this.#rotation(k + 1)];
    try {
      return await read(tf.tidy(() => tf.matMul(tf.transpose(from), to)));
    } finally {
      tf.dispose([from, to]);
    }
  }

  /** On the device, `width × slices`; the caller's. */
  #rotation(position: number): tf.Tensor2D {
    return tf.tensor2d(Float32Array.from(this.#rotations[position]), [this.#form.width, this.#slices]);
  }

  #unused(id: string): string {
    let name = id;
    for (let k = 2; this.#nodes.has(name); k++) name = `${id}${k}`;
    return name;
  }
}

async function read(tensor: tf.Tensor): Promise<Float32Array> {
  try {
    return (await tensor.data()) as Float32Array;
  } finally {
    tensor.dispose();
  }
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
