import { useId, useRef, useState, type SubmitEvent } from 'react';
import { SHIPPED_MODELS } from '../../lab/catalogue.ts';
import type { Experiment, ModelDescriptor } from '../../lab/experiment.ts';
import { bytes, count, percent, whole } from '../../lab/format.ts';
import { modelLabel } from '../../lab/labels.ts';
import { intactCost } from '../../lab/planCost.ts';
import { Popover } from '../controls/Popover.tsx';
import { useExperiment, useLab } from '../LabContext.tsx';

export function ModelPicker() {
  const model = useExperiment((experiment) => experiment.model);
  const params = useExperiment((experiment) => intactCost(experiment)?.params);
  const shown = model.opening ?? model.descriptor;
  const about = [taskOf(shown), params && !model.opening ? count(params) : undefined].filter(Boolean).join(' · ');
  return (
    <Popover
      title="Model"
      label={`Model: ${modelLabel(shown)} ${about}`}
      button={
        <>
          {modelLabel(shown)} <small>{about}</small>
        </>
      }
    >
      {(close) => <ModelChoices model={model} shown={shown} close={close} />}
    </Popover>
  );
}

function ModelChoices({ model, shown, close }: { readonly model: Experiment['model']; readonly shown: ModelDescriptor; readonly close: () => void }) {
  const lab = useLab();
  const name = useId();
  const files = useRef<HTMLInputElement>(null);
  const open = (descriptor: ModelDescriptor) => {
    close();
    void lab.openModel(descriptor);
  };
  return (
    <div className="stack">
      <fieldset className="plain">
        <legend>Shipped models</legend>
        {SHIPPED_MODELS.map(({ id, name: title, task }) => (
          <label key={id} className="option">
            <input type="radio" name={name} checked={shown.kind === 'shipped' && shown.id === id} onChange={() => open({ kind: 'shipped', id })} />
            {title} <small>{task}</small>
          </label>
        ))}
      </fieldset>
      <ModelCardLines model={model} />
      <button type="button" className="pick" onClick={() => files.current?.click()}>
        Open model files…
      </button>
      <input
        ref={files}
        type="file"
        multiple
        accept=".json,.bin,.zip"
        className="sr-only"
        aria-label="Model files"
        tabIndex={-1}
        onChange={(event) => {
          const chosen = [...(event.target.files ?? [])];
          event.target.value = '';
          if (chosen.length > 0) open(filesDescriptor(chosen));
        }}
      />
      <p className="hint">TensorFlow.js layers format: model.json with its weight files, or one zip. They can be dropped anywhere on the page, and never leave it.</p>
      <UrlForm onOpen={open} />
    </div>
  );
}

function UrlForm({ onOpen }: { readonly onOpen: (descriptor: ModelDescriptor) => void }) {
  const id = useId();
  const [bad, setBad] = useState(false);
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = new FormData(event.currentTarget).get('url');
    const text = typeof typed === 'string' ? typed.trim() : '';
    if (text === '' || !URL.canParse(text, document.baseURI)) return setBad(true);
    setBad(false);
    onOpen({ kind: 'url', url: new URL(text, document.baseURI).href });
  };
  return (
    <form className="stack" onSubmit={submit}>
      <label htmlFor={id}>Open from URL…</label>
      <div className="row tight">
        <input id={id} name="url" type="text" inputMode="url" placeholder="models/mine/" aria-invalid={bad} />
        <button type="submit" className="pick">
          Open
        </button>
      </div>
      <p className="hint">{bad ? 'That is not an address.' : 'Of this site. Others only where its host allows them.'}</p>
    </form>
  );
}

function ModelCardLines({ model: { card, loaded } }: { readonly model: Experiment['model'] }) {
  if (!loaded) return null;
  return (
    <dl className="facts">
      <dt>Layers</dt>
      <dd>{loaded.network.nodes.length}</dd>
      <dt>Parameters</dt>
      <dd>{whole(loaded.cost.params)}</dd>
      <dt>MACs</dt>
      <dd>{whole(loaded.cost.macs)}</dd>
      <dt>Weights</dt>
      <dd>{bytes(loaded.cost.bytes)}</dd>
      {card?.accuracy && (
        <>
          <dt>Trained to</dt>
          <dd>{percent(card.accuracy.accuracy, 2)}</dd>
        </>
      )}
      {card?.licence?.weights && (
        <>
          <dt>Licence</dt>
          <dd>{card.licence.weights}</dd>
        </>
      )}
    </dl>
  );
}

export function filesDescriptor(files: readonly File[]): ModelDescriptor {
  const main = files.find(({ name }) => /\.(json|zip)$/i.test(name)) ?? files[0];
  return { kind: 'files', name: main.name.replace(/\.(json|zip)$/i, '') || main.name, files };
}

function taskOf(descriptor: ModelDescriptor): string | undefined {
  return descriptor.kind === 'shipped' ? SHIPPED_MODELS.find(({ id }) => id === descriptor.id)?.task : undefined;
}
