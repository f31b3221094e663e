import { placeLabels, type CurveLabel } from './placeLabels.ts';
import type { Plot } from './plot.ts';

/** Names curves along their lines, as far as there is room: all of them are named in a list beside the chart too. */
export function CurveLabels({ labels, plot, avoid }: { readonly labels: readonly CurveLabel[]; readonly plot: Plot; readonly avoid?: number }) {
  return placeLabels(labels, plot, avoid).map(({ text, colour, x, y }) => (
    <text key={text} x={x} y={y} className="series-label" fill={colour}>
      {text}
    </text>
  ));
}
