import { setTheme, THEMES, useTheme } from '../theme.ts';

const SIGNS = { system: '◐', light: '☀', dark: '☾' } as const;

export function ThemeButton() {
  const theme = useTheme();
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  return (
    <button type="button" className="pick" aria-label={`Theme: ${theme}; change to ${next}`} title={`Theme: ${theme}`} onClick={() => setTheme(next)}>
      {SIGNS[theme]}
    </button>
  );
}
