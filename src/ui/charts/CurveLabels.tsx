import { placeLabels, type Box, type CurveLabel } from './placeLabels.ts';
import type { Plot } from './plot.ts';

/** Names curves along their lines, as far as there is room: all of them are named in a list beside the chart too. */
export function CurveLabels({ labels, plot, occupied }: { readonly labels: readonly CurveLabel[]; readonly plot: Plot; readonly occupied: readonly Box[] }) {
  return placeLabels(labels, plot, occupied).map(({ text, colour, x, y }) => (
    <text key={text} x={x} y={y} className="series-label" fill={colour}>
      {text}
    </text>
  ));
}
