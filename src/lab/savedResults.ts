import * as z from 'zod/mini';
import { SOURCE_KINDS } from '../datasets/calibrationSource.ts';
import { TARGET_KINDS } from '../pruning/pruneRequest.ts';
import { TRANSFORMS } from '../pruning/transforms.ts';
import { NO_RULES } from '../pruning/widthRules.ts';
import type { LocalGlobal } from '../theory/results.ts';
import type { FrontierPoint, SweepPlan, TransformPoint } from './experiment.ts';
import type { History } from './history.ts';
import { methodFields } from './methodSchema.ts';

z.config({ jitless: true });

/** What outlives a reload, in the browser's storage, for one model. */
export interface SavedResults {
  readonly history: History;
  readonly sweepPoints: readonly FrontierPoint[];
  readonly transformPoints?: readonly TransformPoint[];
  readonly pendingSweep?: SweepPlan;
  /** Local-to-global slopes, as they were measured with so many pictures of this seed, and of this source unless it is the open pictures. */
  readonly slopes?: { readonly images: number; readonly seed: number; readonly source?: string; readonly result: LocalGlobal };
}

const finite = z.number();
const share = z.number().check(z.gte(0), z.lte(1));
const target = z.object({ kind: z.enum(TARGET_KINDS), value: share });

const channels = z.int().check(z.gte(1));
const groupRule = z.union([z.object({ kind: z.literal('protect') }), z.object({ kind: z.enum(['width', 'atLeast']), channels })]);
const rules = z.object({ multiple: channels, floor: share, groups: z.record(z.string(), groupRule) });

const source = z.object({
  kind: z.enum(SOURCE_KINDS),
  mix: z.optional(z.object({ kind: z.enum(SOURCE_KINDS), share })),
  made: z.optional(z.object({ count: channels, steps: channels, seed: finite })),
});

/** Of a network that reads text. */
const text = { perplexity: z.optional(finite), divergence: z.optional(finite) };

const node = z.object({
  id: z.string(),
  parent: z.optional(z.string()),
  name: z.optional(z.string()),
  settings: z.object({
    // what was saved before there were rules has none
    request: z.object({ target, ...methodFields, rules: z._default(rules, NO_RULES), seed: finite }),
    pins: z.record(z.string(), z.record(z.string(), z.boolean())),
    images: finite,
    source: z.optional(source),
  }),
  keep: z.record(z.string(), z.array(finite)),
  cost: z.object({ macs: finite, params: finite, bytes: finite }),
  outcome: z.object({
    images: finite,
    accuracy: z.optional(share),
    agreement: share,
    perClass: z.array(z.object({ correct: finite, total: finite })),
    ...text,
    latency: z.optional(finite),
  }),
});

const localGlobal = z.object({
  experiment: z.literal('localGlobal'),
  images: finite,
  points: z.array(
    z.object({
      group: z.string(), kept: finite, channels: finite, compensate: z.enum(['none', 'scale', 'leastSquares']),
      local: finite, relativeLocal: finite, global: finite, relativeGlobal: finite,
    }),
  ),
  slopes: z.array(z.object({ group: z.string(), fitted: finite, worst: finite })),
});

const measured = { macs: finite, params: finite, accuracy: z.optional(share), agreement: z.optional(share), ...text, images: finite, seed: finite, calibrationImages: finite, source: z.optional(source) };

const schema = z.object({
  version: z.literal(1),
  history: z.object({ nodes: z.array(node), current: z.optional(z.string()) }),
  sweepPoints: z.array(
    z.object({ ...methodFields, target, ...measured, latency: z.optional(finite), rules: z.optional(rules) }),
  ),
  transformPoints: z.optional(z.array(z.object({ transform: z.enum(TRANSFORMS), share: z.object({ kind: z.enum(['macs', 'params']), value: share }), ...measured }))),
  slopes: z.optional(z.object({ images: finite, seed: finite, source: z.optional(z.string()), result: localGlobal })),
  pendingSweep: z.optional(z.object({ methods: z.array(z.object(methodFields)), transforms: z.optional(z.array(z.enum(TRANSFORMS))), targets: z.array(share) })),
});

/** Undefined for anything that this version of the page did not write. */
export function parseSavedResults(text: string): SavedResults | undefined {
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    return parsed.success ? (parsed.data as SavedResults) : undefined;
  } catch {
    return undefined;
  }
}
