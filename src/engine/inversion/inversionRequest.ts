import type { Preprocessing } from '../../datasets/preprocessing.ts';

/** What is to be made of a network. */
export interface InversionRequest {
  readonly count: number;
  readonly seed: number;
  /** Steps of the optimiser for every batch. */
  readonly steps?: number;
  /** Target classes, dealt out in turn; all classes of the network where it is left out. */
  readonly classes?: readonly number[];
  /** Most pictures that are made together: their statistics are matched as one. */
  readonly batch?: number;
  /** What the network's pictures have been through; without it, it takes pixels as they are. */
  readonly preprocessing?: Preprocessing;
}

/** Weights of the loss's parts, and how far an Adam step moves a pixel, in deviations of 64 grey levels. */
export const INVERSION = {
  steps: 100,
  batch: 64,
  rate: 0.1,
  statistics: 10,
  classes: 1,
  variation: 0.1,
  square: 0.001,
} as const;

/** The loss and its parts, unweighted. */
export interface InversionLoss {
  readonly loss: number;
  /** Mean squared distance from the norm layers' statistics, in stored deviations; 0 where there are no such layers. */
  readonly statistics: number;
  /** Mean cross entropy with the target classes; 0 where the network has no classes. */
  readonly entropy: number;
}

export interface Inverted {
  /** `count × shape`, row-major, channels last in RGB order, 0–255. */
  readonly pixels: Uint8Array;
  readonly shape: readonly [number, number, 1 | 3];
  /** The target class of each picture; absent where the network has no classes. */
  readonly labels?: Int32Array;
  /** Share of the pictures that the network puts in their target class, measured on what is returned. */
  readonly inClass?: number;
  /** One entry a step: the mean over the batches. */
  readonly curve: readonly InversionLoss[];
  /** Norm layers whose statistics were matched. */
  readonly norms: number;
  /** Where something that usually guides the pictures was missing: what, and what that means. */
  readonly note?: string;
}

/** The request cannot be met by this network. */
export class InversionRequestError extends Error {
  override readonly name = 'InversionRequestError';
}

/** The network holds neither statistics nor classes: nothing says what its pictures look like. */
export class NothingToInvertError extends Error {
  override readonly name = 'NothingToInvertError';
  constructor(network: string) {
    super(`"${network}" has no batch norms and no class scores, so nothing in it says what its pictures look like. Calibrate it with pictures, or with dead leaves.`);
  }
}

/** @throws InversionRequestError */
export function checkInversion({ count, steps = INVERSION.steps, batch = INVERSION.batch, classes }: InversionRequest, known: number): void {
  for (const [name, value] of Object.entries({ count, steps, batch })) {
    if (!Number.isSafeInteger(value) || value < 1) throw new InversionRequestError(`Inversion with ${name} ${value}: expected a whole number from 1 on.`);
  }
  if (classes === undefined) return;
  if (classes.length === 0) throw new InversionRequestError('Inversion for no class at all: name one class or more, or leave them out for all.');
  const strange = classes.find((own) => !(Number.isInteger(own) && own >= 0 && own < known));
  if (strange !== undefined) {
    throw new InversionRequestError(`Inversion for class ${strange}: the network ${known > 0 ? `tells ${known} classes apart, numbered from 0` : 'has no class scores'}.`);
  }
}
