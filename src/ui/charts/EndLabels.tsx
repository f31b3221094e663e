import { useXAxisScale, useYAxisScale } from 'recharts';

export interface EndLabel {
  readonly key: string;
  readonly text: string;
  readonly colour: string;
  readonly x: number;
  readonly y: number;
  readonly faint: boolean;
}

const LINE_HEIGHT = 14;

/** Names each series at its right end, moved apart where they would touch. `left`: where the column of names begins. */
export function EndLabels({ labels, left, bottom }: { readonly labels: readonly EndLabel[]; readonly left: number; readonly bottom: number }) {
  const xScale = useXAxisScale();
  const yScale = useYAxisScale();
  if (!xScale || !yScale) return null;
  const placed = labels
    .map((label) => ({ ...label, px: xScale(label.x) ?? 0, py: yScale(label.y) ?? 0, at: yScale(label.y) ?? 0 }))
    .sort((a, b) => a.py - b.py);
  for (let i = 1; i < placed.length; i++) placed[i].at = Math.max(placed[i].at, placed[i - 1].at + LINE_HEIGHT);
  for (let i = placed.length - 1, limit = bottom; i >= 0; i--, limit = placed[i + 1].at - LINE_HEIGHT) placed[i].at = Math.min(placed[i].at, limit);
  return placed.map(({ key, text, colour, px, py, at, faint }) => (
    <g key={key}>
      {(Math.abs(at - py) > 3 || left - px > 14) && <path d={`M${px + 5},${py}L${left - 4},${at}`} stroke={colour} strokeOpacity={0.5} strokeWidth={0.75} fill="none" />}
      <text className="series-label" x={left} y={at + 4} fill={colour} fontStyle={faint ? 'italic' : undefined}>
        {text}
      </text>
    </g>
  ));
}
