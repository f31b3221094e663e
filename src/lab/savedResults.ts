import * as z from 'zod/mini';
import { SOURCE_KINDS } from '../datasets/calibrationSource.ts';
import { TARGET_KINDS } from '../pruning/pruneRequest.ts';
import { NO_RULES } from '../pruning/widthRules.ts';
import type { LocalGlobal } from '../theory/results.ts';
import type { FrontierPoint, SweepPlan } from './experiment.ts';
import type { History } from './history.ts';
import { methodFields } from './methodSchema.ts';

z.config({ jitless: true });

/** What outlives a reload, in the browser's storage, for one model. */
export interface SavedResults {
  readonly history: History;
  readonly sweepPoints: readonly FrontierPoint[];
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

const schema = z.object({
  version: z.literal(1),
  history: z.object({ nodes: z.array(node), current: z.optional(z.string()) }),
  sweepPoints: z.array(
    z.object({ ...methodFields, target, macs: finite, params: finite, accuracy: z.optional(share), agreement: z.optional(share), images: finite, latency: z.optional(finite), seed: finite, calibrationImages: finite, rules: z.optional(rules), source: z.optional(source) }),
  ),
  slopes: z.optional(z.object({ images: finite, seed: finite, source: z.optional(z.string()), result: localGlobal })),
  pendingSweep: z.optional(z.object({ methods: z.array(z.object(methodFields)), targets: z.array(share) })),
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
