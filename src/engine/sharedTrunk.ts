import type { Network, Node } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';
import { eachBatch } from './batches.ts';
import type { Logits } from './evaluate.ts';
import type { ImageSource } from './imageSource.ts';
import { JobClock, type Job } from './job.ts';

/**
 * Runs edits of one network over the same images. Nodes that an edit shares with the intact network (the very
 * objects, as surgery leaves them) are run once for all edits that share as much; each edit then costs only what
 * lies behind them. Memory: 4 bytes × images × values of the last shared node, for each such node.
 */
export class SharedTrunk {
  readonly #intact: Network;
  readonly #images: ImageSource;
  readonly #values = new Map<string, ImageSource>();

  constructor(intact: Network, images: ImageSource) {
    this.#intact = intact;
    this.#images = images;
  }

  /**
   * Values of some of the edited network's nodes for every image, row-major `images × values`, in the order
   * of `wanted`. Progress counts images, and starts anew behind a trunk that is run.
   *
   * @throws CancelledError, DeviceLostError, InputShapeError
   */
  async values(edited: Network, wanted: readonly string[], job: Job = {}): Promise<Logits[]> {
    const whole = { ...edited, outputs: wanted };
    const at = lastShared(this.#intact, whole);
    if (at <= 0) return valuesOf(whole, this.#images, job);
    const { id } = whole.nodes[at];
    const shape = inferShapes(this.#intact).get(id) ?? [];
    const source = this.#values.get(id) ?? arrays((await valuesOf({ ...this.#intact, outputs: [id] }, this.#images, job))[0], shape);
    this.#values.set(id, source);
    const input: Node = { id, op: 'input', inputs: [], attributes: { shape }, weights: {} };
    return valuesOf({ ...whole, nodes: [input, ...whole.nodes.slice(at + 1)] }, source, job);
  }
}

/** The values of all outputs. */
async function valuesOf(network: Network, images: ImageSource, job: Job): Promise<Logits[]> {
  const shapes = inferShapes(network);
  const found = network.outputs.map((id) => {
    const size = (shapes.get(id) ?? []).reduce((product, length) => product * length, 1);
    return { images: images.count, classes: size, values: new Float32Array(images.count * size) };
  });
  await eachBatch(network, images, network.outputs, async (values, first) => {
    for (const [at, id] of network.outputs.entries()) found[at].values.set((await values[id].data()) as Float32Array, first * found[at].classes);
  }, new JobClock(job, images.count));
  return found;
}

function arrays({ images, classes: size, values }: Logits, shape: readonly number[]): ImageSource {
  return { count: images, shape, read: async (first, count) => values.slice(first * size, (first + count) * size) };
}

/**
 * Place of the last node of which all up to it are the intact network's own, and of which alone all behind it
 * read; −1 where there is none before the outputs.
 */
function lastShared(intact: Network, { nodes, outputs }: Network): number {
  const place = new Map(nodes.map(({ id }, at) => [id, at]));
  const own = nodes.findIndex((node, at) => node !== intact.nodes[at]);
  const earliest = Array.from({ length: nodes.length + 1 }, () => nodes.length);
  for (let at = nodes.length - 1; at >= 0; at--) {
    earliest[at] = Math.min(earliest[at + 1], ...nodes[at].inputs.map((id) => place.get(id) ?? -1));
  }
  const most = Math.min(own < 0 ? nodes.length - 1 : own - 1, ...outputs.map((id) => (place.get(id) ?? 0) - 1));
  for (let at = most; at >= 0; at--) if (earliest[at + 1] >= at) return at;
  return -1;
}
