import { describe, expect, it } from 'vitest';
import { ALLOCATIONS, COMPENSATIONS, ORDERS, SELECTIONS } from '../pruning/pruneRequest.ts';
import { methodName, NAMED_METHODS, parseMethod, UnknownMethodError } from './method.ts';

describe('a method in words', () => {
  it('is read as it is written, in every combination', () => {
    for (const select of SELECTIONS) {
      for (const compensate of COMPENSATIONS) {
        for (const order of ORDERS) {
          for (const allocate of ALLOCATIONS) {
            for (const renorm of [false, true]) {
              const method = { select, compensate, order, allocate, renorm };
              expect(parseMethod(methodName(method))).toEqual(method);
            }
          }
        }
      }
    }
  });

  it('may be a rule alone, may leave parts out, or have a name', () => {
    expect(parseMethod('l1')).toEqual({ select: 'l1', compensate: 'none', order: 'oneShot', allocate: 'uniform', renorm: false });
    expect(parseMethod('l1/renorm')).toEqual({ ...parseMethod('l1'), renorm: true });
    expect(parseMethod('greedy/leastSquares/theory')).toEqual({ ...parseMethod('greedy'), compensate: 'leastSquares', allocate: 'theory' });
    for (const [name, written] of Object.entries(NAMED_METHODS)) expect(parseMethod(name)).toEqual(parseMethod(written));
  });

  it.each(['', 'l3', 'l1/most', 'l1/sequential/scale', 'l1/none/oneShot/uniform/renorm/renorm'])('“%s” is refused, with what there is', (text) => {
    expect(() => parseMethod(text)).toThrow(UnknownMethodError);
    expect(() => parseMethod(text)).toThrow(/is none of/);
  });
});
