import * as z from 'zod/mini';
import { modelFolder } from '../catalogue.ts';
import type { LabEnvironment } from '../session.ts';

// The page's Content-Security-Policy forbids the code generation that zod would otherwise probe for.
z.config({ jitless: true });

/** Shipped models that come with a `retrained.json`. */
export const RETRAINED_MODELS: readonly string[] = ['resnet20-cifar10'];

const share = z.number().check(z.gte(0), z.lte(1));

const retrainedSchema = z.object({
  testImages: z.int().check(z.positive()),
  networks: z.array(
    z.object({
      /** The class that it never saw. */
      without: z.int().check(z.nonnegative()),
      forget: share,
      retain: share,
      recoverability: share,
      membership: z.optional(share),
    }),
  ),
});

/** Networks of the same form that were trained from scratch without one class: what forgetting is measured against. */
export type Retrained = z.infer<typeof retrainedSchema>;
export type RetrainedNetwork = Retrained['networks'][number];

/** `retrained.json` is not of the form that it should be. */
export class RetrainedFormatError extends Error {
  override readonly name = 'RetrainedFormatError';
}

/** @throws RetrainedFormatError */
export function parseRetrained(value: unknown): Retrained {
  const parsed = retrainedSchema.safeParse(value);
  if (!parsed.success) throw new RetrainedFormatError(`retrained.json: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** The shipped model's reference; undefined where it has none. @throws RetrainedFormatError */
export async function loadRetrained({ fetchJson, baseUrl }: Pick<LabEnvironment, 'fetchJson' | 'baseUrl'>, id: string): Promise<Retrained | undefined> {
  const json = await fetchJson(`${modelFolder(id, baseUrl)}retrained.json`);
  return json === undefined ? undefined : parseRetrained(json);
}

/** The network that never saw this class, where one class alone was forgotten. */
export function retrainedWithout(retrained: Retrained | undefined, classes: readonly number[]): RetrainedNetwork | undefined {
  return classes.length === 1 ? retrained?.networks.find(({ without }) => without === classes[0]) : undefined;
}
