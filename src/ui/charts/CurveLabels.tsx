import { useXAxisScale, useYAxisScale } from 'recharts';

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

/** Names rising curves along the line: above all of them, or right below its own. */
export function CurveLabels({ labels }: { readonly labels: readonly CurveLabel[] }) {
  const x = useXAxisScale();
  const y = useYAxisScale();
  const shown = labels.filter(({ curve }) => curve.length > 1);
  if (!x || !y || shown.length === 0) return null;
  const step = ((x(1) ?? 0) - (x(0) ?? 0)) || 1;
  return shown.map(({ text, colour, curve, from, side }) => {
    const start = Math.max(1, from * (curve.length - 1));
    const end = Math.min(curve.length - 1, start + (LETTER * text.length) / step);
    const range = (values: readonly number[]) => values.slice(Math.floor(start), Math.ceil(end) + 1);
    const height = side === 'above' ? Math.max(...shown.flatMap((label) => range(label.curve))) : Math.min(...range(curve));
    return (
      <text key={text} x={x(start)} y={(y(height) ?? 0) + (side === 'above' ? -7 : 15)} className="series-label" fill={colour}>
        {text}
      </text>
    );
  });
}
