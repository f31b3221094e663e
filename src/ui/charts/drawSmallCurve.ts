import type { Band } from '../../workers/protocol.ts';
import { css, mix, type Palette } from '../colours.ts';
import { linearPlot } from './plot.ts';
import type { StripSize } from './drawStrip.ts';

export interface SmallCurveData {
  /** Fidelity of the best k channels, k = 1..n. */
  readonly curve: readonly number[];
  readonly band?: Band;
  readonly eta: number;
  /** Size of the HiFi set, where the curve reaches η. */
  readonly k?: number;
}

/** k against η as small as it can be read: the random band, the curve, the η line and where they meet. */
export function drawSmallCurve(canvas: HTMLCanvasElement, { curve, band, eta, k }: SmallCurveData, { width, height, ratio }: StripSize, palette: Palette): void {
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext('2d');
  if (!pen) return;
  pen.scale(ratio, ratio);
  const plot = linearPlot({ left: 1, right: width - 4, top: 4, bottom: height - 1 }, { from: 0, to: curve.length }, { from: 0, to: 1 });
  const trace = (values: readonly number[], backwards = false) => {
    const points = [0, ...values].map((value, i) => [plot.x(i), plot.y(value)] as const);
    for (const [x, y] of backwards ? points.toReversed() : points) pen.lineTo(x, y);
  };
  const line = (colour: string, weight: number, dashes: readonly number[], path: () => void) => {
    pen.beginPath();
    pen.strokeStyle = colour;
    pen.lineWidth = weight;
    pen.setLineDash([...dashes]);
    path();
    pen.stroke();
  };
  if (band && band.low.length > 0) {
    pen.beginPath();
    pen.fillStyle = mix(palette.card, palette.ink, 0.14);
    trace(band.high);
    trace(band.low, true);
    pen.fill();
    line(mix(palette.card, palette.ink, 0.4), 1, [], () => trace(band.median));
  }
  line(css(palette.line), 1, [], () => {
    pen.moveTo(plot.left, plot.top);
    pen.lineTo(plot.left, plot.bottom);
    pen.lineTo(plot.right, plot.bottom);
  });
  line(mix(palette.card, palette.ink, 0.55), 1, [2, 3], () => {
    pen.moveTo(plot.left, plot.y(eta));
    pen.lineTo(plot.right, plot.y(eta));
  });
  line(css(palette.accent), 1.8, [], () => trace(curve));
  if (k === undefined) return;
  pen.setLineDash([]);
  line(css(palette.ink), 1, [2, 2], () => {
    pen.moveTo(plot.x(k), plot.y(eta));
    pen.lineTo(plot.x(k), plot.bottom);
  });
  pen.beginPath();
  pen.fillStyle = css(palette.ink);
  pen.arc(plot.x(k), plot.y(eta), 2.6, 0, 2 * Math.PI);
  pen.fill();
}
