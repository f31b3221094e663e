import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { compensate } from '../fidelity/compensation.ts';
import type { LayerStatistics } from '../fidelity/layerStatistics.ts';
import { blendedStatistics } from './blendedStatistics.ts';
import { probeClasses, ridgeProbe } from './ridgeProbe.ts';

interface Samples {
  /** samples × positions × np, and samples × positions × m */
  readonly inputs: number[][][];
  readonly targets: number[][][];
}
interface Oracle {
  readonly forgetAware: {
    n: number; p: number; m: number; positions: number; mu: number; kept: number[];
    retain: Samples; forget: Samples; weights: number[]; bias: number[]; error: number;
  };
  readonly probe: {
    count: number; size: number; classes: number; ridge: number;
    features: number[]; labels: number[]; weights: number[]; bias: number[]; found: number[];
  };
}

let oracle: Oracle;
beforeAll(async () => {
  oracle = JSON.parse(await readFile(new URL('fixtures/oracle.json', import.meta.url), 'utf8')) as Oracle;
});

/** Row r, column c of what `E Σ a_r b_c` is over the samples. */
function moments(samples: number, a: number[][], b: number[][]): Float64Array {
  const [rows, columns] = [a[0].length, b[0].length];
  return Float64Array.from({ length: rows * columns }, (_, at) =>
    a.reduce((sum, row, k) => sum + row[Math.floor(at / columns)] * b[k][at % columns], 0) / samples);
}

function statisticsOf({ inputs, targets }: Samples, { n, p, m, positions }: Oracle['forgetAware']): LayerStatistics {
  const [x, y] = [inputs.flat(), targets.flat()];
  const ones = x.map(() => [1]);
  const samples = inputs.length;
  return {
    n, p, m,
    weights: new Float64Array(m * n * p).fill(0.5),
    gram: moments(samples, x, x),
    cross: moments(samples, y, x),
    energy: Float64Array.from({ length: m }, (_, c) => y.reduce((sum, row) => sum + row[c] ** 2, 0) / samples),
    means: { input: moments(samples, x, ones), output: moments(samples, y, ones), positions },
  };
}

function blend(retain: LayerStatistics, forget: LayerStatistics, mu: number): LayerStatistics {
  return blendedStatistics([{ statistics: retain, weight: 1 }, { statistics: forget, weight: mu }]);
}

function fit(statistics: LayerStatistics): number[] {
  return Array.from(compensate(statistics, [0, 1, 2], 'leastSquaresBias', { ridge: 0 }).weights);
}

function near(actual: Float64Array | undefined, expected: number[], digits = 9): void {
  expect(actual?.length).toBe(expected.length);
  expected.forEach((value, k) => expect(actual?.[k]).toBeCloseTo(value, digits));
}

describe('forget-aware least squares', () => {
  it('is numpy.linalg.lstsq on all rows of both kinds, forget rows weighted by μ', () => {
    const { forgetAware } = oracle;
    const [retain, forget] = [statisticsOf(forgetAware.retain, forgetAware), statisticsOf(forgetAware.forget, forgetAware)];
    const fitted = compensate(blend(retain, forget, forgetAware.mu), forgetAware.kept, 'leastSquaresBias', { ridge: 0 });
    near(fitted.weights, forgetAware.weights);
    near(fitted.bias, forgetAware.bias);
  });

  it('reports as fidelity what the weighted error of those rows leaves', () => {
    const { forgetAware } = oracle;
    const blended = blend(statisticsOf(forgetAware.retain, forgetAware), statisticsOf(forgetAware.forget, forgetAware), forgetAware.mu);
    const { fidelity } = compensate(blended, forgetAware.kept, 'leastSquaresBias', { ridge: 0 });
    const energy = blended.energy.reduce((sum, e) => sum + e, 0) * (1 + forgetAware.mu);
    expect(fidelity).toBeCloseTo(1 - forgetAware.error / energy, 9);
  });

  it('with μ = 0 is the fit on retain samples alone, and with a great μ that on forget samples', () => {
    const { forgetAware } = oracle;
    const [retain, forget] = [statisticsOf(forgetAware.retain, forgetAware), statisticsOf(forgetAware.forget, forgetAware)];
    expect(fit(blend(retain, forget, 0))).toEqual(fit(retain));
    near(Float64Array.from(fit(blend(retain, forget, 1e12))), fit(forget), 6);
    expect(fit(forget)[0]).not.toBeCloseTo(fit(retain)[0], 3);
  });
});

describe('ridgeProbe', () => {
  it('is numpy.linalg.lstsq with rows for the ridge and a bias that is free of it', () => {
    const { count, size, classes, ridge, features, labels, weights, bias, found } = oracle.probe;
    const probe = ridgeProbe({ count, size, values: features }, labels, classes, ridge);
    near(probe.weights, weights);
    near(probe.bias, bias);
    expect(Array.from(probeClasses(probe, { count, size, values: features }))).toEqual(found);
  });
});
