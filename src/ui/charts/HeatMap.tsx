/* oxlint-disable jsx-a11y/prefer-tag-over-role -- a canvas is no img, and is one to a screen reader */
import { useEffect, useRef } from 'react';
import { mix, usePalette } from '../colours.ts';

interface HeatMapProps {
  readonly values: readonly number[];
  readonly rows: number;
  readonly columns: number;
  /** The value of full colour, either way. */
  readonly greatest: number;
  readonly label: string;
}

/** A small matrix, row-major: blue below zero, orange above, paper at zero. */
export function HeatMap({ values, rows, columns, greatest, label }: HeatMapProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const palette = usePalette();
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    values.forEach((value, i) => {
      const share = Math.min(1, Math.abs(value) / (greatest || 1));
      context.fillStyle = mix(palette.card, value < 0 ? palette.cold : palette.warm, share);
      context.fillRect(i % columns, Math.floor(i / columns), 1, 1);
    });
  }, [values, columns, greatest, palette]);
  return <canvas ref={canvas} className="heat" width={columns} height={rows} role="img" aria-label={label} />;
}
