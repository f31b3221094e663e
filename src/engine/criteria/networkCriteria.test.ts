import { beforeAll, describe, expect, it } from 'vitest';
import { coupling } from '../../network/coupling.ts';
import type { Network } from '../../network/network.ts';
import { arraySource } from '../fixtures/arrays.ts';
import { startWasm } from '../fixtures/wasmBackend.ts';
import { SELECTION_RULES } from '../../pruning/selections.ts';
import oracle from './fixtures/networkCriteria.json' with { type: 'json' };
import type { NetworkCriterionInput } from './networkCriterion.ts';
import { stableUnits } from './stableRelu.ts';
import { NETWORK_CRITERIA, networkCriterion, NotANetworkCriterionError, type NetworkSelection } from './table.ts';

// Expected values: zoo/oracles/networkCriteria.py, in float64 from PyTorch and explicit matrices.

/** JSON has plain arrays where a network has Float32Arrays. */
const network = JSON.parse(JSON.stringify(oracle.network), (key, value: unknown) =>
  key === 'values' ? Float32Array.from(value as number[]) : value,
) as Network;
const input: NetworkCriterionInput = {
  network,
  coupled: coupling(network),
  images: arraySource(Float32Array.from(oracle.pictures), [8, 8, 3]),
  labels: oracle.labels,
  seed: oracle.seed,
};
/** Bounds are widened by every rounding that there might be. */
const TOLERANCES: Partial<Record<NetworkSelection, number>> = { stableRelu: 5e-4 };
const expected = oracle.scores as Record<NetworkSelection, Record<string, number[]>>;

beforeAll(async () => {
  await startWasm();
});

describe('the rules that run the network, against PyTorch on the same network and pictures,', () => {
  it('are those that the table of selections says', () => {
    const named = Object.entries(SELECTION_RULES).flatMap(([name, rule]) => (rule.scoredBy === 'network' ? [name] : []));
    expect(Object.keys(NETWORK_CRITERIA).sort()).toEqual(named.sort());
    expect(() => networkCriterion('l1')).toThrow(NotANetworkCriterionError);
  });

  it.each(Object.keys(NETWORK_CRITERIA) as NetworkSelection[])('%s has the same scores', async (rule) => {
    const scores = await networkCriterion(rule)(input);
    expect([...scores.keys()].sort()).toEqual(Object.keys(expected[rule]).sort());
    for (const [group, own] of Object.entries(expected[rule])) {
      const found = scores.get(group) ?? [];
      const greatest = Math.max(...own.map(Math.abs));
      expect(found).toHaveLength(own.length);
      const factor = factorOf(rule, scores, expected[rule]);
      own.forEach((score, c) => expect(Math.abs(found[c] * factor - score), `${group} ${c}`).toBeLessThan((TOLERANCES[rule] ?? 1e-4) * greatest));
    }
  });

  it('proves as many units stable', async () => {
    const found = await stableUnits(network);
    expect(found.map(({ node, units, dead, linear }) => [node, [units, dead, linear]])).toEqual(Object.entries(oracle.stableUnits));
    expect(found.filter(({ deadChannels }) => deadChannels > 0).length, 'some channels are dead').toBeGreaterThan(1);
    expect(found.filter(({ linearChannels }) => linearChannels > 0).length, 'some channels are linear').toBeGreaterThan(0);
  });
});

/** Scores of these two are right up to one factor for the whole network. */
function factorOf(rule: NetworkSelection, found: ReadonlyMap<string, ArrayLike<number>>, own: Record<string, number[]>): number {
  if (rule !== 'synflow' && rule !== 'nisp') return 1;
  const total = [...found.values()].reduce((sum, scores) => sum + Array.from(scores).reduce((a, b) => a + b, 0), 0);
  return Object.values(own).flat().reduce((a, b) => a + b, 0) / total;
}
