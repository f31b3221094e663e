import { memo, useEffect, useRef } from 'react';
import type { Band } from '../../workers/protocol.ts';
import { usePalette } from '../colours.ts';
import { useSize } from '../controls/useSize.ts';
import { drawSmallCurve } from './drawSmallCurve.ts';

interface SmallCurveProps {
  readonly curve: readonly number[];
  readonly band?: Band;
  readonly eta: number;
  readonly k?: number;
}

const HEIGHT = 72;

/** One of many small fidelity curves; what it shows stands beside it in words. */
export const SmallCurve = memo(function SmallCurve({ curve, band, eta, k }: SmallCurveProps) {
  const holder = useRef<HTMLSpanElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSize(holder);
  const palette = usePalette();
  useEffect(() => {
    if (!canvas.current || !size || size.width < 20) return;
    drawSmallCurve(canvas.current, { curve, ...(band ? { band } : {}), eta, ...(k === undefined ? {} : { k }) }, { width: size.width, height: HEIGHT, ratio: devicePixelRatio || 1 }, palette);
  }, [curve, band, eta, k, size, palette]);
  return (
    <span ref={holder} className="small-curve" aria-hidden="true">
      <canvas ref={canvas} />
    </span>
  );
});
