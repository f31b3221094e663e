export interface EndLabel {
  readonly key: string;
  readonly text: string;
  readonly colour: string;
  /** The series' right end, in pixels. */
  readonly x: number;
  readonly y: number;
  readonly faint: boolean;
}

const LINE_HEIGHT = 14;

/** Names each series at its right end, moved apart where they would touch. `left`: where the column of names begins. */
export function EndLabels({ labels, left, bottom }: { readonly labels: readonly EndLabel[]; readonly left: number; readonly bottom: number }) {
  return spread(labels, bottom).map(({ key, text, colour, x, y, at, faint }) => (
    <g key={key}>
      {(Math.abs(at - y) > 3 || left - x > 14) && <path d={`M${x + 5},${y}L${left - 4},${at}`} stroke={colour} strokeOpacity={0.5} strokeWidth={0.75} fill="none" />}
      <text className="series-label" x={left} y={at + 4} fill={colour} fontStyle={faint ? 'italic' : undefined}>
        {text}
      </text>
    </g>
  ));
}

function spread(labels: readonly EndLabel[], bottom: number) {
  const placed = labels.map((label) => ({ ...label, at: label.y })).sort((a, b) => a.y - b.y);
  placed.forEach((label, i) => {
    if (i > 0) label.at = Math.max(label.at, placed[i - 1].at + LINE_HEIGHT);
  });
  for (let i = placed.length - 1, limit = bottom; i >= 0; i--) {
    placed[i].at = Math.min(placed[i].at, limit);
    limit = placed[i].at - LINE_HEIGHT;
  }
  return placed;
}
