import { ALLOCATIONS, COMPENSATIONS, DEFAULT_REQUEST, ORDERS, SELECTIONS, type PruneRequest } from '../pruning/pruneRequest.ts';

/** A way to prune, whatever the budget. */
export type Method = Pick<PruneRequest, 'select' | 'compensate' | 'order' | 'allocate' | 'renorm'>;

/** Methods with a name of their own. */
export const NAMED_METHODS: Readonly<Record<string, string>> = {
  paper: 'singleton/scale/sequential',
  ours: 'greedy/leastSquaresRelu/sequential/theory',
};

export class UnknownMethodError extends Error {
  override readonly name = 'UnknownMethodError';
}

/**
 * `select/compensate/order`, then `/eta` or `/theory` for another allocation and `/renorm` for norm
 * statistics measured again; a rule alone (`l1`) cuts without compensation; or a named method.
 *
 * @throws UnknownMethodError
 */
export function parseMethod(text: string): Method {
  const [select, ...parts] = (NAMED_METHODS[text] ?? text).split('/');
  const known = <T extends string>(value: string, among: readonly T[]): T => {
    const found = among.find((candidate) => candidate === value);
    if (found === undefined) throw new UnknownMethodError(`"${text}" is not select/compensate/order[/allocate][/renorm], nor ${Object.keys(NAMED_METHODS).join(' or ')}: "${value}" is none of ${among.join(', ')}.`);
    return found;
  };
  let method: Method = { select: known(select, SELECTIONS), compensate: 'none', order: 'oneShot', allocate: DEFAULT_REQUEST.allocate, renorm: false };
  const fields = [
    { name: 'compensate', values: COMPENSATIONS },
    { name: 'order', values: ORDERS },
    { name: 'allocate', values: ALLOCATIONS },
    { name: 'renorm', values: ['renorm'] },
  ] as const;
  let next = 0;
  for (const part of parts) {
    const at = fields.findIndex(({ values }, index) => index >= next && (values as readonly string[]).includes(part));
    if (at < 0) known(part, fields.slice(next).flatMap(({ values }) => [...values]));
    const { name } = fields[at];
    method = { ...method, [name]: name === 'renorm' ? true : part };
    next = at + 1;
  }
  return method;
}

/** The method as `parseMethod` reads it. */
export function methodName({ select, compensate, order, allocate, renorm }: Method): string {
  return [select, compensate, order, ...(allocate === DEFAULT_REQUEST.allocate ? [] : [allocate]), ...(renorm ? ['renorm'] : [])].join('/');
}
