import type { ForgetMethod } from './forgetMethod.ts';
import type { UnlearnRequest } from './unlearnRequest.ts';
import type { UnlearnTrial } from './unlearn.ts';

/** What a network knows of test pictures. */
export interface Knowledge {
  /** Share of the forgotten classes' pictures that are put in their own class; absent where there is none. */
  readonly forget?: number;
  /** Share of the other classes' pictures that are put in theirs; absent where there is none. */
  readonly retain?: number;
  /** How many pictures of each class (rows) are put in each class (columns). */
  readonly confusion: readonly (readonly number[])[];
}

/** A picture of a forgotten class, and the class that it was put in and is put in. */
export interface Moved {
  /** Its place among the test pictures. */
  readonly index: number;
  readonly before: number;
  readonly after: number;
}

/** Test pictures, before and after. */
export interface ForgettingMeasures {
  /** The first so many test pictures. */
  readonly images: number;
  /** What a picture's class is: its label, or where the pictures have none the class that the intact network gives it. */
  readonly truth: 'labels' | 'intact';
  readonly before: Knowledge;
  readonly after: Knowledge;
  /** Of the forgotten classes' pictures the first `MOST_MOVED`. */
  readonly moved: readonly Moved[];
}

/** Input channels that an edited layer no longer reads, the first to leave first. */
export interface RemovedChannels {
  readonly layer: string;
  /** How many input channels the layer had. */
  readonly of: number;
  /** The node whose value holds them. */
  readonly node: string;
  readonly channels: readonly {
    readonly channel: number;
    /** Where in the node's last axis it lies. */
    readonly feature: number;
    /** Singleton fidelity over forget and over retain pictures, in [0, 1]. */
    readonly forget: number;
    readonly retain: number;
  }[];
}

/** A share of pictures of the forgotten classes, or a score in [0, 1], for both networks. */
export interface BeforeAfter {
  readonly before: number;
  readonly after: number;
}

/** What became of a network that was made to forget. */
export interface ForgettingReport {
  readonly method: ForgetMethod;
  readonly settings: UnlearnRequest;
  /** What the method was given; `by`: how pictures were told apart. */
  readonly pictures: { readonly forget: number; readonly retain: number; readonly by: 'labels' | 'prediction' };
  readonly measures: ForgettingMeasures;
  /** Shares that were tried; empty for a method that tries none. */
  readonly trials: readonly UnlearnTrial[];
  readonly removed: readonly RemovedChannels[];
  /** Whether the layer that gives the class scores is all that was edited, which any classifier allows. */
  readonly headAlone: boolean;
  /** What a ridge probe on the features regains from labelled pictures (`recoverability`). */
  readonly recoverability?: BeforeAfter;
  /** Share of the forgotten classes' training pictures that an attack takes for unseen ones (`membershipInference`); absent where nothing is labelled. */
  readonly membership?: BeforeAfter;
  /** Where it was fine-tuned afterwards: for how long, on how many pictures of the classes that stay. */
  readonly tuned?: { readonly epochs: number; readonly pictures: number };
  readonly gradientSteps: number;
  /** Milliseconds of forgetting and fine-tuning, without choosing pictures and measuring. */
  readonly milliseconds: number;
}

/** Pictures of the forgotten classes that are listed one by one. */
export const MOST_MOVED = 100;

/**
 * Accuracy on the forgotten classes and on the rest, and the confusion matrix.
 *
 * @param truth the class of each picture; classes out of range are not counted
 */
export function knowledgeOf(predictions: ArrayLike<number>, truth: ArrayLike<number>, classes: number, forgotten: ReadonlySet<number>): Knowledge {
  const confusion = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 0));
  for (let k = 0; k < predictions.length; k++) {
    const row = confusion[truth[k]];
    if (row) row[predictions[k]]++;
  }
  const accuracy = (wanted: (c: number) => boolean) => {
    let [correct, total] = [0, 0];
    confusion.forEach((row, c) => {
      if (!wanted(c)) return;
      correct += row[c];
      total += row.reduce((sum, count) => sum + count, 0);
    });
    return total > 0 ? correct / total : undefined;
  };
  const [forget, retain] = [accuracy((c) => forgotten.has(c)), accuracy((c) => !forgotten.has(c))];
  return { ...(forget === undefined ? {} : { forget }), ...(retain === undefined ? {} : { retain }), confusion };
}

/** Both networks' knowledge of the same pictures. Labels may be absent, and may be of more pictures. */
export function measuresOf(
  before: Int32Array,
  after: Int32Array,
  labels: ArrayLike<number> | undefined,
  classes: number,
  forgotten: ReadonlySet<number>,
): ForgettingMeasures {
  const truth = labels ?? before;
  const own = Array.from(after.keys()).filter((k) => forgotten.has(truth[k]));
  return {
    images: after.length,
    truth: labels ? 'labels' : 'intact',
    before: knowledgeOf(before, truth, classes, forgotten),
    after: knowledgeOf(after, truth, classes, forgotten),
    moved: own.slice(0, MOST_MOVED).map((index) => ({ index, before: before[index], after: after[index] })),
  };
}
