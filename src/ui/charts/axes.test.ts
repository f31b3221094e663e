import { describe, expect, it } from 'vitest';
import { linearAxis, logAxis, powerLabel, ratioAxis } from './axes.ts';

describe('a logarithmic axis', () => {
  it('holds all values in whole decades', () => {
    expect(logAxis([0.02, 3, 150])).toMatchObject({ from: -2, to: 3, ticks: [-2, -1, 0, 1, 2, 3] });
    expect(logAxis([1, 100])).toMatchObject({ from: 0, to: 2 });
  });
  it('leaves ticks out over many decades, and adds some within one', () => {
    expect(logAxis([1e-6, 1e7]).ticks).toEqual([-6, -3, 0, 3, 6]);
    const { from, to, ticks, format } = logAxis([12, 80]);
    expect([from, to]).toEqual([1, 2]);
    expect(ticks.map(format)).toEqual(['10', '20', '50', '100']);
  });
  it('leaves out what has no logarithm', () => {
    expect(logAxis([0, -1, 10, Number.NaN])).toMatchObject({ from: 1, to: 2 });
    expect(logAxis([0])).toMatchObject({ from: 0, to: 1 });
  });
  it('writes powers of ten where zeros would be many', () => {
    expect([-5, -3, -1, 0, 2, 3, 4, 12].map(powerLabel)).toEqual(['10⁻⁵', '0.001', '0.1', '1', '100', '1000', '10⁴', '10¹²']);
    expect(powerLabel(5 + Math.log10(2))).toBe('2·10⁵');
    expect(powerLabel(-5 + Math.log10(5))).toBe('5·10⁻⁵');
  });
});

function shown(values: readonly number[], most?: number) {
  const { from, to, ticks, format } = ratioAxis(values, most);
  expect(ticks.every((tick) => tick >= from - 1e-9 && tick <= to + 1e-9)).toBe(true);
  return { from: 10 ** from, to: 10 ** to, ticks: ticks.map(format) };
}

describe('an axis of ratios', () => {
  it('ends close to its values, with round numbers between', () => {
    const { from, to, ticks } = shown([21, 60]);
    expect(from).toBeLessThan(21);
    expect(from).toBeGreaterThan(19);
    expect(to).toBeGreaterThan(60);
    expect(to).toBeLessThan(66);
    expect(ticks).toEqual(['25', '30', '40', '50', '60']);
    expect(shown([20, 3000]).ticks).toEqual(['20', '50', '100', '200', '500', '1000', '2000']);
  });

  it('does not make much of little', () => {
    const { from, to } = shown([21, 21.2]);
    expect(to / from).toBeGreaterThan(1.6);
    expect(shown([21]).ticks.length).toBeGreaterThan(1);
  });

  it('cuts off what explodes, and says so', () => {
    const { to, ticks } = shown([20, 3e9], 1e6);
    expect(to).toBeLessThan(3e6);
    expect(ticks.at(-1)).toBe('≥ 10⁶');
    expect(shown([20, Infinity], 1e6).ticks.at(-1)).toBe('≥ 10⁶');
    expect(shown([20, 9e5], 1e6).ticks.at(-1)).not.toContain('≥');
  });
});

describe('a linear axis', () => {
  it('ends at a round number above all values', () => {
    expect(linearAxis([0.3, 3.7], String)).toMatchObject({ from: 0, to: 4, ticks: [0, 1, 2, 3, 4] });
    expect(linearAxis([0.13], String).ticks).toEqual([0, 0.05, 0.1, 0.15]);
    expect(linearAxis([0.82, 0.9], String, 0.8).ticks).toEqual([0.8, 0.825, 0.85, 0.875, 0.9]);
    expect(linearAxis([0], String)).toMatchObject({ from: 0, to: 1 });
  });
});
