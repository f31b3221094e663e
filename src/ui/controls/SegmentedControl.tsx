import { useId } from 'react';

interface SegmentedControlProps<T extends string> {
  readonly legend: string;
  readonly options: readonly { readonly value: T; readonly label: string }[];
  readonly value: T;
  readonly onChange: (value: T) => void;
  readonly quiet?: boolean;
}

/** Radios that look like one control. */
export function SegmentedControl<T extends string>({ legend, options, value, onChange, quiet = false }: SegmentedControlProps<T>) {
  const name = useId();
  return (
    <fieldset className={quiet ? 'segments quiet-segments' : 'segments'}>
      <legend>{legend}</legend>
      <div>
        {options.map((option) => (
          <label key={option.value}>
            <input type="radio" name={name} value={option.value} checked={option.value === value} onChange={() => onChange(option.value)} />
            <span>{option.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
