import { describe, expect, it } from 'vitest';
import { costModel } from '../network/costModel.ts';
import { couplingGroups } from '../network/coupling.ts';
import { residualNetwork } from '../network/fixtures/networks.ts';
import { networkCosts } from '../network/costs.ts';
import { keepSets, MissingTimesError, prunableGroups } from './keepSets.ts';
import { timeModel, totalMilliseconds } from './timedCosts.ts';

const network = residualNetwork();
const model = costModel(network);
/** Every layer with MACs takes a millisecond, whatever it computes; the global pool takes half of one. */
const steps = [
  ...[...networkCosts(network).nodes].filter(([, { macs }]) => macs > 0).map(([id]) => ({ layers: [id, `${id}_norm`], milliseconds: 1 })),
  { layers: ['pool'], milliseconds: 0.5 },
];
const time = timeModel(model, steps);
const groups = prunableGroups(couplingGroups(network));
const rankings = groups.map(({ name, channels }) => ({ name, channels, scores: Array.from({ length: channels }, (_, i) => i) }));

describe('predicted time', () => {
  it('is what was measured at full width', () => {
    expect(totalMilliseconds(time, {})).toBeCloseTo(steps.length - 1 + 0.5, 12);
  });

  it('of each layer falls with its MACs, and that of what has none stays', () => {
    // block1_conv1 writes the group and block1_conv2 reads it: both at 2 of 5 channels, all else whole
    expect(totalMilliseconds(time, { block1_conv1: 2 })).toBeCloseTo(steps.length - 1 + 0.5 - 2 * (3 / 5), 12);
  });

  it('of a network is met by a budget of milliseconds, which cuts other groups than one of MACs', () => {
    const widths = (kind: 'latency' | 'macs') =>
      Object.fromEntries(Object.entries(keepSets({ kind, value: 0.6 }, rankings, model, { time })).map(([name, kept]) => [name, kept.length]));
    expect(totalMilliseconds(time, widths('latency'))).toBeLessThanOrEqual(0.6 * totalMilliseconds(time, {}));
    expect(widths('latency')).not.toEqual(widths('macs'));
  });

  it('is asked for where it is missing', () => {
    expect(() => keepSets({ kind: 'latency', value: 0.5 }, rankings, model)).toThrow(MissingTimesError);
  });
});
