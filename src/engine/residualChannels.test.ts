import { beforeAll, expect, it } from 'vitest';
import { coupling, keptFeatures } from '../network/coupling.ts';
import type { Node } from '../network/network.ts';
import { withResidualChannels } from '../network/residualChannels.ts';
import { inferShapes } from '../network/shapes.ts';
import { prune } from '../network/surgery.ts';
import { CRITERIA } from '../pruning/criteria/table.ts';
import { subjectOf } from '../pruning/subject.ts';
import { measuresOf } from './calibrate.ts';
import { computeLogits } from './evaluate.ts';
import { randomSource, relativeError } from './fixtures/arrays.ts';
import { inputOf, networkOf, TRANSFORMERS as oracle } from './fixtures/transformers.ts';
import { startWasm } from './fixtures/wasmBackend.ts';
import type { Correlator } from './kernels/correlator.ts';
import { pruneSequentially } from './sequential.ts';

let correlator: Correlator;
beforeAll(async () => {
  ({ correlator } = await startWasm());
});

const CASES = [['gpt2', oracle.gpt2], ['llama', oracle.llama], ['vit', oracle.vit], ['swin', oracle.swin]] as const;

/** Groups that may be cut only where residual channels may. */
function residualGroups(one: (typeof CASES)[number][1]) {
  const plain = networkOf(one);
  const network = withResidualChannels(plain);
  const free = (of: typeof plain) => coupling(of).groups.filter(({ frozen }) => frozen === undefined);
  const known = new Set(free(plain).map(({ name }) => name));
  return { plain, network, groups: free(network).filter(({ name }) => !known.has(name)) };
}

it.each(CASES)('%s computes the same while all residual channels are there', async (_, one) => {
  const { plain, network, groups } = residualGroups(one);
  expect(groups.length).toBeGreaterThan(0);
  const input = inputOf(one, plain);
  expect((await computeLogits(network, input)).values).toEqual((await computeLogits(plain, input)).values);
});

it.each(CASES)('%s without some residual channels computes what it does where those are zero', async (_, one) => {
  const { network, groups } = residualGroups(one);
  const keep = Object.fromEntries(groups.map(({ name, channels }) => [name, Array.from({ length: channels }, (_none, i) => i).filter((i) => i % 4 !== 1)]));
  const { features } = coupling(network);
  // a zero gain makes what reads a norm's channel see a zero; zero weights and tables keep the stream itself at zero
  const masked = { ...network, nodes: network.nodes.map((node): Node => {
    const map = features.get(node.id);
    const kept = map && keptFeatures(map, keep);
    if (!kept || node.op === 'input') return node;
    const stays = new Set(kept);
    const zeroed = Object.fromEntries(Object.entries(node.weights).map(([name, weight]) => {
      const width = weight.shape[weight.shape.length - 1];
      return [name, width === map.group.length ? { shape: weight.shape, values: weight.values.map((w, at) => (stays.has(at % width) ? w : 0)) } : weight];
    }));
    return { ...node, weights: { ...node.weights, ...zeroed } } as Node;
  }) };
  const input = inputOf(one, network);
  const [cut, expected, intact] = await Promise.all([prune(network, { keep, weights: {} }), masked, network].map(async (each) => (await computeLogits(each, input)).values));
  expect(relativeError(cut, expected)).toBeLessThan(1e-5);
  expect(relativeError(cut, intact)).toBeGreaterThan(1e-2);
});

it('fidelity scores residual channels, and sequential least squares brings the network nearer to itself', async () => {
  const { network, groups: [stream] } = residualGroups(oracle.vit);
  const subject = subjectOf(network);
  const shape = inferShapes(network).get('input') ?? [];
  const [calibration, test] = [randomSource(12, shape, 3), randomSource(6, shape, 4)];
  const measures = await measuresOf(subject, calibration, correlator);
  const scores = CRITERIA.singleton({ ...subject, measures, fit: 'leastSquares', seed: 1 }).get(stream.name) ?? [];
  expect(scores).toHaveLength(stream.channels);
  const kept = [...scores.keys()].sort((a, b) => scores[b] - scores[a]).slice(0, stream.channels - 2).sort((a, b) => a - b);
  const keep = { [stream.name]: kept };
  const intact = (await computeLogits(network, test)).values;
  const errorOf = async (method: 'none' | 'leastSquares') =>
    relativeError((await computeLogits(prune(network, await pruneSequentially(network, keep, method, calibration, correlator)), test)).values, intact);
  const [none, fitted] = [await errorOf('none'), await errorOf('leastSquares')];
  expect(fitted).toBeLessThan(0.8 * none);
});
