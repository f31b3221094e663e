import { css, mix, type Palette } from '../colours.ts';

export interface StripCell {
  readonly channel: number;
  /** Fidelity as a share of the group's greatest, in [0, 1]; NaN where it is not known. */
  readonly strength: number;
  readonly kept: boolean;
  readonly pinned: boolean;
  /** In the HiFi set that is marked. */
  readonly hifi?: boolean;
}

export interface StripSize {
  readonly width: number;
  readonly height: number;
  readonly ratio: number;
}

const PIN_HEIGHT = 3;
const HIFI_HEIGHT = 2;

/** One cell a channel: kept ones by fidelity, cut ones hatched, those set by hand underlined, a bar over a HiFi set. */
export function drawStrip(canvas: HTMLCanvasElement, cells: readonly StripCell[], { width, height, ratio }: StripSize, palette: Palette, active: number | undefined): void {
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  if (!context) return;
  context.scale(ratio, ratio);
  const step = width / cells.length;
  const gap = step > 4 ? 1 : step > 2.5 ? 0.6 : 0.25;
  const body = height - PIN_HEIGHT - 1;
  const hatching = hatch(context, palette, ratio);
  cells.forEach(({ strength, kept, pinned, hifi }, i) => {
    const x = i * step;
    const cellWidth = Math.max(0.5, step - gap);
    context.fillStyle = kept ? mix(palette.card, palette.accent, Number.isNaN(strength) ? 0.5 : 0.14 + 0.86 * strength) : hatching;
    context.fillRect(x, 0, cellWidth, body);
    if (hifi) {
      context.fillStyle = css(palette.ink);
      context.fillRect(x, 0, i + 1 < cells.length && cells[i + 1].hifi ? step : cellWidth, HIFI_HEIGHT);
    }
    if (pinned) {
      context.fillStyle = css(palette.ink);
      context.fillRect(x, body + 1, cellWidth, PIN_HEIGHT);
    }
    if (i === active) {
      context.strokeStyle = css(palette.ink);
      context.lineWidth = 1.5;
      context.strokeRect(x + 0.75, 0.75, Math.max(1, cellWidth - 1.5), body - 1.5);
    }
  });
}

const hatches = new Map<string, CanvasPattern>();

/** Kept for each colour and pixel ratio: making one costs more than drawing a strip. */
function hatch(context: CanvasRenderingContext2D, palette: Palette, ratio: number): CanvasPattern | string {
  const key = `${css(palette.cut)} ${ratio}`;
  const known = hatches.get(key);
  if (known) return known;
  const tile = document.createElement('canvas');
  const side = Math.round(4 * ratio);
  tile.width = side;
  tile.height = side;
  const pen = tile.getContext('2d');
  if (!pen) return css(palette.cut);
  pen.strokeStyle = css(palette.cut);
  pen.lineWidth = side / 3.2;
  for (const shift of [-side, 0, side]) {
    pen.beginPath();
    pen.moveTo(shift - 1, side + 1);
    pen.lineTo(shift + side + 1, -1);
    pen.stroke();
  }
  const pattern = context.createPattern(tile, 'repeat');
  if (!pattern) return css(palette.cut);
  // The pattern is in device pixels already.
  pattern.setTransform(new DOMMatrix().scale(1 / ratio));
  hatches.set(key, pattern);
  return pattern;
}
