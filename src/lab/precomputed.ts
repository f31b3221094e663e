import * as z from 'zod/mini';
import { preprocessingOfCard } from '../datasets/preprocessingOfCard.ts';
import type { CostModel } from '../network/totalCost.ts';
import type { CouplingGroup } from '../network/couplingGroup.ts';
import type { Cost, GroupFidelity } from '../workers/protocol.ts';
import type { Method, ModelCard } from './experiment.ts';
import { methodFields } from './methodSchema.ts';

// The page's Content-Security-Policy forbids the code generation that zod would otherwise probe for.
z.config({ jitless: true });

/** Results that were measured beforehand, shown until the page has its own. */
export interface Precomputed {
  readonly version: 1;
  readonly model: string;
  /** Calibration images. */
  readonly images: number;
  readonly seed: number;
  readonly machine: string;
  readonly backend: string;
  readonly groups: readonly GroupFidelity[];
  readonly cost: Cost;
  readonly costModel?: CostModel;
  readonly groupsStructure: readonly CouplingGroup[];
  readonly frontier: readonly { readonly method: Method; readonly points: readonly PrecomputedPoint[] }[];
  readonly intact: PrecomputedOutcome;
}

/** Accuracy of a network that sees pictures, perplexity of one that reads text. */
export interface PrecomputedOutcome {
  readonly accuracy?: number;
  readonly perplexity?: number;
  readonly images: number;
}

export interface PrecomputedPoint extends PrecomputedOutcome {
  readonly target: number;
  readonly macs: number;
  readonly params: number;
}

const finite = z.number();
const list = z.array(finite);

const outcome = { accuracy: z.optional(finite), perplexity: z.optional(finite), images: finite };

const precomputedSchema = z.object({
  version: z.literal(1),
  model: z.string(),
  images: finite,
  seed: finite,
  machine: z.string(),
  backend: z.string(),
  groups: z.array(z.object({ name: z.string(), singleton: list, curves: z.object({ scale: list, leastSquares: list }) })),
  cost: z.object({ macs: finite, params: finite, bytes: finite }),
  costModel: z.optional(z.custom<CostModel>((value) => typeof value === 'object' && value !== null)),
  groupsStructure: z.array(
    z.object({
      name: z.string(),
      channels: finite,
      producers: z.array(z.string()),
      passThroughs: z.array(z.string()),
      consumers: z.array(z.string()),
      parts: z.optional(z.array(z.array(finite))),
      frozen: z.optional(z.string()),
    }),
  ),
  frontier: z.array(
    z.object({
      method: z.object(methodFields),
      points: z.array(z.object({ target: finite, macs: finite, params: finite, ...outcome })),
    }),
  ),
  intact: z.object(outcome),
});

export class PrecomputedFormatError extends Error {
  override readonly name = 'PrecomputedFormatError';
}

export function parsePrecomputed(value: unknown): Precomputed {
  const parsed = precomputedSchema.safeParse(value);
  if (!parsed.success) throw new PrecomputedFormatError(`precomputed.json: ${z.prettifyError(parsed.error)}`);
  return parsed.data as Precomputed;
}

const cardSchema = z.object({
  name: z.optional(z.string()),
  task: z.optional(z.string()),
  classes: z.optional(z.array(z.string())),
  input: z.optional(z.unknown()),
  licence: z.optional(z.object({ weights: z.optional(z.string()), data: z.optional(z.string()) })),
  accuracy: z.optional(z.object({ testImages: finite, accuracy: finite })),
  perplexity: z.optional(z.object({ perplexity: finite })),
});

/** The fields of `card.json` that the page shows; undefined where it is not of that form. */
export function parseCard(value: unknown): ModelCard | undefined {
  const parsed = cardSchema.safeParse(value);
  if (!parsed.success) return undefined;
  const { input, ...card } = parsed.data;
  const preprocessing = preprocessingOfCard(input);
  return { ...card, ...(preprocessing ? { preprocessing } : {}) };
}
