import { useId, type ReactNode } from 'react';

interface GroupedChoiceProps<T extends string> {
  readonly label: string;
  readonly groups: readonly { readonly name: string; readonly options: readonly { readonly value: T; readonly text: string; readonly title?: string }[] }[];
  readonly value: T;
  /** Of what is chosen; read out with the control. */
  readonly note: ReactNode;
  readonly onChange: (value: T) => void;
}

/** A list of options under headings, with a note on the one that is chosen. */
export function GroupedChoice<T extends string>({ label, groups, value, note, onChange }: GroupedChoiceProps<T>) {
  const id = useId();
  return (
    <>
      <div className="row">
        <label htmlFor={id}>{label}</label>
        <select id={id} value={value} aria-describedby={`${id}-note`} onChange={(event) => onChange(event.target.value as T)}>
          {groups.map(({ name, options }) => (
            <optgroup key={name} label={name}>
              {options.map((option) => (
                <option key={option.value} value={option.value} title={option.title}>
                  {option.text}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </div>
      <p id={`${id}-note`} className="hint choice-note">
        {note}
      </p>
    </>
  );
}
