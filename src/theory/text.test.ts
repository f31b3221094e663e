import { beforeAll, expect, it } from 'vitest';
import { arraySource } from '../engine/fixtures/arrays.ts';
import { computeLogits } from '../engine/evaluate.ts';
import { inputOf, networkOf, TRANSFORMERS as oracle } from '../engine/fixtures/transformers.ts';
import { startWasm } from '../engine/fixtures/wasmBackend.ts';
import type { Correlator } from '../engine/kernels/correlator.ts';
import { seededRandom } from '../fidelity/random.ts';
import { judgeOf } from './accuracy.ts';
import { lipschitz } from './lipschitz.ts';
import { noise } from './noise.ts';
import { runTheory } from './table.ts';
import type { TheoryInput } from './theoryInput.ts';

const [TOKENS, VOCABULARY] = [8, 20];

let correlator: Correlator;
beforeAll(async () => {
  ({ correlator } = await startWasm());
});

/** Random token ids: what these tests ask does not depend on the words. */
function windows(count: number, seed: number) {
  const random = seededRandom(seed);
  return arraySource(Float32Array.from({ length: count * TOKENS }, () => Math.floor(random() * VOCABULARY)), [TOKENS]);
}

function inputFor(one: typeof oracle.llama | typeof oracle.gpt2): TheoryInput {
  return { network: networkOf(one), calibration: windows(8, 1), draw: windows, test: windows(6, 2), correlator, seed: 1 };
}

it('judges a language model by every token that it foretells', async () => {
  const input = inputFor(oracle.llama);
  const { expected, intact } = await judgeOf(input, {});
  const { values } = await computeLogits(input.network, input.test);
  const best = Array.from({ length: 6 * TOKENS }, (_, at) => {
    const row = values.subarray(at * VOCABULARY, (at + 1) * VOCABULARY);
    return row.indexOf(Math.max(...row));
  });
  expect([...(expected as Int32Array)]).toEqual(best);
  expect(intact).toBe(1);
  // one wrong token of 48 is one 48th
  const labels = best.with(3, (best[3] + 1) % VOCABULARY);
  expect((await judgeOf({ ...input, testLabels: labels }, {})).intact).toBeCloseTo(47 / 48, 12);
});

it('measures the constant of every norm, each within its bound', async () => {
  for (const one of [oracle.gpt2, oracle.llama, oracle.vit, oracle.swin]) {
    const network = networkOf(one);
    const own = inputOf(one, network);
    const { norms } = await lipschitz({ network, calibration: own, draw: () => own, test: own, correlator, seed: 1 });
    expect(norms.map(({ node }) => node)).toEqual(network.nodes.filter(({ op }) => op === 'layerNorm' || op === 'rmsNorm').map(({ id }) => id));
    for (const { greatest, bound } of norms) expect(greatest).toBeLessThanOrEqual(bound * 1.0001);
  }
});

it('noise of no size changes no token, and noise on all that carries the text changes many', async () => {
  const { points, intact } = await noise(inputFor(oracle.llama), {}, [0, 3]);
  expect(intact).toBe(1);
  expect(points[0]).toMatchObject({ onHiFi: 1, onOthers: 1 });
  expect(points[1].onOthers).toBeLessThan(0.9);
});

const EXPERIMENTS = ['localGlobal', 'lipschitz', 'orderGap', 'noise', 'correlation', 'stability', 'scoringCost'] as const;

it.each(EXPERIMENTS)('%s runs on a language model', async (experiment) => {
  const found = await runTheory(experiment, inputFor(oracle.gpt2));
  expect(found.experiment).toBe(experiment);
  expect(JSON.stringify(found)).not.toMatch(/null|NaN/);
});
