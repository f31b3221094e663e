import { useId, type ReactNode, type SubmitEvent } from 'react';
import { WRITING_LIMITS, writingKey, type WritingSettings } from '../../../lab/language/languageState.ts';
import { JobLine } from '../../controls/JobLine.tsx';
import { NumberField } from '../../controls/NumberField.tsx';
import { RangeSlider } from '../../controls/RangeSlider.tsx';
import { useExperiment } from '../../LabContext.tsx';
import { useLanguage, useWritten } from './useLanguage.ts';
import { WrittenText } from './WrittenText.tsx';

/** A prompt, and what the intact and the pruned network make of it, from the same seed. */
export function WritingCard({ tools }: { /** Beside its heading, which a dialog has itself. */ readonly tools?: ReactNode }) {
  const language = useLanguage();
  const settings = useWritten((state) => state.settings);
  const before = useWritten((state) => state.before);
  const after = useWritten((state) => state.after);
  const failure = useWritten((state) => state.failure);
  const job = useExperiment((experiment) => experiment.jobs.find(({ kind }) => kind === 'generate'));
  const plan = useExperiment((experiment) => experiment.result?.plan);
  const ready = useExperiment((experiment) => experiment.engine === 'ready' && experiment.model.loaded !== undefined);
  const key = writingKey(settings);
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    void language.write();
  };
  return (
    <section className="writing" aria-label="What it writes">
      {tools && <h3 className="panel-head">What it writes {tools}</h3>}
      <form className="stack" onSubmit={submit}>
        <Prompt settings={settings} />
        <Fields settings={settings} />
        {job ? (
          <JobLine job={job} cancelLabel="Stop writing" />
        ) : (
          <button type="submit" className="pick" disabled={!ready || settings.prompt.trim() === ''}>
            Write on
          </button>
        )}
      </form>
      {failure !== undefined && (
        <p className="failure" role="alert">
          Nothing more was written: {failure}
        </p>
      )}
      {before && (
        <div className="written-sides">
          <WrittenText side="before" about="the intact network" written={before} stale={before.key !== key} writing={job !== undefined && !before.done} />
          {after ? (
            <WrittenText side="after" about={after.name ?? 'the pruned network'} written={after} stale={after.key !== key || after.plan !== plan} writing={job !== undefined && !after.done} />
          ) : (
            <p className="hint">{plan ? 'After: it is the intact network’s turn first.' : 'After: no plan is measured yet.'}</p>
          )}
        </div>
      )}
      {/* one sentence at the beginning and one at the end: what streams in between would flood a screen reader */}
      <output className="sr-only">{job ? 'Writing…' : before?.done ? `Written: ${before.done.tokens} tokens before${after?.done ? ` and ${after.done.tokens} after` : ''}.` : ''}</output>
    </section>
  );
}

function Prompt({ settings }: { readonly settings: WritingSettings }) {
  const language = useLanguage();
  const id = useId();
  return (
    <>
      <label htmlFor={id}>Prompt</label>
      <textarea id={id} rows={2} maxLength={WRITING_LIMITS.prompt} value={settings.prompt} onChange={(event) => language.set({ prompt: event.target.value })} />
    </>
  );
}

function Fields({ settings: { tokens, temperature, topK = 0, seed, follow } }: { readonly settings: WritingSettings }) {
  const language = useLanguage();
  return (
    <>
      <div className="row wrap">
        <span className="field">
          <span aria-hidden="true">Tokens</span> <NumberField label="Tokens to write" value={tokens} min={WRITING_LIMITS.tokens.least} max={WRITING_LIMITS.tokens.most} onChange={(value) => language.set({ tokens: value })} />
        </span>
        <span className="field" title="0: from all tokens">
          <span aria-hidden="true">Top k</span> <NumberField label="Tokens to draw from, 0 for all" value={topK} min={WRITING_LIMITS.topK.least} max={WRITING_LIMITS.topK.most} onChange={(value) => language.set({ topK: value })} />
        </span>
        <span className="field">
          <span aria-hidden="true">Seed</span> <NumberField label="Seed of the writing" value={seed} min={WRITING_LIMITS.seed.least} max={WRITING_LIMITS.seed.most} onChange={(value) => language.set({ seed: value })} />
        </span>
      </div>
      <div className="row">
        <span aria-hidden="true">Temperature</span>
        <RangeSlider
          label="Temperature"
          min={WRITING_LIMITS.temperature.least}
          max={WRITING_LIMITS.temperature.most}
          step={0.05}
          value={temperature}
          valueText={temperature === 0 ? '0, always the likeliest token' : temperature.toFixed(2)}
          onChange={(value) => language.set({ temperature: value })}
        />
        <span className="mute">{temperature.toFixed(2)}</span>
      </div>
      <label className="option">
        <input type="checkbox" checked={follow} onChange={(event) => language.set({ follow: event.target.checked })} />
        Write anew when the plan has changed
      </label>
    </>
  );
}
