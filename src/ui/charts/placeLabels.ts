import type { Plot } from './plot.ts';

type Side = 'above' | 'below';

export interface CurveLabel {
  readonly text: string;
  readonly colour: string;
  /** Fidelity of k components, from k = 0; the label is left out where it is empty. */
  readonly curve: readonly number[];
  /** Where the text begins at best, as a share of the width, and on which side of the curve. */
  readonly from: number;
  readonly side: Side;
}

export interface PlacedLabel {
  readonly text: string;
  readonly colour: string;
  /** Of the text's beginning, on its baseline. */
  readonly x: number;
  readonly y: number;
}

/** In pixels. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const LETTER = 6.6;
const ASCENT = 11;
const DESCENT = 4;
const LIFT = 7;
const GAP = 6;
const STEPS = 40;

/**
 * Places the names of rising curves: each right beside its own, as near to where it should begin as no
 * other curve, no other name and nothing that is `occupied` is covered, on the other side if there is no room on
 * its own. A name without such a place is left out.
 */
export function placeLabels(labels: readonly CurveLabel[], plot: Plot, occupied: readonly Box[] = []): readonly PlacedLabel[] {
  const shown = labels.filter(({ curve }) => curve.length > 1);
  const taken = [...occupied];
  return shown.flatMap((label) => {
    const width = LETTER * label.text.length;
    const least = plot.x(0) + GAP;
    const most = plot.right - width;
    if (most < least) return [];
    const wanted = plot.left + label.from * (plot.right - plot.left);
    const starts = Array.from({ length: STEPS + 1 }, (_, i) => least + (i / STEPS) * (most - least)).sort((a, b) => Math.abs(a - wanted) - Math.abs(b - wanted));
    const sides: readonly Side[] = label.side === 'above' ? ['above', 'below'] : ['below', 'above'];
    for (const side of sides) {
      for (const x of starts) {
        const y = baseline(side, extent(label.curve, plot, x, x + width));
        const box = { left: x - GAP, right: x + width + GAP, top: y - ASCENT, bottom: y + DESCENT };
        const inside = box.top >= 0 && box.bottom <= plot.bottom;
        if (!inside || taken.some((other) => overlap(box, other)) || shown.some((other) => other !== label && crosses(extent(other.curve, plot, x, x + width), box))) continue;
        taken.push(box);
        return [{ text: label.text, colour: label.colour, x, y }];
      }
    }
    return [];
  });
}

interface Extent {
  readonly top: number;
  readonly bottom: number;
}

/** What heights, in pixels, a curve has between two places. */
function extent(curve: readonly number[], plot: Plot, left: number, right: number): Extent {
  const n = curve.length - 1;
  const k = (x: number) => Math.min(n, Math.max(0, (x - plot.x(0)) / (plot.x(1) - plot.x(0))));
  const at = (place: number) => {
    const low = Math.min(n - 1, Math.floor(place));
    return curve[low] + (place - low) * (curve[low + 1] - curve[low]);
  };
  const [from, to] = [k(left), k(right)];
  const inner = curve.slice(Math.ceil(from), Math.floor(to) + 1);
  const values = [at(from), ...inner, at(to)];
  return { top: plot.y(Math.max(...values)), bottom: plot.y(Math.min(...values)) };
}

function baseline(side: Side, { top, bottom }: Extent): number {
  return side === 'above' ? top - LIFT : bottom + ASCENT + LIFT - DESCENT;
}

function crosses({ top, bottom }: Extent, box: Box): boolean {
  return bottom > box.top && top < box.bottom;
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
