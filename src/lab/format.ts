/** Numbers as the page writes them. */

export function percent(fraction: number, digits = 1): string {
  return `${(100 * fraction).toFixed(digits)} %`;
}

/** To four digits, as long as that says something: `24.31`, `1,204`, `3.1 × 10^7`. */
export function perplexity(value: number): string {
  if (value < 1000) return value.toPrecision(4);
  return value < 1e6 ? whole(value) : value.toExponential(1).replace('e+', ' × 10^');
}

/** `272 k`, `40.8 M`, `940`. */
export function count(value: number): string {
  if (value >= 1e9) return `${scaled(value / 1e9)} G`;
  if (value >= 999_500) return `${scaled(value / 1e6)} M`;
  if (value >= 1000) return `${scaled(value / 1e3)} k`;
  return String(Math.round(value));
}

export function bytes(value: number): string {
  return value >= 1e6 ? `${(value / 1e6).toFixed(2)} MB` : `${(value / 1e3).toFixed(0)} kB`;
}

export function milliseconds(value: number): string {
  return `${value < 10 ? value.toFixed(2) : value.toFixed(1)} ms`;
}

export function seconds(value: number): string {
  if (value >= 90) return `${Math.round(value / 60)} min`;
  return value < 9.95 ? `${value.toFixed(1)} s` : `${Math.round(value)} s`;
}

/** With commas between thousands. */
export function whole(value: number): string {
  return Math.round(value).toString().replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

export function rate(perSecond: number): string {
  return `${perSecond >= 10 ? whole(perSecond) : perSecond.toFixed(1)}/s`;
}

function scaled(value: number): string {
  return value >= 99.95 ? value.toFixed(0) : value.toFixed(1);
}
