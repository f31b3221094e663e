import { beforeAll, describe, expect, it } from 'vitest';
import { arraySource } from '../engine/fixtures/arrays.ts';
import { startWasm } from '../engine/fixtures/wasmBackend.ts';
import type { Correlator } from '../engine/kernels/correlator.ts';
import { intactStatistics } from '../fidelity/layerStatistics.ts';
import { residualNetwork } from '../network/fixtures/networks.ts';
import { correlation, outputCorrelation } from './correlation.ts';
import { inputFor, linearNetwork } from './fixtures/inputs.ts';

let correlator: Correlator;
beforeAll(async () => {
  ({ correlator } = await startWasm());
});

const identity = (n: number) => Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? 1 : 0));
const readers = Array.from({ length: 24 }, (_, k) => Math.cos(5 * k) + 0.2);

describe('correlation', () => {
  it('uncorrelated contributions have correlation 0, and singleton loses nothing', async () => {
    const network = linearNetwork(8, { kernel: identity(8), outputs: 8 }, { kernel: readers, outputs: 3 });
    // one channel at a time, each of a strength of its own: every product of two channels is 0
    const pictures = Float32Array.from({ length: 64 }, (_, k) => (k % 9 === 0 ? 1 + k / 9 : 0));
    const input = { ...inputFor(network, correlator), calibration: arraySource(pictures, [8]) };
    const { groups: [group, ...others] } = await correlation(input);
    expect(others).toEqual([]);
    expect(group).toMatchObject({ group: 'hidden', channels: 8, kept: 4, correlation: 0 });
    expect(group.greedy).toBeCloseTo(group.singleton, 9);
    expect(group.exact).toBeCloseTo(group.singleton, 9);
    expect(group.singleton).toBeGreaterThan(0.5);
    expect(group.singleton).toBeLessThan(1);
  });

  it('channels that all say the same have correlation 1', async () => {
    const network = linearNetwork(1, { kernel: Array.from({ length: 8 }, (_, k) => 1 + k), outputs: 8 }, { kernel: readers, outputs: 3 });
    const { groups: [group] } = await correlation(inputFor(network, correlator));
    expect(group.correlation).toBeCloseTo(1, 5);
  });

  it('of two channels whose products are known is their cosine', () => {
    const gram = Float64Array.of(4, 3, 3, 9);
    const layer = intactStatistics({ n: 2, p: 1, m: 2, gram, weights: Float64Array.of(2, -1, 1, 0) });
    expect(outputCorrelation(layer, 0)).toBeCloseTo(0.5, 12);
    // a channel that adds nothing to the second output has no angle
    expect(outputCorrelation(layer, 1)).toBeUndefined();
  });

  it('measures every group that may be cut, with exact at least greedy at least nothing', async () => {
    const { groups } = await correlation(inputFor(residualNetwork(), correlator));
    expect(groups.map(({ channels }) => channels)).toEqual([6, 5, 7, 8]);
    for (const { correlation: value, singleton, greedy, exact } of groups) {
      expect(value).toBeGreaterThan(0);
      expect(value).toBeLessThanOrEqual(1);
      expect(exact ?? 0).toBeGreaterThanOrEqual(Math.max(singleton, greedy) - 1e-9);
    }
  });
});
