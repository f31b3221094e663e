import { beforeAll, describe, expect, it } from 'vitest';
import { startWasm } from '../engine/fixtures/wasmBackend.ts';
import type { Correlator } from '../engine/kernels/correlator.ts';
import { SELECTIONS } from '../pruning/selections.ts';
import { residualNetwork } from '../network/fixtures/networks.ts';
import { inputFor, linearNetwork } from './fixtures/inputs.ts';
import { scoringCost } from './scoringCost.ts';

let correlator: Correlator;
beforeAll(async () => {
  ({ correlator } = await startWasm());
});

describe('scoringCost', () => {
  it('counts the bytes that a rule reads beside the weights', async () => {
    const network = linearNetwork(
      6,
      { kernel: Array.from({ length: 30 }, (_, k) => Math.cos(k)), outputs: 5 },
      { kernel: Array.from({ length: 15 }, (_, k) => Math.sin(k)), outputs: 3 },
      { kernel: [1, 0, 0, 1, 1, 1], outputs: 2 },
    );
    const { rules, images } = await scoringCost(inputFor(network, correlator, { images: 10 }), {}, ['l1', 'random', 'singleton', 'greedy']);
    expect(images).toBe(10);
    const pictures = 10 * 6 * 4;
    // the Grams of both readers, 5 × 5 and 3 × 3
    const grams = (25 + 9) * 8;
    expect(rules.map(({ select, bytes }) => [select, bytes])).toEqual([['l1', 0], ['random', 0], ['singleton', pictures + grams], ['greedy', pictures + grams]]);
    for (const { seconds } of rules) expect(seconds).toBeGreaterThanOrEqual(0);
  });

  it('measures every rule or says why it does not', async () => {
    const { rules, skipped } = await scoringCost(inputFor(residualNetwork(), correlator, { images: 8 }));
    expect([...rules, ...skipped].map(({ select }) => select).toSorted()).toEqual([...SELECTIONS].toSorted());
    expect(rules.map(({ select }) => select)).toEqual(expect.arrayContaining(['singleton', 'greedy', 'backward', 'l1', 'obc', 'hrank', 'nisp']));
    expect(skipped.find(({ select }) => select === 'taylor')?.reason).toMatch(/labels/);
  });

  it('measures a rule that needs labels where there are some', async () => {
    const input = inputFor(residualNetwork(), correlator, { images: 8 });
    const { rules, skipped } = await scoringCost({ ...input, calibrationLabels: new Uint8Array(8) }, {}, ['taylor']);
    expect(skipped).toEqual([]);
    expect(rules).toMatchObject([{ select: 'taylor', bytes: 8 * 8 * 8 * 3 * 4 }]);
  });
});
