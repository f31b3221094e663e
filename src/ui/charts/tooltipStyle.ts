export const TOOLTIP = { background: 'var(--card)', border: '1px solid var(--line)', borderRadius: 6, fontSize: 12, padding: '6px 8px' } as const;
