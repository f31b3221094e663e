import { useId } from 'react';
import { METHOD_LABELS, FORGET_TARGET_LABELS, METHOD_NOTES, UNLEARN_COMPENSATION_LABELS, UNLEARN_SELECTION_LABELS } from '../../../lab/unlearning/methods.ts';
import { PICTURE_LIMITS } from '../../../lab/unlearning/unlearningState.ts';
import { FORGET_METHODS, type ForgetMethod } from '../../../unlearning/forgetMethod.ts';
import { FORGET_TARGETS, SHARES, UNLEARN_COMPENSATIONS, UNLEARN_SELECTIONS } from '../../../unlearning/unlearnRequest.ts';
import { Choice } from '../../controls/Choice.tsx';
import { NumberField } from '../../controls/NumberField.tsx';
import { useExperiment } from '../../LabContext.tsx';
import { useClassNames } from './useClassNames.ts';
import { useForgetting, useUnlearning } from './useUnlearning.ts';

const MOST_LAYERS = 12;
const SHARE_OPTIONS = ['auto', ...SHARES.map(String)];
const SHARE_NAMES = Object.fromEntries(SHARE_OPTIONS.map((value) => [value, value === 'auto' ? 'auto: the least' : `${Math.round(100 * Number(value))} %`]));
const ERASE_OPTIONS = ['0', '1', '3', '10', '30', '100'] as const;
const MU_OPTIONS = ['0.03', '0.1', '0.3', '1', '3'] as const;

/** What is to be forgotten, and how. */
export function ForgetForm() {
  const unlearning = useUnlearning();
  const settings = useForgetting((state) => state.settings);
  const busy = useForgetting((state) => state.run !== undefined);
  const ready = useExperiment((experiment) => experiment.engine === 'ready' && experiment.model.loaded !== undefined && experiment.dataset !== undefined);
  const train = useExperiment((experiment) => experiment.dataset?.train);
  const headHint = useId();
  const { layers, head, share, pictures, select, compensate, target, mu, erase } = settings;
  return (
    <form
      className="forget-form"
      aria-label="What to forget"
      onSubmit={(event) => {
        event.preventDefault();
        void unlearning.forget(['ours']);
      }}
    >
      <Classes />
      <button type="submit" className="pick primary" disabled={!ready || busy}>
        Forget
      </button>
      <p className="hint">{ready ? 'A copy forgets: the open network stays as it is.' : 'The model is still loading.'}</p>
      <details>
        <summary>Settings</summary>
        <Choice label="Share removed" options={SHARE_OPTIONS} names={SHARE_NAMES} value={String(share)} onChange={(value) => unlearning.set({ share: value === 'auto' ? value : Number(value) })} />
        <div className="row">
          <span>Last layers edited</span>
          <NumberField label="Last layers edited" value={layers} min={1} max={MOST_LAYERS} onChange={(value) => unlearning.set({ layers: value })} />
        </div>
        <label className="row switch">
          Edit the head too
          <input type="checkbox" checked={head} aria-describedby={headHint} onChange={(event) => unlearning.set({ head: event.target.checked })} />
        </label>
        <p id={headHint} className="hint">
          The head gives the class scores. Forgetting by an edit of it alone is trivial: the features still tell the class apart. See “How deep?”.
        </p>
        <div className="row">
          <span>Pictures per side</span>
          <NumberField label="Pictures per side" value={pictures} min={PICTURE_LIMITS.least} max={Math.min(PICTURE_LIMITS.most, Math.max(PICTURE_LIMITS.least, train ?? PICTURE_LIMITS.most))} onChange={(value) => unlearning.set({ pictures: value })} />
        </div>
        <details>
          <summary>Advanced</summary>
          <Choice label="What leaves" options={UNLEARN_SELECTIONS} names={UNLEARN_SELECTION_LABELS} value={select} onChange={(value) => unlearning.set({ select: value })} />
          <Choice label="Refit" options={UNLEARN_COMPENSATIONS} names={UNLEARN_COMPENSATION_LABELS} value={compensate} onChange={(value) => unlearning.set({ compensate: value })} />
          {compensate === 'forgetAware' && (
            <>
              <Choice label="To look like" options={FORGET_TARGETS} names={FORGET_TARGET_LABELS} value={target} hint="What the refitted layers make of the forgotten class’s pictures" onChange={(value) => unlearning.set({ target: value })} />
              <Amount label="μ" hint="What an error on forget pictures weighs beside one on retain pictures" usual={MU_OPTIONS} value={mu} onChange={(value) => unlearning.set({ mu: value })} />
              <Amount label="Erase from features, ρ" hint="The greater, the less a probe on the features regains" usual={ERASE_OPTIONS} value={erase} onChange={(value) => unlearning.set({ erase: value })} />
            </>
          )}
        </details>
      </details>
      <OtherMethods disabled={!ready || busy} onRun={(methods) => void unlearning.forget(methods)} />
    </form>
  );
}

interface AmountProps {
  readonly label: string;
  readonly hint: string;
  readonly usual: readonly string[];
  readonly value: number;
  readonly onChange: (value: number) => void;
}

/** One of a few usual amounts. */
function Amount({ label, hint, usual, value, onChange }: AmountProps) {
  const options = [...new Set([...usual, String(value)])];
  return <Choice label={label} hint={hint} options={options} names={Object.fromEntries(options.map((option) => [option, option]))} value={String(value)} onChange={(next) => onChange(Number(next))} />;
}

function Classes() {
  const unlearning = useUnlearning();
  const names = useClassNames();
  const chosen = useForgetting((state) => state.settings.classes);
  return (
    <fieldset className="forget-classes">
      <legend>Classes to forget</legend>
      <div>
        {names.map((name, c) => (
          <label key={name}>
            <input type="checkbox" checked={chosen.includes(c)} onChange={() => unlearning.toggleClass(c)} />
            <span>{name}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function OtherMethods({ disabled, onRun }: { readonly disabled: boolean; readonly onRun: (methods: readonly ForgetMethod[]) => void }) {
  const others = FORGET_METHODS.filter((method) => method !== 'ours');
  return (
    <details>
      <summary>Other methods</summary>
      <ul className="forget-methods">
        {others.map((method) => (
          <li key={method}>
            <span>
              {METHOD_LABELS[method]}
              <small className="hint">{METHOD_NOTES[method]}</small>
            </span>
            <button type="button" className="small" disabled={disabled} aria-label={`Run: ${METHOD_LABELS[method]}`} onClick={() => onRun([method])}>
              Run
            </button>
          </li>
        ))}
      </ul>
      <button type="button" className="pick" disabled={disabled} onClick={() => onRun(FORGET_METHODS)}>
        Run all
      </button>
    </details>
  );
}
