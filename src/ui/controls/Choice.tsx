import { useId } from 'react';

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly options: readonly T[];
  readonly names: Readonly<Record<T, string>>;
  readonly value: T;
  readonly hint?: string;
  readonly onChange: (value: T) => void;
}

export function Choice<T extends string>({ label, options, names, value, hint, onChange }: ChoiceProps<T>) {
  const id = useId();
  return (
    <div className="row" title={hint}>
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.target.value as T)}>
        {options.map((option) => (
          <option key={option} value={option}>
            {names[option]}
          </option>
        ))}
      </select>
    </div>
  );
}
