import { useEffect, useState } from 'react';
import { errorText, isCancelled } from '../../../lab/errors.ts';
import type { ExcitingText } from '../../../workers/protocol.ts';
import { useLab } from '../../LabContext.tsx';
import './language.css';

const SHOWN = 12;

/** Tokens of the text at which a channel is greatest, in what stands around them. */
export function ExcitingTexts({ node, channel }: { readonly node: string; readonly channel: number }) {
  const lab = useLab();
  const [found, setFound] = useState<readonly ExcitingText[] | string>();
  useEffect(() => {
    let gone = false;
    lab.language().then((language) => language.exciting(node, channel, SHOWN)).then(
      (texts) => !gone && setFound(texts),
      (error: unknown) => !gone && !isCancelled(error) && setFound(`They could not be found: ${errorText(error)}`),
    );
    return () => {
      gone = true;
    };
  }, [lab, node, channel]);
  if (typeof found === 'string') return <p className="hint">{found}</p>;
  if (!found) return <p className="hint">Looking through the text…</p>;
  return (
    <ol className="exciting-texts">
      {found.map(({ before, token, after, activation }) => (
        <li key={`${before}${token}${after}`}>
          <span>
            {before}
            <mark>{token}</mark>
            {after}
          </span>
          <small className="mute">{activation.toFixed(2)}</small>
        </li>
      ))}
    </ol>
  );
}
