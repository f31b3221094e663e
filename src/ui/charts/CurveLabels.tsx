import type { Plot } from './plot.ts';

export interface CurveLabel {
  readonly text: string;
  readonly colour: string;
  /** Fidelity of k components, from k = 0; the label is left out where it is empty. */
  readonly curve: readonly number[];
  /** Where the text begins, as a share of the width. */
  readonly from: number;
  readonly side: 'above' | 'below';
}

const LETTER = 6.3;
const GAP = 10;

/**
 * Names rising curves along the line: above all of them, side by side, or right below its own.
 * `avoid`: where a line with a handle above the curves stands.
 */
export function CurveLabels({ labels, plot, avoid }: { readonly labels: readonly CurveLabel[]; readonly plot: Plot; readonly avoid?: number }) {
  const shown = labels.filter(({ curve }) => curve.length > 1);
  const step = plot.x(1) - plot.x(0);
  const gap = GAP / step;
  let free = 0;
  return shown.map(({ text, colour, curve, from, side }) => {
    const n = curve.length - 1;
    const length = (LETTER * text.length) / step;
    let start = Math.max(1, from * n);
    if (side === 'above') {
      start = Math.max(start, free);
      if (avoid !== undefined) start = besides(start, length, avoid, gap, n, free);
      free = start + length + gap;
    } else if (avoid !== undefined) {
      start = besides(start, length, avoid, gap, n, 0);
    }
    // a name without room beside the others is in the chart's table
    if (side === 'above' && start + length > n + gap) return null;
    const end = Math.min(n, start + length);
    const range = (values: readonly number[]) => values.slice(Math.floor(start), Math.ceil(end) + 1);
    const height = side === 'above' ? Math.max(...shown.flatMap((label) => range(label.curve))) : Math.min(...range(curve));
    return (
      <text key={text} x={plot.x(start)} y={plot.y(height) + (side === 'above' ? -7 : 15)} className="series-label" fill={colour}>
        {text}
      </text>
    );
  });
}

/** Where a text of this length begins so that it does not lie over `avoid`: before it where nothing else is there, else after it. */
function besides(start: number, length: number, avoid: number, gap: number, n: number, free: number): number {
  if (avoid < start - gap || avoid > start + length + gap) return start;
  const before = avoid - gap - length;
  if (avoid + gap + length > n || before >= Math.max(free, start - gap)) return Math.max(0.5, before);
  return avoid + gap;
}
