import { useMemo } from 'react';
import { useShownTheme } from './theme.ts';

export type Rgb = readonly [number, number, number];

const TOKENS = ['card', 'accent', 'cut', 'ink', 'cold', 'warm', 'line'] as const;
export type Palette = Readonly<Record<(typeof TOKENS)[number], Rgb>>;

/** The tokens that canvases draw with, as numbers, for the theme on screen. */
export function usePalette(): Palette {
  const theme = useShownTheme();
  return useMemo(() => readPalette(theme), [theme]);
}

export function mix(from: Rgb, to: Rgb, share: number): string {
  const [r, g, b] = from.map((value, i) => Math.round(value + (to[i] - value) * share));
  return `rgb(${r}, ${g}, ${b})`;
}

export function css([r, g, b]: Rgb): string {
  return `rgb(${r}, ${g}, ${b})`;
}

const palettes = new Map<string, Palette>();

function readPalette(theme: string): Palette {
  const known = palettes.get(theme);
  if (known) return known;
  const probe = document.createElement('span');
  document.body.append(probe);
  const palette = Object.fromEntries(
    TOKENS.map((token) => {
      probe.style.color = `var(--${token})`;
      return [token, (getComputedStyle(probe).color.match(/\d+(\.\d+)?/g) ?? []).slice(0, 3).map(Number)];
    }),
  ) as unknown as Palette;
  probe.remove();
  palettes.set(theme, palette);
  return palette;
}
