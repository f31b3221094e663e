import { SELECTION_RULES, type Access } from '../pruning/selections.ts';
import { TRANSFORM_RULES } from '../pruning/transforms.ts';
import type { Method } from './experiment.ts';
import type { FrontierSeries } from './frontier.ts';

/** What a network is shown. */
export type Shows = 'pictures' | 'text';

/**
 * What a method must see beside the weights: "pictures", "pictures, labels, gradients", "nothing".
 * Compensation and norms that are measured again need pictures, whatever the rule; so does an
 * allocation that is not uniform.
 */
export function accessLabel(method: Pick<Method, 'select'> & Partial<Method>, shows: Shows = 'pictures'): string {
  const { access } = SELECTION_RULES[method.select];
  const data = access.data || (method.compensate ?? 'none') !== 'none' || method.renorm || (method.allocate ?? 'uniform') !== 'uniform';
  return accessWords({ ...access, data: data || false }, shows) || 'nothing';
}

/** The same of a series, which may be a transform's. */
export function needsOf({ method, transform }: Pick<FrontierSeries, 'method' | 'transform'>, shows: Shows = 'pictures'): string {
  if (method) return accessLabel(method, shows);
  return (transform && accessWords(TRANSFORM_RULES[transform].access, shows)) || 'nothing';
}

/** Empty where it sees only the weights. */
export function accessWords({ data, labels, gradients }: Access, shows: Shows = 'pictures'): string {
  return [data && shows, labels && 'labels', gradients && 'gradients'].filter((word) => typeof word === 'string').join(', ');
}
