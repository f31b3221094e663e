import { beforeAll, describe, expect, it } from 'vitest';
import { memory } from '@tensorflow/tfjs-core';
import { calibrationDraw } from '../datasets/calibrationDraw.ts';
import { HeldPictures } from '../datasets/heldPictures.ts';
import { AS_THEY_ARE } from '../datasets/preprocessing.ts';
import { deadLeaves } from '../datasets/synthetic/deadLeaves.ts';
import { computeLogits, topClasses } from '../engine/evaluate.ts';
import { startWasm } from '../engine/fixtures/wasmBackend.ts';
import { CancelledError } from '../engine/job.ts';
import { pixelNetwork } from '../network/fixtures/pixelNetwork.ts';
import { SENSITIVITY_FAMILIES, type SensitivityPoint } from './results.ts';
import { sensitivity, type SensitivityInput } from './sensitivity.ts';

const SHAPE = [12, 12, 3] as const;
const CLASSES = 4;
const GRID = { images: 64, counts: [32, 64] };

const network = pixelNetwork(9, SHAPE, [8, 8], CLASSES);
let input: SensitivityInput;

beforeAll(async () => {
  await startWasm();
  const held = async (count: number, seed: number) => {
    const pictures = deadLeaves({ count, shape: SHAPE, seed });
    const labels = topClasses(await computeLogits(network, pictures));
    return new HeldPictures({ id: 'held', name: 'held', classes: ['a', 'b', 'c', 'd'], shape: SHAPE, pixels: Uint8Array.from(await pictures.read(0, count)), labels });
  };
  const train = await held(240, 1);
  const other = await held(40, 5);
  const labels = Array.from((await train.labels('train')) ?? []);
  const forgetClass = [0, 1, 2, 3].sort((a, b) => labels.filter((c) => c === b).length - labels.filter((c) => c === a).length)[1];
  input = {
    network,
    correlator: undefined,
    preprocessing: AS_THEY_ARE,
    seed: 1,
    forgetClass,
    test: deadLeaves({ count: 40, shape: SHAPE, seed: 2 }),
    draw: (source) => calibrationDraw({
      network, inputShape: SHAPE, outputs: CLASSES, preprocessing: AS_THEY_ARE, pictures: () => train,
      inversion: () => Promise.reject(new Error('There is no set.')),
    }, source),
    other: async () => other,
  };
});

describe('sensitivity', () => {
  it('measures pruning and forgetting on every condition, hands the points on as they come, and holds no tensor afterwards', async () => {
    const { numTensors } = memory();
    const points: SensitivityPoint[] = [];
    const seen: number[] = [];
    const result = await sensitivity(input, { onProgress: ({ done, total }) => seen.push(done / total) }, GRID, (point) => points.push(point));
    expect(result.points).toEqual(points);
    expect(structuredClone(result)).toEqual(result);
    expect(new Set(points.map(({ family }) => family))).toEqual(new Set(SENSITIVITY_FAMILIES));
    expect(result).toMatchObject({ target: 0.625, judgedBy: 'intact', intact: { accuracy: 1, forget: 1, retain: 1 } });
    expect(points.find(({ label }) => label === 'pictures from the network')).toEqual({ family: 'source', label: 'pictures from the network', images: 0, why: 'There is no set.' });
    const had = points.filter(({ images }) => images > 0);
    expect(had.length).toBe(points.length - 1);
    for (const { pruned, forgotten, why } of had) {
      expect(pruned).toBeGreaterThanOrEqual(0);
      expect(pruned).toBeLessThanOrEqual(1);
      expect(forgotten !== undefined || why !== undefined).toBe(true);
    }
    // the same pictures are measured once and shown in both families
    const middle = points.filter(({ label }) => label === 'real pictures' || label === '64 real pictures').map(({ pruned, forgotten }) => ({ pruned, forgotten }));
    expect(middle[1]).toEqual(middle[0]);
    expect(middle[0].forgotten?.forget).toBeLessThan(0.2);
    expect(middle[0].forgotten?.retain).toBeGreaterThan(0.6);
    expect(points.find(({ label }) => label.startsWith('Fashion'))?.images).toBe(40);
    expect(seen.every((share, k) => k === 0 || share >= seen[k - 1])).toBe(true);
    expect(memory().numTensors).toBe(numTensors);
  });

  it('stops within a batch when it is cancelled, and holds no tensor afterwards', async () => {
    const { numTensors } = memory();
    const controller = new AbortController();
    const running = sensitivity(input, { signal: controller.signal }, GRID, () => controller.abort());
    await expect(running).rejects.toThrow(CancelledError);
    expect(memory().numTensors).toBe(numTensors);
  });
});
