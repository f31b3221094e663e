import type { Method } from './experiment.ts';
import { DEFAULT_REQUEST, sharesCost, type BudgetTarget } from '../pruning/pruneRequest.ts';

/** Equal for methods that come to the same: without compensation the order changes nothing. */
export function methodKey({ select, compensate, order, allocate, renorm }: Method): string {
  return [select, compensate, ...(compensate === 'none' ? [] : [order]), ...(allocate === DEFAULT_REQUEST.allocate ? [] : [allocate]), ...(renorm ? ['renorm'] : [])].join(' ');
}

/** What of a request is its method. Where the target is no cost, there is none to allocate. */
export function methodOf({ select, compensate, order, allocate, renorm, target }: Method & { readonly target?: BudgetTarget }): Method {
  return { select, compensate, order, allocate: target === undefined || sharesCost(target) ? allocate : DEFAULT_REQUEST.allocate, renorm };
}
