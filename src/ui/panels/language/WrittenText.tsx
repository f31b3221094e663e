import { useState } from 'react';
import { rate } from '../../../lab/format.ts';
import type { Written } from '../../../lab/language/languageState.ts';
import { notify } from '../../../lab/store.ts';
import { useLab } from '../../LabContext.tsx';

interface WrittenTextProps {
  readonly side: 'before' | 'after';
  /** Who wrote it. */
  readonly about: string;
  readonly written: Written;
  /** Asked for otherwise, or of another plan than is on screen. */
  readonly stale: boolean;
  readonly writing: boolean;
}

/** What one network wrote, behind its prompt. */
export function WrittenText({ side, about, written: { prompt, text, done }, stale, writing }: WrittenTextProps) {
  const lab = useLab();
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(prompt + text);
      setCopied(true);
      setTimeout(() => setCopied(false), 2000);
    } catch {
      notify(lab.store, 'info', 'The browser does not let the page copy.', { advice: 'Select the text and copy it by hand.' });
    }
  };
  return (
    <section className="written" aria-label={`Written ${side}`} aria-busy={writing} data-stale={stale}>
      <h4>
        {side} <span className="mute">{about}{stale && !writing && ', asked for otherwise'}</span>
      </h4>
      <p>
        <span className="mute">{prompt}</span>
        {text}
        {writing && <span className="caret" aria-hidden="true" />}
      </p>
      <div className="row">
        <span className="mute">{done ? `${done.tokens} tokens${done.seconds > 0 ? ` · ${rate(done.tokens / done.seconds)}` : ''}` : writing ? 'writing…' : 'stopped'}</span>
        <button type="button" className="small" aria-label={`Copy what was written ${side}`} onClick={() => void copy()}>
          Copy<output className="copied">{copied ? ': copied' : ''}</output>
        </button>
      </div>
    </section>
  );
}
