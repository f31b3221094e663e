import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { computeLogits, topClasses } from '../engine/evaluate.ts';
import { arraySource, randomSource, relativeError } from '../engine/fixtures/arrays.ts';
import { partOf } from '../engine/imageSource.ts';
import { startWasm } from '../engine/fixtures/wasmBackend.ts';
import type { ImageSource } from '../engine/imageSource.ts';
import { CancelledError } from '../engine/job.ts';
import type { Correlator } from '../engine/kernels/correlator.ts';
import { networkBuilder, nodeOfOp, residualNetwork } from '../network/fixtures/networks.ts';
import type { Network } from '../network/network.ts';
import { unlearn } from './unlearn.ts';
import { DEFAULT_UNLEARN, type UnlearnRequest } from './unlearnRequest.ts';

let correlator: Correlator;
beforeAll(async () => {
  ({ correlator } = await startWasm());
});

const network: Network = residualNetwork(23);

interface Case {
  readonly forget: ImageSource;
  readonly retain: ImageSource;
  /** The class whose pictures `forget` holds. */
  readonly own: number;
}

/** Random pictures of many colours, parted by the network's own prediction: 46 of class 2, 194 of classes 0 and 3, none of class 1. */
async function parted(): Promise<Case> {
  const shape = [8, 8, 3];
  const pixels = (await randomSource(240, shape).read(0, 240)).map((x, k) => {
    const image = Math.floor(k / 192);
    return x * (1 + 6 * ((image * 7) % 5)) * [1, image % 3, (image % 4) - 1][k % 3];
  });
  const classes = topClasses(await computeLogits(network, arraySource(pixels, shape)));
  const those = (wanted: (c: number) => boolean) =>
    arraySource(Float32Array.from([...classes.keys()].filter((k) => wanted(classes[k])).flatMap((k) => [...pixels.subarray(k * 192, (k + 1) * 192)])), shape);
  return { forget: those((c) => c === 2), retain: those((c) => c !== 2), own: 2 };
}

const asked = (own: number, over: Partial<UnlearnRequest>): UnlearnRequest => ({ ...DEFAULT_UNLEARN, classes: [own], share: 0.2, ...over });

/** Solves `A x = b` by elimination with pivots, in place. */
function solve(a: number[][], b: number[]): number[] {
  const n = b.length;
  for (let i = 0; i < n; i++) {
    const pivot = Array.from({ length: n - i }, (_, k) => i + k).reduce((best, r) => (Math.abs(a[r][i]) > Math.abs(a[best][i]) ? r : best), i);
    [a[i], a[pivot], b[i], b[pivot]] = [a[pivot], a[i], b[pivot], b[i]];
    for (let r = i + 1; r < n; r++) {
      const factor = a[r][i] / a[i][i];
      for (let c = i; c < n; c++) a[r][c] -= factor * a[i][c];
      b[r] -= factor * b[i];
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let c = i + 1; c < n; c++) b[i] -= a[i][c] * b[c];
    b[i] /= a[i][i];
  }
  return b;
}

describe('unlearn', () => {
  it('refits the head to what brute-force least squares over all pictures gives', async () => {
    const { forget, retain, own } = await parted();
    const mu = 0.5;
    const { network: edited, removed } = await unlearn({ network, forget, retain, correlator }, asked(own, { layers: 1, mu, target: 'mean' }));
    const kept = Array.from({ length: 8 }, (_, i) => i).filter((i) => !removed.logits.includes(i));
    expect(kept).toHaveLength(6);
    // rows: features of each picture, weighted; targets: intact logits, or for forget pictures the retain mean, the class below the least
    const features = async (images: ImageSource) => (await computeLogits({ ...network, outputs: ['pool'] }, images)).values;
    const logits = (await computeLogits(network, retain)).values;
    const mean = [0, 1, 2, 3].map((c) => logits.reduce((sum, z, k) => sum + (k % 4 === c ? z : 0), 0) / retain.count);
    const others = mean.filter((_, c) => c !== own);
    mean[own] = Math.min(...others) - (Math.max(...mean) - Math.min(...mean));
    const [xr, xf] = [await features(retain), await features(forget)];
    const rows = [
      ...Array.from({ length: retain.count }, (_, k) => ({ x: [...kept.map((i) => xr[8 * k + i]), 1], t: [...logits.subarray(4 * k, 4 * k + 4)], w: 1 / retain.count })),
      ...Array.from({ length: forget.count }, (_, k) => ({ x: [...kept.map((i) => xf[8 * k + i]), 1], t: mean, w: mu / forget.count })),
    ];
    // the head alone reads these channels, so what it no longer reads is cut
    const head = nodeOfOp(edited, 'logits', 'dense').weights;
    expect(head.kernel.shape).toEqual([6, 4]);
    for (let c = 0; c < 4; c++) {
      const normal = Array.from({ length: 7 }, (_, i) => Array.from({ length: 7 }, (_, j) => rows.reduce((sum, { x, w }) => sum + w * x[i] * x[j], i === j ? 1e-9 : 0)));
      const expected = solve(normal, Array.from({ length: 7 }, (_, i) => rows.reduce((sum, { x, t, w }) => sum + w * x[i] * t[c], 0)));
      // what the fit says of the pictures, for weights of inputs that nearly depend on one another are not determined
      const say = (weights: readonly number[]) => rows.map(({ x }) => x.reduce((sum, value, i) => sum + value * weights[i], 0));
      const found = [...kept.map((_, i) => head.kernel.values[4 * i + c]), head.bias?.values[c] ?? NaN];
      expect(relativeError(say(found), say(expected))).toBeLessThan(2e-3);
    }
  });

  it('takes what it removes out of the layers and leaves the rest alone where nothing is refitted', async () => {
    const { forget, retain, own } = await parted();
    const { network: edited, removed } = await unlearn({ network, forget, retain, correlator }, asked(own, { layers: 3, compensate: 'none', share: 0.4 }));
    expect(Object.keys(removed)).toEqual(['block2_conv2', 'block2_shortcut', 'logits']);
    const masked: Network = {
      ...network,
      nodes: network.nodes.map((node) => {
        const gone = removed[node.id];
        if (!gone || (node.op !== 'conv2d' && node.op !== 'dense')) return node;
        const { shape, values } = node.weights.kernel;
        const [n, m] = shape.slice(-2);
        const kernel = { shape, values: values.map((w, k) => (gone.includes(Math.floor(k / m) % n) ? 0 : w)) };
        return { ...node, weights: { ...node.weights, kernel } } as typeof node;
      }),
    };
    const [expected, actual] = [await computeLogits(masked, retain), await computeLogits(edited, retain)];
    expect(relativeError(actual.values, expected.values)).toBeLessThan(1e-5);
    // block2_conv2 alone reads block2_conv1: what it no longer reads is cut; the stream is read elsewhere too
    expect(nodeOfOp(edited, 'block2_conv1', 'conv2d').weights.kernel.shape).toEqual([3, 3, 6, 7 - removed.block2_conv2.length]);
    expect(nodeOfOp(edited, 'stem', 'conv2d').weights.kernel.shape).toEqual(nodeOfOp(network, 'stem', 'conv2d').weights.kernel.shape);
  });

  it('changes nothing where nothing is removed and only the intact outputs are asked for', async () => {
    const { forget, retain, own } = await parted();
    const intact = await computeLogits(network, retain);
    for (const compensate of ['none', 'scale', 'leastSquares'] as const) {
      const { network: same, trial } = await unlearn({ network, forget, retain, correlator }, asked(own, { compensate, share: 0 }));
      expect(relativeError((await computeLogits(same, retain)).values, intact.values)).toBeLessThan(1e-4);
      expect(trial).toEqual({ share: 0, forget: 1, retain: 1 });
    }
  });

  it('forgets in one step what refitting on retain pictures alone brings back', async () => {
    const { forget, retain, own } = await parted();
    const input = { network, forget, retain, correlator };
    const aware = await unlearn(input, asked(own, { mu: 1 }));
    const alone = await unlearn(input, asked(own, { compensate: 'leastSquares' }));
    expect(aware.trial.forget).toBeLessThan(0.5 * alone.trial.forget);
    const { values } = await computeLogits(aware.network, forget);
    const found = topClasses({ images: forget.count, classes: 4, values });
    expect(found.filter((c) => c === own).length / forget.count).toBeCloseTo(aware.trial.forget, 6);
    expect(aware.destinations.after.reduce((sum, count) => sum + count, 0)).toBe(forget.count);
    expect(aware.destinations.before[own]).toBe(forget.count);
  });

  it('lowers the forgotten class at the head until no picture like the given ones is put there, and no other score', async () => {
    const { forget, retain, own } = await parted();
    const input = { network, forget, retain, correlator };
    const over = { layers: 1, mu: 0.01, share: 0.2 };
    const { network: edited, trial } = await unlearn(input, asked(own, over));
    const { values } = await computeLogits(edited, forget);
    const leads = Array.from({ length: forget.count }, (_, k) => {
      const scores = [...values.subarray(4 * k, 4 * k + 4)];
      return scores[own] - Math.max(...scores.filter((_, c) => c !== own));
    });
    const mean = leads.reduce((sum, lead) => sum + lead, 0) / leads.length;
    const spread = Math.sqrt(leads.reduce((sum, lead) => sum + (lead - mean) ** 2, 0) / leads.length);
    expect(trial.forget).toBe(0);
    expect(mean + 6 * spread).toBeCloseTo(0, 3);
    const alone = await unlearn(input, asked(own, { ...over, compensate: 'leastSquares' }));
    expect(alone.trial.forget).toBeGreaterThan(0.3);
  });

  it('brings the features of forget pictures nearer to the others where pooled errors count', async () => {
    const { forget, retain, own } = await parted();
    const gapOf = async (of: Network) => {
      const means = await Promise.all([forget, retain].map(async (images) => {
        const { values } = await computeLogits({ ...of, outputs: ['pool'] }, images);
        return Array.from({ length: 8 }, (_, q) => values.reduce((sum, x, k) => sum + (k % 8 === q ? x : 0), 0) / images.count);
      }));
      return Math.hypot(...means[0].map((x, q) => x - means[1][q]));
    };
    const gaps: number[] = [];
    for (const erase of [0, 10]) gaps.push(await gapOf((await unlearn({ network, forget, retain, correlator }, asked(own, { head: false, layers: 1, target: 'mean', erase }))).network));
    expect(gaps[1]).toBeLessThan(0.9 * gaps[0]);
  });

  it('searches upwards and stops at the first share that forgets', async () => {
    const { forget, retain, own } = await parted();
    const { trials, trial, reached } = await unlearn({ network, forget, retain, correlator }, asked(own, { share: 'auto', mu: 30 }));
    expect(trials[0]).toEqual({ share: 0, forget: 1, retain: 1 });
    expect(trials.slice(1).map(({ share }) => share)).toEqual([0.05, 0.1, 0.2, 0.3, 0.4, 0.5].slice(0, trials.length - 1));
    const best = Math.min(...trials.slice(1).map((tried) => tried.forget));
    expect(trial.forget).toBe(best);
    expect(reached).toBe(best <= 0.005);
  });

  it('leaves the head alone when asked to', async () => {
    const { forget, retain, own } = await parted();
    const { network: edited, removed } = await unlearn({ network, forget, retain, correlator }, asked(own, { head: false, layers: 2 }));
    expect(Object.keys(removed)).toEqual(['block2_conv2', 'block2_shortcut']);
    expect(nodeOfOp(edited, 'logits', 'dense').weights).toBe(nodeOfOp(network, 'logits', 'dense').weights);
  });

  it('frees what it allocates, also when it is cancelled', async () => {
    const { forget, retain, own } = await parted();
    const { numTensors } = tf.memory();
    for (const target of ['mean', 'nearest'] as const) await unlearn({ network, forget, retain, correlator }, asked(own, { target }));
    expect(tf.memory().numTensors).toBe(numTensors);
    const abort = new AbortController();
    const job = { signal: abort.signal, onProgress: ({ done }: { done: number }) => void (done >= 3 && abort.abort()) };
    await expect(unlearn({ network, forget, retain, correlator }, asked(own, {}), job)).rejects.toThrow(CancelledError);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('says what is wrong with what it is given', async () => {
    const { forget, retain, own } = await parted();
    const other = 1;
    const none = partOf(forget, 0, 0);
    const attempt = (over: Partial<UnlearnRequest>, pictures: Partial<Case> = {}, given = network) =>
      unlearn({ network: given, forget, retain, correlator, ...pictures }, asked(own, over));
    await expect(attempt({}, { forget: none })).rejects.toMatchObject({ name: 'EmptyClassError', message: expect.stringContaining('no forget pictures') as string });
    await expect(attempt({}, { retain: none })).rejects.toMatchObject({ name: 'EmptyClassError' });
    await expect(attempt({}, { forget: partOf(forget, 0, 1) })).rejects.toMatchObject({ name: 'TooFewPicturesError', message: expect.stringContaining('is 1 forget picture;') as string });
    await expect(attempt({}, { retain: partOf(retain, 0, 1) })).rejects.toMatchObject({ name: 'TooFewPicturesError' });
    await expect(attempt({ classes: [other] })).rejects.toMatchObject({ name: 'NeverPredictedError', message: expect.stringContaining(`most in class ${own}`) as string });
    await expect(attempt({ classes: [0, 1, 2, 3] })).rejects.toMatchObject({ name: 'AllClassesError' });
    await expect(attempt({ classes: [] })).rejects.toMatchObject({ name: 'NoClassChosenError' });
    for (const bad of [4, -1, 0.5]) await expect(attempt({ classes: [bad] })).rejects.toMatchObject({ name: 'ClassRangeError', message: expect.stringContaining('0 to 3') as string });
    await expect(attempt({}, { retain: forget })).rejects.toMatchObject({ name: 'RetainPicturesError' });
    for (const bad of [{ share: 1 }, { share: NaN }, { mu: -1 }, { erase: NaN }, { layers: 0 }]) await expect(attempt(bad)).rejects.toMatchObject({ name: 'UnlearnSettingError' });
    await expect(attempt({}, {}, { ...network, outputs: ['block2_relu'] })).rejects.toMatchObject({ name: 'NoClassScoresError' });
    const b = networkBuilder(1);
    const flat = b.build('flat', b.dense('logits', b.flatten('flatten', b.input('input', [8, 8, 3])), 192, 4));
    await expect(attempt({ head: false }, {}, flat)).rejects.toMatchObject({ name: 'NothingToEditError' });
    // a head whose inputs must all stay in the network may stop reading some of them
    expect((await attempt({ layers: 1 }, {}, flat)).scores.map(({ layer }) => layer)).toEqual(['logits']);
  });
});
