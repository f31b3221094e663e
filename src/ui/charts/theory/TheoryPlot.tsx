/* oxlint-disable jsx-a11y/prefer-tag-over-role -- a drawn chart is no img, and is one to a screen reader */
import { useRef, type ReactNode } from 'react';
import { useSize, type Size } from '../../controls/useSize.ts';

interface TheoryPlotProps {
  /** Names the chart's part in files. */
  readonly name: string;
  /** What the picture says, for those who do not see it. */
  readonly label: string;
  /** In CSS pixels; absent: as the style sheet has it. */
  readonly height?: number;
  readonly children: (size: Size) => ReactNode;
}

/** A place for a chart, which is drawn once its size is known. */
export function TheoryPlot({ name, label, height, children }: TheoryPlotProps) {
  const holder = useRef<HTMLDivElement>(null);
  const size = useSize(holder);
  return (
    <div
      className="chart theory-chart"
      ref={(element) => {
        holder.current = element;
        if (element && height !== undefined) element.style.height = `${height}px`;
      }}
    >
      {size && size.width >= 40 && size.height >= 40 && (
        <div role="img" aria-label={label} data-chart={name}>
          {children(size)}
        </div>
      )}
    </div>
  );
}
