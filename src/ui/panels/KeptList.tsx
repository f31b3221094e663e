import { useEffect } from 'react';
import { bytes } from '../../lab/format.ts';
import type { PathedFile } from '../../workers/protocol.ts';
import { useExperiment, useLab } from '../LabContext.tsx';

export type KeptDescriptor =
  | { readonly kind: 'files'; readonly name: string; readonly files: readonly PathedFile[] }
  | { readonly kind: 'kept'; readonly id: string; readonly name: string };

interface KeptListProps {
  readonly kind: 'model' | 'data';
  /** Of the radios that these belong to. */
  readonly group: string;
  readonly shown: { readonly kind: string; readonly id?: string; readonly files?: readonly PathedFile[] };
  readonly onOpen: (descriptor: KeptDescriptor) => void;
}

/** What a person brought before: opened again by a click, with its size, and removable. */
export function KeptList({ kind, group, shown, onOpen }: KeptListProps) {
  const lab = useLab();
  const { list, session } = useExperiment((experiment) => experiment.kept);
  useEffect(() => void lab.listKept(), [lab]);
  const items = (list?.items ?? []).filter((item) => item.kind === kind);
  const beside = kind === 'model' ? (list?.items ?? []).filter((item) => item.kind === 'fetched' || item.kind === 'unfinished') : [];
  const here = session.filter((item) => item.kind === kind);
  const remove = (id: string, name: string) => (
    <button type="button" className="small" aria-label={`Remove ${name}`} onClick={() => void lab.forget(id)}>
      Remove
    </button>
  );
  return (
    <>
      {here.map(({ id, name, bytes: size, files }) => (
        <div key={id} className="kept">
          <label className="option">
            <input type="radio" name={group} checked={shown.kind === 'files' && shown.files === files} onChange={() => onOpen({ kind: 'files', name, files })} />
            {name} <small>{bytes(size)}, until the page is closed</small>
          </label>
          {remove(id, name)}
        </div>
      ))}
      {items.map(({ id, name, bytes: size }) => (
        <div key={id} className="kept">
          <label className="option">
            <input type="radio" name={group} checked={shown.kind === 'kept' && shown.id === id} onChange={() => onOpen({ kind: 'kept', id, name })} />
            {name} <small>{bytes(size)}, kept</small>
          </label>
          {remove(id, name)}
        </div>
      ))}
      {beside.length > 0 && (
        <details>
          <summary className="hint">
            Fetched copies, {bytes(beside.reduce((sum, item) => sum + item.bytes, 0))}
          </summary>
          {beside.map(({ id, name, kind: what, bytes: size }) => (
            <div key={id} className="kept">
              <span className="address">
                {name} <small className="mute">{bytes(size)}{what === 'unfinished' && ', unfinished'}</small>
              </span>
              {remove(id, name)}
            </div>
          ))}
        </details>
      )}
      {list && !list.durable && <p className="hint">{list.problem}</p>}
    </>
  );
}
