/** A batch's loss: the sum over its pictures, how many are right, and the gradient of the sum by the logits. */
export interface BatchLoss {
  readonly loss: number;
  readonly correct: number;
  /** Row-major `images × classes`. */
  readonly gradient: Float32Array;
}

/** `Σ −log softmax(z)[label]`; right is a picture whose greatest logit is its label's. Logits are `images × classes`. */
export function crossEntropy(logits: ArrayLike<number>, classes: number, labels: ArrayLike<number>): BatchLoss {
  const gradient = new Float32Array(logits.length);
  let [loss, correct] = [0, 0];
  for (let k = 0; k < labels.length; k++) {
    const { logShares, greatest } = softmaxOf(logits, k * classes, classes, 1);
    loss -= logShares[labels[k]];
    if (greatest === labels[k]) correct++;
    for (let c = 0; c < classes; c++) gradient[k * classes + c] = Math.exp(logShares[c]) - (c === labels[k] ? 1 : 0);
  }
  return { loss, correct, gradient };
}

/**
 * `T² Σ KL(softmax(t / T) ‖ softmax(z / T))` for logits z and a teacher's logits t (Hinton et al., 2015);
 * right is a picture that both put in the same class.
 */
export function distillation(logits: ArrayLike<number>, classes: number, teacher: ArrayLike<number>, temperature: number): BatchLoss {
  const gradient = new Float32Array(logits.length);
  let [loss, correct] = [0, 0];
  for (let first = 0; first < logits.length; first += classes) {
    const own = softmaxOf(logits, first, classes, temperature);
    const wanted = softmaxOf(teacher, first, classes, temperature);
    if (own.greatest === wanted.greatest) correct++;
    for (let c = 0; c < classes; c++) {
      const share = Math.exp(wanted.logShares[c]);
      if (share > 0) loss += temperature ** 2 * share * (wanted.logShares[c] - own.logShares[c]);
      gradient[first + c] = temperature * (Math.exp(own.logShares[c]) - share);
    }
  }
  return { loss, correct, gradient };
}

/** Logarithms of the softmax of one row, and the first of its greatest entries. */
function softmaxOf(logits: ArrayLike<number>, first: number, classes: number, temperature: number): { logShares: Float64Array; greatest: number } {
  let greatest = 0;
  for (let c = 1; c < classes; c++) if (logits[first + c] > logits[first + greatest]) greatest = c;
  const most = logits[first + greatest];
  const logShares = Float64Array.from({ length: classes }, (_, c) => (logits[first + c] - most) / temperature);
  const total = Math.log(logShares.reduce((sum, z) => sum + Math.exp(z), 0));
  return { logShares: logShares.map((z) => z - total), greatest };
}
