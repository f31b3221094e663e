import { beforeAll, describe, expect, it } from 'vitest';
import { computeLogits, topClasses } from '../../engine/evaluate.ts';
import { arraySource } from '../../engine/fixtures/arrays.ts';
import { startWasm } from '../../engine/fixtures/wasmBackend.ts';
import type { Correlator } from '../../engine/kernels/correlator.ts';
import { fineTune } from '../../engine/training/fineTune.ts';
import { DEFAULT_TRAINING } from '../../engine/training/trainingRequest.ts';
import { randomWeights, residualNetwork } from '../../network/fixtures/networks.ts';
import type { Network, Weight } from '../../network/network.ts';
import { FORGET_METHODS, type ForgetInput, type LabelledPictures } from '../forgetMethod.ts';
import { forgetMethods } from './forgetMethods.ts';
import { magnitudePruned } from './magnitudePruning.ts';

/** Pictures of noise whose brightest channel, or none, says their class. */
function pictures(classes: readonly number[], count: number, seed: number): LabelledPictures {
  const labels = Array.from({ length: count }, (_, k) => classes[k % classes.length]);
  const values = randomWeights(seed)([count * 192], 0.5, 0.5).values.map((value, at) => value + (at % 3 === labels[Math.floor(at / 192)] ? 0.5 : 0));
  return { images: arraySource(values, [8, 8, 3]), labels };
}

const FORGOTTEN = 1;
let input: ForgetInput;
let correlator: Correlator;
beforeAll(async () => {
  ({ correlator } = await startWasm());
  const { images, labels } = pictures([0, 1, 2, 3], 96, 31);
  const { network } = await fineTune({ network: residualNetwork(), images, target: { kind: 'labels', labels }, correlator }, { ...DEFAULT_TRAINING, epochs: 8, batch: 16, rate: 0.1, clip: 5, flip: false, shift: 0 });
  input = { network, classes: [FORGOTTEN], forget: pictures([FORGOTTEN], 32, 7), retain: pictures([0, 2, 3], 48, 8), correlator, seed: 3 };
});

const share = async (network: Network, { images, labels }: LabelledPictures) => {
  const found = topClasses(await computeLogits(network, images));
  return found.filter((c, k) => c === labels[k]).length / found.length;
};

const TEST = { forget: pictures([FORGOTTEN], 40, 55), retain: pictures([0, 2, 3], 60, 56) };
const SMALL = { training: { epochs: 4, batch: 16, rate: 0.02, flip: false, shift: 0 } };

describe('forgetMethods', () => {
  it('start from a network that knows all four classes', async () => {
    expect(await share(input.network, TEST.forget)).toBeGreaterThan(0.8);
    expect(await share(input.network, TEST.retain)).toBeGreaterThan(0.8);
  });

  it.each(FORGET_METHODS)('%s gives another network, says what it took, and leaves the one given as it was', async (method) => {
    const untouched = structuredClone(input.network);
    const { network, gradientSteps, milliseconds, unlearned, trained } = await forgetMethods[method](input, { ...SMALL, edit: { layers: 2 } });
    expect(input.network).toEqual(untouched);
    expect(network).not.toEqual(input.network);
    expect(milliseconds).toBeGreaterThan(0);
    const trains = ['gradientAscent', 'jia', 'fineTune'].includes(method);
    expect(gradientSteps > 0).toBe(trains);
    expect([unlearned === undefined, trained === undefined]).toEqual([trains, !trains]);
    expect((await computeLogits(network, TEST.forget.images)).values.every(Number.isFinite)).toBe(true);
  });

  it('gradient ascent stops as soon as nothing of the class is known', async () => {
    const { network, gradientSteps, trained } = await forgetMethods.gradientAscent(input, { training: { rate: 0.3, batch: 8, epochs: 50 } });
    expect(trained?.stopped).toBe(true);
    expect(gradientSteps).toBeLessThan(200);
    expect(topClasses(await computeLogits(network, input.forget.images))).not.toContain(FORGOTTEN);
    expect(await share(network, TEST.forget)).toBeLessThan(0.1);
  });

  it('fine-tuning keeps what the retain pictures show', async () => {
    const { network } = await forgetMethods.fineTune(input, SMALL);
    expect(await share(network, input.retain)).toBeGreaterThanOrEqual(await share(input.network, input.retain));
    expect(await share(network, TEST.retain)).toBeGreaterThan(0.75);
  });

  it('jia leaves the least weights at 0, and the L1 penalty makes the others smaller', async () => {
    const { network } = await forgetMethods.jia(input, { ...SMALL, pruned: 0.6 });
    const [now, before] = [kernels(network), kernels(input.network)];
    expect(now.filter((w) => w === 0).length).toBe(Math.floor(0.6 * before.length));
    const least = Math.min(...before.filter((_, k) => now[k] !== 0).map(Math.abs));
    expect(before.every((w, k) => now[k] !== 0 || Math.abs(w) <= least)).toBe(true);
    const size = (of: Network) => kernels(of).reduce((sum, w) => sum + Math.abs(w), 0);
    const strong = await forgetMethods.jia(input, { training: { ...SMALL.training, l1: 0.02 }, pruned: 0.6 });
    expect(size(strong.network)).toBeLessThan(size(network));
  });

  it('name what is wrong, and stop where they are cancelled', async () => {
    const cancelled = { signal: AbortSignal.abort() };
    for (const method of FORGET_METHODS) {
      await expect(forgetMethods[method]({ ...input, classes: [4] }), method).rejects.toMatchObject({ name: 'ClassRangeError' });
      await expect(forgetMethods[method]({ ...input, classes: [0, 1, 2, 3] }), method).rejects.toMatchObject({ name: 'AllClassesError' });
      await expect(forgetMethods[method]({ ...input, forget: pictures([FORGOTTEN], 0, 1) }), method).rejects.toMatchObject({ name: 'EmptyClassError' });
      await expect(forgetMethods[method]({ ...input, retain: pictures([0], 1, 1) }), method).rejects.toMatchObject({ name: 'TooFewPicturesError' });
      await expect(forgetMethods[method](input, SMALL, cancelled), method).rejects.toMatchObject({ name: 'CancelledError' });
    }
    await expect(forgetMethods.jia(input, { pruned: 1 })).rejects.toMatchObject({ name: 'UnlearnSettingError' });
  });
});

function kernels({ nodes }: Network): number[] {
  return nodes.flatMap(({ weights }) => [...((weights as Readonly<Record<string, Weight>>).kernel?.values ?? [])]);
}

describe('magnitudePruned', () => {
  it('counts over the whole network, with equals in order, and keeps everything else', () => {
    const values = [[3, -1, 1, -2], [1, 5, -1, 4]];
    const nodes = values.map((own, k) => ({ id: `dense${k}`, op: 'dense' as const, inputs: ['x'], attributes: {}, weights: { kernel: { shape: [2, 2], values: Float32Array.from(own) }, bias: { shape: [2], values: Float32Array.of(0.1, 0) } } }));
    const pruned = (share: number) => magnitudePruned({ name: 'two', nodes, outputs: ['dense1'] }, share).nodes.map(({ weights }) => [...(weights as { kernel: Weight }).kernel.values]);
    expect(pruned(0)).toEqual(values);
    expect(pruned(3 / 8)).toEqual([[3, 0, 0, -2], [0, 5, -1, 4]]);
    expect(pruned(5 / 8)).toEqual([[3, 0, 0, 0], [0, 5, 0, 4]]);
    expect(magnitudePruned({ name: 'two', nodes, outputs: ['dense1'] }, 0.5).nodes[0].weights).toMatchObject({ bias: nodes[0].weights.bias });
  });
});
