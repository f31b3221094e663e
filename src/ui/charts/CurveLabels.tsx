import { useXAxisScale, useYAxisScale } from 'recharts';

export interface CurveLabel {
  readonly text: string;
  readonly colour: string;
  /** Fidelity of k components, from k = 0. */
  readonly curve: readonly number[];
  /** The height at which the label stands beside its curve. */
  readonly at: number;
  readonly side: 'left' | 'right';
}

/** Names rising curves on the line, each at its own height, so that close curves stay apart. */
export function CurveLabels({ labels }: { readonly labels: readonly CurveLabel[] }) {
  const x = useXAxisScale();
  const y = useYAxisScale();
  if (!x || !y) return null;
  return labels.map(({ text, colour, curve, at, side }) => {
    const reached = curve.findIndex((value) => value >= at);
    if (reached < 1) return null;
    const [low, high] = [curve[reached - 1], curve[reached]];
    const k = reached - 1 + (high > low ? (at - low) / (high - low) : 0);
    const left = (x(k) ?? 0) + (side === 'left' ? -10 : 10);
    const room = (x(0) ?? 0) + 6 * text.length;
    const flip = side === 'left' && left < room;
    return (
      <text key={text} x={flip ? left + 20 : left} y={(y(at) ?? 0) + 4} className="series-label" fill={colour} textAnchor={side === 'left' && !flip ? 'end' : 'start'}>
        {text}
      </text>
    );
  });
}
