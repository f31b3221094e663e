import { describe, expect, it } from 'vitest';
import type { LayerChange } from './layerChanges.ts';
import { slowSteps, speedNote, timedSteps } from './speedNote.ts';

const change = ([before, after]: [number, number]) => ({ before, after });

function layer(name: string, macs: [number, number], milliseconds?: [number, number], timedWith?: string): LayerChange {
  const same = { before: 8, after: 8 };
  return {
    layer: name, op: 'conv2d', channels: { in: same, out: same }, parameters: same, macs: change(macs),
    ...(milliseconds && { milliseconds: change(milliseconds) }), ...(timedWith !== undefined && { timedWith }),
  };
}

describe('the speed note', () => {
  const whole = { macs: { before: 1000, after: 500 } };

  it('says that fewer MACs did not make the network faster', () => {
    expect(speedNote({ ...whole, milliseconds: { before: 10, after: 9.8 } })).toBe('50 % of the MACs take 98 % of the time: fewer MACs did not make the network faster here.');
  });

  it('says nothing where it became faster, where nothing was cut, and where nothing was measured', () => {
    expect(speedNote({ ...whole, milliseconds: { before: 10, after: 6 } })).toBeUndefined();
    expect(speedNote({ macs: { before: 1000, after: 990 }, milliseconds: { before: 10, after: 11 } })).toBeUndefined();
    expect(speedNote(whole)).toBeUndefined();
  });

  it('names the layers that lost MACs and became no faster, the slowest first', () => {
    const layers = [
      layer('a', [100, 50], [2, 2.1]), layer('b', [100, 50], [2, 1]), layer('c', [100, 50], [3, 3]), layer('d', [100, 100], [3, 4]), layer('e', [0, 0], [1, 1]),
    ];
    expect(speedNote({ ...whole, milliseconds: { before: 11, after: 8 } }, layers)).toBe(
      'Fewer MACs did not make 2 layers faster: c (50 % of its MACs, 100 % of its time), a (50 % of its MACs, 105 % of its time).',
    );
  });

  it('counts those that it does not name', () => {
    const layers = Array.from({ length: 6 }, (_, k) => layer(`l${k}`, [100, 50], [2, 2]));
    expect(speedNote(whole, layers)).toMatch(/^Fewer MACs did not make 6 layers faster: l0 .* and 2 more\.$/);
  });

  it('leaves out steps that take next to no time', () => {
    expect(slowSteps(timedSteps([layer('big', [100, 50], [10, 5]), layer('tiny', [100, 50], [0.05, 0.05])]))).toEqual([]);
  });

  it('takes the layers of one step together', () => {
    const [step, ...others] = timedSteps([layer('expand', [100, 20], [4, 4]), layer('norm', [30, 30], undefined, 'expand')]);
    expect(others).toEqual([]);
    expect(step.macs).toEqual({ before: 130, after: 50 });
  });
});
