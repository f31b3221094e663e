import { describe, expect, it } from 'vitest';
import { frontierCsv, scoresCsv, toCsv } from './csv.ts';

describe('CSV', () => {
  it('quotes cells that hold commas, quotes or line breaks', () => {
    expect(toCsv(['a', 'b'], [['x,y', 'say "z"'], ['line\nbreak', 1.5]])).toBe('a,b\r\n"x,y","say ""z"""\r\n"line\nbreak",1.5\r\n');
  });

  it('keeps a text that looks like a formula a text, and a negative number a number', () => {
    expect(toCsv(['a'], [['=1+1'], [-1]])).toBe("a\r\n'=1+1\r\n-1\r\n");
  });

  it('of the scores has one record a channel', () => {
    const csv = scoresCsv([{ name: 'g', singleton: [0.25, 0.5], curves: { scale: [], leastSquares: [] } }], { g: [1] });
    expect(csv.split('\r\n')).toEqual(['group,channel,singleton_fidelity,kept', 'g,0,0.25,0', 'g,1,0.5,1', '']);
  });

  it('of the frontier says where each point comes from', () => {
    const method = { select: 'l1', compensate: 'none', order: 'sequential', allocate: 'uniform', renorm: false } as const;
    const csv = frontierCsv([{ key: 'k', label: 'L1', method, precomputed: true, rules: 'multiples of 8, 1 group set', source: '', points: [{ x: 100, value: 0.5, images: 1000 }] }], 'macs', 'agreement');
    expect(csv.split('\r\n')[0]).toBe('select,compensate,order,allocate,renorm,needs,macs,agreement,images,source,rules,calibrated_on');
    expect(csv.split('\r\n')[1]).toBe('l1,none,sequential,uniform,no,nothing,100,0.5,1000,precomputed,"multiples of 8, 1 group set",real pictures');
  });
});
