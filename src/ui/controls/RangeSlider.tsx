import { useEffect, useRef } from 'react';

interface RangeSliderProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly valueText: string;
  readonly className?: string;
  readonly disabled?: boolean;
  /** `final`: the slider was let go of. */
  readonly onChange: (value: number, final: boolean) => void;
}

export function RangeSlider({ label, value, min, max, step, valueText, className, disabled, onChange }: RangeSliderProps) {
  const input = useRef<HTMLInputElement>(null);
  const latest = useRef(onChange);
  useEffect(() => {
    latest.current = onChange;
  });
  useEffect(() => {
    const element = input.current;
    // React's onChange is the DOM's `input`; only the native `change` tells that the slider was let go of.
    const settle = () => latest.current(Number(element?.value), true);
    element?.addEventListener('change', settle);
    return () => element?.removeEventListener('change', settle);
  }, []);
  return (
    <input
      ref={input}
      type="range"
      className={className}
      aria-label={label}
      aria-valuetext={valueText}
      min={min}
      max={max}
      step={step}
      value={value}
      disabled={disabled}
      onChange={(event) => onChange(Number(event.target.value), false)}
    />
  );
}
