import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { partOf } from '../engine/imageSource.ts';
import { startWasm } from '../engine/fixtures/wasmBackend.ts';
import type { Correlator } from '../engine/kernels/correlator.ts';
import { residualNetwork } from '../network/fixtures/networks.ts';
import type { Ranking } from '../pruning/keepSets.ts';
import { inputFor, normalSource } from './fixtures/inputs.ts';
import { overlaps, stability } from './stability.ts';

let correlator: Correlator;
beforeAll(async () => {
  ({ correlator } = await startWasm());
});

const ranking = (name: string, ...scores: number[]): Ranking => ({ name, channels: scores.length, scores });

describe('stability', () => {
  it('of identical draws is complete: sets overlap by 1 and the networks are alike', async () => {
    const input = inputFor(residualNetwork(), correlator);
    const half = normalSource(16, input.calibration.shape, 21);
    // the second sample repeats the first
    const draw = (images: number) => ({ count: images, shape: half.shape, read: (first: number, count: number) => half.read(first % 16, count) });
    const { numTensors } = tf.memory();
    const { counts, share } = await stability({ ...input, draw }, {}, [4, 16]);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(share).toBe(0.5);
    expect(counts.map(({ images }) => images)).toEqual([4, 16]);
    for (const { overlap, leastOverlap, accuracies } of counts) {
      expect(overlap).toBe(1);
      expect(leastOverlap).toBe(1);
      expect(accuracies[0]).toBe(accuracies[1]);
      expect(accuracies).toHaveLength(2);
    }
  });

  it('draws twice the greatest count once, by its seed, and the samples have no picture in common', async () => {
    const input = inputFor(residualNetwork(), correlator, { pool: 200 });
    const read = new Set<number>();
    let twice = 0;
    const all = normalSource(64, input.calibration.shape, 5);
    const asked: number[][] = [];
    const draw = (images: number, seed: number) => {
      asked.push([images, seed]);
      return {
        ...partOf(all, 0, 64),
        read: (first: number, count: number) => {
          for (let k = first; k < first + count; k++) if (read.has(k)) twice++;
            else read.add(k);
          return all.read(first, count);
        },
      };
    };
    // every picture is read for the statistics and for the refit of its own sample
    await stability({ ...input, draw }, {}, [32]);
    expect(asked).toEqual([[64, 7]]);
    expect(read.size).toBe(64);
    expect(twice).toBe(64);
  });

  it('leaves out what there are too few pictures for', async () => {
    const { counts } = await stability(inputFor(residualNetwork(), correlator, { pool: 40 }), {}, [8, 20, 21]);
    expect(counts.map(({ images }) => images)).toEqual([8, 20]);
  });
});

describe('overlaps', () => {
  it('counts what the better halves have in common, over groups', () => {
    const one = [ranking('a', 4, 3, 2, 1), ranking('b', 9, 1)];
    const other = [ranking('a', 4, 1, 2, 3), ranking('b', 9, 1)];
    expect(overlaps(one, other)).toEqual({ overlap: 0.75, leastOverlap: 0.5, chance: 0.5 });
    expect(overlaps(one, one)).toMatchObject({ overlap: 1, leastOverlap: 1 });
    expect(overlaps([ranking('a', 2, 2, 1, 1)], [ranking('a', 1, 1, 2, 2)])).toMatchObject({ overlap: 0, leastOverlap: 0 });
  });
});
