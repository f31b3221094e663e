import { describe, expect, it } from 'vitest';
import type { LayerChange } from './layerChanges.ts';
import { slowLayersNote, slowSteps, timedSteps } from './slowLayers.ts';

const change = ([before, after]: [number, number]) => ({ before, after });

function layer(name: string, macs: [number, number], milliseconds?: [number, number], timedWith?: string): LayerChange {
  const same = { before: 8, after: 8 };
  return {
    layer: name, op: 'conv2d', channels: { in: same, out: same }, parameters: same, macs: change(macs),
    ...(milliseconds && { milliseconds: change(milliseconds) }), ...(timedWith !== undefined && { timedWith }),
  };
}

describe('the note on slow layers', () => {
  it('names the layers that lost MACs and became no faster, the slowest first', () => {
    const layers = [
      layer('a', [100, 50], [2, 2.1]), layer('b', [100, 50], [2, 1]), layer('c', [100, 50], [3, 3]), layer('d', [100, 100], [3, 4]), layer('e', [0, 0], [1, 1]),
    ];
    expect(slowLayersNote(layers)).toBe(
      'Fewer MACs did not make 2 layers faster: c (50 % of its MACs, 100 % of its time), a (50 % of its MACs, 105 % of its time).',
    );
  });

  it('counts those that it does not name', () => {
    const layers = Array.from({ length: 6 }, (_, k) => layer(`l${k}`, [100, 50], [2, 2]));
    expect(slowLayersNote(layers)).toMatch(/^Fewer MACs did not make 6 layers faster: l0 .* and 2 more\.$/);
  });

  it('leaves out steps that take next to no time', () => {
    expect(slowSteps(timedSteps([layer('big', [100, 50], [10, 5]), layer('tiny', [100, 50], [0.05, 0.05])]))).toEqual([]);
  });

  it('takes the layers of one step together', () => {
    const [step, ...others] = timedSteps([layer('expand', [100, 20], [4, 4]), layer('norm', [30, 30], undefined, 'expand')]);
    expect(others).toEqual([]);
    expect(step.macs).toEqual({ before: 130, after: 50 });
  });

  it('is not there where nothing was measured', () => {
    expect(slowLayersNote([layer('a', [100, 50])])).toBeUndefined();
  });
});
