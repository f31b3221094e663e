import { useId, useState, type SubmitEvent } from 'react';
import type { DataDescriptor } from '../../lab/experiment.ts';
import { whole } from '../../lab/format.ts';
import { dataOfFiles, typedText } from '../../lab/incoming.ts';
import type { DatasetSummary } from '../../workers/protocol.ts';
import { FilesButton } from '../controls/FilesButton.tsx';
import './textForm.css';

interface TextFormProps {
  readonly dataset?: DatasetSummary;
  readonly onText: (text: DataDescriptor) => void;
}

/** Ways to bring a text of one's own, and how the open one is read. */
export function TextForm({ dataset, onText }: TextFormProps) {
  const id = useId();
  const [typed, setTyped] = useState('');
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    onText(typedText(typed));
  };
  return (
    <>
      <div className="row wrap">
        <FilesButton label="Add text…" inputLabel="Text files" accept=".txt,.md,.text,.markdown,.zip" onFiles={(files) => onText(dataOfFiles(files))} />
        <FilesButton label="Add a folder…" inputLabel="Folder of text" folder onFiles={(files) => onText(dataOfFiles(files))} />
      </div>
      <p className="hint">Plain text in UTF-8 (.txt, .md), files, folders or zips. They can be dropped anywhere on the page, and never leave it.</p>
      <form className="stack" onSubmit={submit}>
        <label htmlFor={id}>Or paste or type one</label>
        <textarea id={id} className="typed-text" rows={4} value={typed} onChange={(event) => setTyped(event.target.value)} />
        <button type="submit" className="pick" disabled={typed.trim() === ''}>
          Use this text
        </button>
      </form>
      {dataset?.text && <ReadAs dataset={dataset} stride={dataset.text.stride} />}
    </>
  );
}

function ReadAs({ dataset: { name, shape: [window], train, test, text, own }, stride }: { readonly dataset: DatasetSummary; readonly stride: number }) {
  return (
    <dl className="facts" aria-label={`How ${name} is read`}>
      <dt>Window</dt>
      <dd>{whole(window)} tokens</dd>
      <dt>To score with</dt>
      <dd>
        {whole(train)} {train === 1 ? 'window' : 'windows'}, about {whole(train * window)} tokens
      </dd>
      <dt>To measure with</dt>
      <dd>
        {whole(test)} {test === 1 ? 'window' : 'windows'}, {whole(stride)} tokens apart
      </dd>
      {own && (
        <>
          <dt>Divided</dt>
          <dd>at its middle</dd>
        </>
      )}
      {text !== undefined && text.cloze > 0 && (
        <>
          <dt>Multiple-choice items</dt>
          <dd>{whole(text.cloze)}</dd>
        </>
      )}
      {own && own.skipped.length > 0 && (
        <>
          <dt>Skipped</dt>
          <dd>{own.skipped.map(({ path }) => path).slice(0, 5).join(', ')}</dd>
        </>
      )}
    </dl>
  );
}
