import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeLabels, type CurveLabel, type PlacedLabel } from './placeLabels.ts';
import { linearPlot } from './plot.ts';

const N = 16;
const plot = linearPlot({ left: 44, right: 700, top: 16, bottom: 260 }, { from: 0, to: N }, { from: 0, to: 1 });

/** Rises to 1, the faster the smaller its power. */
function rising(power: number): number[] {
  return Array.from({ length: N + 1 }, (_, k) => (k / N) ** power);
}

function label(text: string, power: number, from: number, side: CurveLabel['side'] = 'above'): CurveLabel {
  return { text, colour: 'black', curve: rising(power), from, side };
}

/** A little less than what the text covers, so that a touch is no overlap. */
function box({ text, x, y }: PlacedLabel) {
  return { left: x, right: x + 6 * text.length, top: y - 9, bottom: y + 2 };
}

describe('placeLabels', () => {
  it('puts a name where it should begin, on its side of the curve', () => {
    const [above] = placeLabels([label('greedy', 0.5, 0.4)], plot);
    expect(Math.abs(above.x - (44 + 0.4 * 656))).toBeLessThan(20);
    expect(above.y).toBeLessThan(plot.y(0.4 ** 0.5));
    const [below] = placeLabels([label('random', 0.5, 0.4, 'below')], plot);
    expect(below.y).toBeGreaterThan(plot.y(0.4 ** 0.5));
  });

  it('leaves out what has no curve or no room', () => {
    expect(placeLabels([{ ...label('greedy', 0.5, 0.4), curve: [] }, label('x'.repeat(200), 0.5, 0)], plot)).toEqual([]);
    // along one line there is room for a few names, above and below
    const same = Array.from({ length: 60 }, (_, i) => label(`a search by rule ${i}`, 0.5, 0.3));
    const placed = placeLabels(same, plot);
    expect(placed.length).toBeGreaterThan(2);
    expect(placed.length).toBeLessThan(same.length);
  });

  it('covers no other name, no other curve and no handle, nor leaves the chart, whatever the curves', () => {
    const curves = fc.array(fc.record({ power: fc.double({ min: 0.2, max: 3, noNaN: true }), from: fc.double({ min: 0, max: 0.9, noNaN: true }), below: fc.boolean() }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(curves, fc.integer({ min: 1, max: N }), (found, avoid) => {
        const labels = found.map(({ power, from, below }, i) => label(`search ${i}`, power, from, below ? 'below' : 'above'));
        const placed = placeLabels(labels, plot, [{ left: plot.x(avoid) - 6, right: plot.x(avoid) + 6, top: 0, bottom: plot.bottom }]);
        const boxes = placed.map(box);
        boxes.forEach((own, i) => {
          expect(own.left).toBeGreaterThanOrEqual(plot.left);
          expect(own.right).toBeLessThanOrEqual(plot.right);
          expect(own.bottom).toBeLessThanOrEqual(plot.bottom);
          expect(own.left > plot.x(avoid) || own.right < plot.x(avoid)).toBe(true);
          for (const other of boxes.slice(0, i)) expect(own.right < other.left || other.right < own.left || own.bottom < other.top || other.bottom < own.top).toBe(true);
          for (const { text, curve } of labels) {
            if (text === placed[i].text) continue;
            curve.forEach((value, k) => {
              const inside = plot.x(k) > own.left && plot.x(k) < own.right && plot.y(value) > own.top && plot.y(value) < own.bottom;
              expect(inside).toBe(false);
            });
          }
        });
      }),
    );
  });
});
