import { beforeAll, describe, expect, it } from 'vitest';
import { relativeError, randomSource } from '../engine/fixtures/arrays.ts';
import { inputOf, networkOf, TRANSFORMERS as oracle } from '../engine/fixtures/transformers.ts';
import { startWasm } from '../engine/fixtures/wasmBackend.ts';
import { computeLogits } from '../engine/evaluate.ts';
import type { Correlator } from '../engine/kernels/correlator.ts';
import type { Network } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';
import { compareNeurons } from './neuronComparison.ts';
import { neuronsMarkdown, type NeuronTable } from './neuronsMarkdown.ts';
import { withSection, withSectionsOf } from './sections.ts';

let correlator: Correlator;
beforeAll(async () => {
  ({ correlator } = await startWasm());
});

const parameters = ({ nodes }: Network) => nodes.flatMap(({ weights }) => Object.values(weights)).reduce((sum, { values }) => sum + values.length, 0);

/** Features that each attention reads as queries. */
function queryWidths(network: Network): (number | undefined)[] {
  const shapes = inferShapes(network);
  return network.nodes.flatMap(({ op, inputs }) => (op === 'attention' ? [shapes.get(inputs[0])?.at(-1)] : []));
}

describe('the comparison of neurons', () => {
  it('removes as many of every MLP by every rule, no head, and finds least squares nearest to the intact network', async () => {
    const network = networkOf(oracle.vit);
    const calibration = randomSource(24, network.nodes[0].op === 'input' ? network.nodes[0].attributes.shape : [], 3);
    const test = inputOf(oracle.vit, network);
    const intact = (await computeLogits(network, test)).values;
    const seen: Network[] = [];
    const measure = async (smaller: Network) => {
      seen.push(smaller);
      return relativeError((await computeLogits(smaller, test)).values, intact);
    };
    const found = await compareNeurons({ network, calibration, correlator, measure }, [0.4], [
      { select: 'random', compensate: 'none' }, { select: 'l1', compensate: 'none' }, { select: 'greedy', compensate: 'leastSquares' },
    ]);
    expect(found.intact).toBe(0);
    const sizes = new Set(seen.slice(1).map(parameters));
    expect(sizes.size).toBe(1);
    expect([...sizes][0]).toBeLessThan(parameters(network));
    // three random orders, L1, ours
    expect(seen).toHaveLength(6);
    const [random, l1, ours] = found.points.map(({ measured }) => measured);
    expect(ours).toBeLessThan(Math.min(random, l1));
    expect(queryWidths(seen[5])).toEqual(queryWidths(network));
  });
});

const TABLE: NeuronTable = {
  model: 'tiny', neurons: 8, intact: 20, judged: { by: 'perplexity', on: '3 windows', calibration: '2 windows' },
  points: [
    { select: 'random', compensate: 'none', removed: 0.4, measured: 90 },
    { select: 'wanda', compensate: 'none', removed: 0.4, measured: 60 },
    { select: 'wanda', compensate: 'leastSquares', removed: 0.4, measured: 40 },
    { select: 'greedy', compensate: 'leastSquares', removed: 0.4, measured: 50 },
  ],
};

describe('the section of docs/claims.md', () => {
  it('says whether ours is better than every rule that compensates nothing, and what those reach when they do', () => {
    const text = neuronsMarkdown(TABLE, { command: 'x', machine: 'y' });
    expect(text).toContain('40 % removed: **holds**, 50.00 (greedy, least squares) against 60.00 (Wanda); with the same compensation 40.00 (Wanda, least squares).');
    const worse = { ...TABLE, points: TABLE.points.map((point) => (point.select === 'greedy' ? { ...point, measured: 61 } : point)) };
    expect(neuronsMarkdown(worse, { command: 'x', machine: 'y' })).toContain('**does not hold**');
    const accuracy = { ...TABLE, judged: { ...TABLE.judged, by: 'accuracy' as const } };
    expect(neuronsMarkdown(accuracy, { command: 'x', machine: 'y' })).toContain('**does not hold**, 5000.0 % (greedy');
  });

  it('is replaced where it stands, and outlives a new text around it', () => {
    const first = withSection('# Claims\n', 'neurons', 'one');
    expect(first).toBe('# Claims\n\n<!-- neurons -->\none\n<!-- /neurons -->\n');
    expect(withSection(`${first}\nmore\n`, 'neurons', 'two')).toBe('# Claims\n\n<!-- neurons -->\ntwo\n<!-- /neurons -->\n\nmore\n');
    expect(withSectionsOf(first, '# New\n')).toBe('# New\n\n<!-- neurons -->\none\n<!-- /neurons -->\n');
  });
});
