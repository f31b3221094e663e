/**
 * Adam (Kingma & Ba, ICLR 2015) with a rate that falls to zero by a cosine, on values that stay between
 * bounds of their channel.
 */
export class PixelAdam {
  readonly #rate: number;
  readonly #steps: number;
  readonly #first: Float32Array;
  readonly #second: Float32Array;
  #done = 0;

  /** @param steps after which the rate is zero */
  constructor(length: number, rate: number, steps: number) {
    this.#rate = rate;
    this.#steps = steps;
    this.#first = new Float32Array(length);
    this.#second = new Float32Array(length);
  }

  /** One step down `gradient`, in place. */
  step(x: Float32Array, gradient: Float32Array, lowest: readonly number[], highest: readonly number[]): void {
    const rate = 0.5 * this.#rate * (1 + Math.cos((Math.PI * this.#done) / this.#steps));
    this.#done++;
    const [m, v] = [this.#first, this.#second];
    const first = rate / (1 - FIRST ** this.#done);
    const second = 1 / (1 - SECOND ** this.#done);
    const channels = lowest.length;
    for (let at = 0, c = 0; at < x.length; at++, c = c + 1 === channels ? 0 : c + 1) {
      const g = gradient[at];
      m[at] += (1 - FIRST) * (g - m[at]);
      v[at] += (1 - SECOND) * (g * g - v[at]);
      const moved = x[at] - (first * m[at]) / (Math.sqrt(second * v[at]) + LEAST);
      x[at] = Math.min(highest[c], Math.max(lowest[c], moved));
    }
  }
}

const [FIRST, SECOND] = [0.9, 0.99];
/** Gradients of single pixels are small: about 1e-6 in a batch of small pictures. */
const LEAST = 1e-12;
