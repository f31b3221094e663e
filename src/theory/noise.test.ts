import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { computeLogits } from '../engine/evaluate.ts';
import { mixedNetwork } from '../engine/fixtures/mixedNetwork.ts';
import { relativeError } from '../engine/fixtures/arrays.ts';
import { startWasm } from '../engine/fixtures/wasmBackend.ts';
import { CompiledNetwork } from '../engine/interpreter.ts';
import type { Correlator } from '../engine/kernels/correlator.ts';
import { seededRandom } from '../fidelity/random.ts';
import { plainNetwork, residualNetwork } from '../network/fixtures/networks.ts';
import { inputFor, linearNetwork } from './fixtures/inputs.ts';
import { noise } from './noise.ts';
import { drawNoise, noisyReads, readValues } from './noisyReads.ts';
import { subjectOf } from '../pruning/subject.ts';

let correlator: Correlator;
beforeAll(async () => {
  ({ correlator } = await startWasm());
});

/** Deviation of some places of a value over the calibration images, plainly. */
async function deviationOf({ network, calibration }: ReturnType<typeof inputFor>, id: string, which: (place: number) => boolean): Promise<number> {
  const { values } = await computeLogits({ ...network, outputs: [id] }, calibration);
  const own = [...values].filter((_, k) => which(k));
  const mean = own.reduce((sum, x) => sum + x, 0) / own.length;
  return Math.sqrt(own.reduce((sum, x) => sum + (x - mean) ** 2, 0) / own.length);
}

describe('noise', () => {
  it('of deviation 0 changes nothing, and much of it does', async () => {
    const input = inputFor(residualNetwork(), correlator, { test: 70 });
    const { numTensors } = tf.memory();
    const { intact, points, share, images } = await noise(input, {}, [0, 3]);
    expect(tf.memory().numTensors).toBe(numTensors);
    // without labels the intact network is its own judge
    expect({ intact, share, images }).toEqual({ intact: 1, share: 0.2, images: 70 });
    expect(points[0]).toEqual({ deviation: 0, onHiFi: 1, onOthers: 1 });
    expect(points[1].onHiFi).toBeLessThan(1);
    expect(points[1].onOthers).toBeLessThan(1);
  });

  it('on components that nothing listens to costs nothing; on the one that carries the prediction it does', async () => {
    // five components, of which the second alone reaches the outputs
    const identity = Array.from({ length: 25 }, (_, k) => (k % 6 === 0 ? 1 : 0));
    const network = linearNetwork(5, { kernel: identity, outputs: 5 }, { kernel: [0, 0, 1, -1, 0, 0, 0, 0, 0, 0], outputs: 2 });
    const { points: [point] } = await noise(inputFor(network, correlator), {}, [2]);
    expect(point.onOthers).toBe(1);
    expect(point.onHiFi).toBeLessThan(1);
  });

  it('of one size for all drowns what is weak, and relative noise does not', async () => {
    // the first two components carry little and decide; the others are a thousand times as strong and reach nothing
    const strength = Array.from({ length: 25 }, (_, k) => (k % 6 !== 0 ? 0 : k < 12 ? 1 : 1000));
    const network = linearNetwork(5, { kernel: strength, outputs: 5 }, { kernel: [1, 0, 0, 1, 0, 0, 0, 0, 0, 0], outputs: 2 });
    const input = inputFor(network, correlator);
    const { points: [own] } = await noise(input, {}, [0.01]);
    const { points: [even] } = await noise(input, {}, [0.01], 'value');
    expect(own.onHiFi).toBeGreaterThan(0.9);
    expect(even.onHiFi).toBeLessThan(0.9);
  });

  it('is measured against labels where there are any', async () => {
    const input = inputFor(residualNetwork(), correlator);
    const { intact, points } = await noise({ ...input, testLabels: new Uint8Array(input.test.count).fill(9) }, {}, [0]);
    expect(intact).toBe(0);
    expect(points).toEqual([{ deviation: 0, onHiFi: 0, onOthers: 0 }]);
  });
});

describe('noisyReads', () => {
  it.each([['residual', residualNetwork()], ['plain', plainNetwork()], ['mixed', mixedNetwork()]] as const)('without noise computes what the %s network does', async (_, network) => {
    const input = inputFor(network, correlator, { test: 6 });
    const subject = subjectOf(network);
    const values = await readValues(subject, input.calibration, {});
    const x = tf.tensor(await input.test.read(0, 6), [6, ...input.test.shape]);
    const drawn = drawNoise(values, 6, seededRandom(1));
    const compiled = new CompiledNetwork(network);
    const [output] = network.outputs;
    const run = (level: number) => compiled.run(x, [output], noisyReads(subject, values, drawn, () => level))[output].data();
    const { values: intact } = await computeLogits(network, input.test);
    expect(relativeError(await run(0), intact)).toBeLessThan(1e-5);
    expect(relativeError(await run(1), intact)).toBeGreaterThan(1e-2);
    compiled.dispose();
    tf.dispose([x, drawn]);
  });

  it('adds noise of the asked deviation, relative to each component over all its places, and none elsewhere', async () => {
    const network = plainNetwork();
    const input = inputFor(network, correlator, { images: 48 });
    const subject = subjectOf(network);
    const values = await readValues(subject, input.calibration, {});
    const drawn = drawNoise(values, 64, seededRandom(2));
    const reads = noisyReads(subject, values, drawn, (_, component) => (component === 1 ? 0.5 : 0));
    for (const { node: { id: reader, inputs } } of subject.layers) {
      const { features, deviation } = values.find(({ id }) => id === inputs[0]) ?? values[0];
      const noise = await reads(reader, tf.zeros(drawn[inputs[0]].shape)).data();
      const width = deviation.length;
      const mine = [...noise].filter((_, k) => features.component[k % width] === 1);
      const others = [...noise].filter((_, k) => features.component[k % width] !== 1);
      expect(Math.max(...others.map(Math.abs))).toBe(0);
      const own = deviation[features.component.indexOf(1)];
      const found = Math.sqrt(mine.reduce((sum, z) => sum + z * z, 0) / mine.length);
      // 64 draws or more of each
      expect(Math.abs(found - 0.5 * own)).toBeLessThanOrEqual(0.35 * 0.5 * own);
      expect(own).toBeCloseTo(await deviationOf(input, inputs[0], (k) => features.component[k % width] === 1), 4);
    }
    // a flattened channel has one deviation at all of its places
    const flat = values.find(({ id }) => id === 'flatten');
    const first = [...(flat?.features.component ?? [])].flatMap((component, f) => (component === 0 ? [flat?.deviation[f]] : []));
    expect(first.length).toBeGreaterThan(1);
    expect(new Set(first).size).toBe(1);
  });
});
