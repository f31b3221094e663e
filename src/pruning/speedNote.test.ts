import { describe, expect, it } from 'vitest';
import { speedNote } from './speedNote.ts';

describe('the speed note', () => {
  const macs = { before: 1000, after: 500 };

  it('says that fewer MACs did not make the network faster', () => {
    expect(speedNote({ macs, milliseconds: { before: 10, after: 9.8 } })).toBe('50 % of the MACs take 98 % of the time: fewer MACs did not make the network faster here.');
    expect(speedNote({ macs, milliseconds: { before: 10, after: 12 } })).toMatch(/take 120 % of the time/);
  });

  it('says nothing where it became faster, or where next to nothing was cut', () => {
    expect(speedNote({ macs, milliseconds: { before: 10, after: 6 } })).toBeUndefined();
    expect(speedNote({ macs: { before: 1000, after: 990 }, milliseconds: { before: 10, after: 11 } })).toBeUndefined();
  });
});
