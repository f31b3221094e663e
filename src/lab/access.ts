import { SELECTION_RULES, type Access } from '../pruning/selections.ts';
import type { Method } from './experiment.ts';

/**
 * What a method must see beside the weights: "pictures", "pictures, labels, gradients", "nothing".
 * Compensation and norms that are measured again need pictures, whatever the rule; so does an
 * allocation that is not uniform.
 */
export function accessLabel(method: Pick<Method, 'select'> & Partial<Method>): string {
  const { access } = SELECTION_RULES[method.select];
  const data = access.data || (method.compensate ?? 'none') !== 'none' || method.renorm || (method.allocate ?? 'uniform') !== 'uniform';
  return accessWords({ ...access, data: data || false }) || 'nothing';
}

/** Empty where it sees only the weights. */
export function accessWords({ data, labels, gradients }: Access): string {
  return [data && 'pictures', labels && 'labels', gradients && 'gradients'].filter((word) => typeof word === 'string').join(', ');
}
