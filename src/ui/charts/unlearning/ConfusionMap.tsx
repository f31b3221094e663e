/* oxlint-disable jsx-a11y/prefer-tag-over-role -- a canvas is no img, and is one to a screen reader */
import { useEffect, useRef } from 'react';
import { css, mix, usePalette } from '../../colours.ts';
import { useSize } from '../../controls/useSize.ts';

interface ConfusionMapProps {
  /** Pictures of each class (rows) by the class that they are put in (columns). */
  readonly confusion: readonly (readonly number[])[];
  readonly forgotten: readonly number[];
  readonly label: string;
}

/** Counts are written into cells that are at least this wide, in CSS pixels. */
const LEGIBLE = 24;

/** Each row as shares of its pictures: teal where they are put right, orange where they are not. */
export function ConfusionMap({ confusion, forgotten, label }: ConfusionMapProps) {
  const holder = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useSize(holder)?.width ?? 0;
  const palette = usePalette();
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context || width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    element.width = element.height = Math.round(width * ratio);
    context.scale(ratio, ratio);
    context.clearRect(0, 0, width, width);
    const cell = width / confusion.length;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.font = `${Math.min(11, cell / 2.6)}px ${getComputedStyle(element).fontFamily}`;
    confusion.forEach((row, from) => {
      const total = row.reduce((sum, count) => sum + count, 0) || 1;
      row.forEach((count, to) => {
        const part = count / total;
        context.fillStyle = mix(palette.card, from === to ? palette.accent : palette.warm, Math.sqrt(part));
        context.fillRect(to * cell, from * cell, cell + 0.5, cell + 0.5);
        if (count === 0 || cell < LEGIBLE) return;
        context.fillStyle = css(part > 0.35 ? palette.card : palette.ink);
        context.fillText(String(count), (to + 0.5) * cell, (from + 0.5) * cell);
      });
    });
    context.strokeStyle = css(palette.line);
    for (let line = 0; line <= confusion.length; line++) {
      for (const [x, y, w, h] of [[line * cell, 0, 0, width], [0, line * cell, width, 0]]) {
        context.beginPath();
        context.moveTo(x, y);
        context.lineTo(x + w, y + h);
        context.stroke();
      }
    }
    context.strokeStyle = css(palette.ink);
    context.lineWidth = 1.5;
    for (const c of forgotten) context.strokeRect(1, c * cell + 1, width - 2, cell - 2);
  }, [confusion, forgotten, palette, width]);
  return (
    <div ref={holder} className="confusion-map">
      <canvas ref={canvas} role="img" aria-label={label} />
    </div>
  );
}
