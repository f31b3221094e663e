import { useEffect, useRef } from 'react';

interface NumberFieldProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  /** Called once the person is done with it; always a whole number within the limits. */
  readonly onChange: (value: number) => void;
}

export function NumberField({ label, value, min, max, onChange }: NumberFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  const latest = useRef(onChange);
  useEffect(() => {
    latest.current = onChange;
  });
  useEffect(() => {
    const element = input.current;
    if (element) element.value = String(value);
  }, [value]);
  useEffect(() => {
    const element = input.current;
    // React's onChange is the DOM's `input`; only the native `change` tells that a number is typed to its end.
    const settle = () => {
      if (!element) return;
      const typed = Math.round(element.valueAsNumber);
      const next = Number.isNaN(typed) ? value : Math.min(max, Math.max(min, typed));
      element.value = String(next);
      if (next !== value) latest.current(next);
    };
    element?.addEventListener('change', settle);
    return () => element?.removeEventListener('change', settle);
  }, [value, min, max]);
  return <input ref={input} type="number" aria-label={label} defaultValue={value} min={min} max={max} step={1} />;
}
