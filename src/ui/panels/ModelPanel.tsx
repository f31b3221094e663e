import { useId, useState, type SubmitEvent } from 'react';
import { SHIPPED_MODELS } from '../../lab/catalogue.ts';
import type { Experiment, ModelDescriptor } from '../../lab/experiment.ts';
import { bytes, percent, perplexity, whole } from '../../lab/format.ts';
import { modelOfFiles } from '../../lab/incoming.ts';
import { FilesButton } from '../controls/FilesButton.tsx';
import { useLab } from '../LabContext.tsx';
import { KeptList } from './KeptList.tsx';

interface ModelPanelProps {
  readonly model: Experiment['model'];
  readonly shown: ModelDescriptor;
  readonly close: () => void;
}

/** Which network is on screen: shipped ones, those that a person brought, and ways to bring more. */
export function ModelPanel({ model, shown, close }: ModelPanelProps) {
  const lab = useLab();
  const name = useId();
  const open = (descriptor: ModelDescriptor) => {
    close();
    void lab.openModel(descriptor);
  };
  return (
    <div className="stack">
      <fieldset className="plain">
        <legend>Models</legend>
        {SHIPPED_MODELS.map(({ id, name: title, task }) => (
          <label key={id} className="option">
            <input type="radio" name={name} checked={shown.kind === 'shipped' && shown.id === id} onChange={() => open({ kind: 'shipped', id })} />
            {title} <small>{task}</small>
          </label>
        ))}
        <KeptList kind="model" group={name} shown={shown} onOpen={open} />
      </fieldset>
      <ModelCardLines model={model} />
      <div className="row wrap">
        <FilesButton label="Open model files…" inputLabel="Model files" accept=".json,.bin,.zip,.h5,.hdf5,.keras,.onnx,.data,.safetensors" onFiles={(files) => open(modelOfFiles(files))} />
        <FilesButton label="Open a folder…" inputLabel="Folder of a model" folder onFiles={(files) => open(modelOfFiles(files))} />
      </div>
      <p className="hint">TensorFlow.js (model.json with its weight files), Keras .h5 and .keras, ONNX, Hugging Face (config.json with safetensors, and tokenizer.json where it reads text); files, a folder, or a zip of them. They can be dropped anywhere on the page, and never leave it.</p>
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
      <p className="hint">{bad ? 'That is not an address.' : 'A model’s file, or a folder with a model.json or config.json. On another site only if that one lets pages read it; it then learns your address.'}</p>
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
      {card?.perplexity && (
        <>
          <dt>Held-out perplexity</dt>
          <dd>{perplexity(card.perplexity.perplexity)}</dd>
        </>
      )}
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
