import { useState } from 'react';
import { encodeFragment, fragmentState } from '../../lab/fragment.ts';
import { notify } from '../../lab/store.ts';
import { useLab } from '../LabContext.tsx';

/** Copies a link that opens this experiment. */
export function ShareButton() {
  const lab = useLab();
  const [copied, setCopied] = useState(false);
  const share = async () => {
    const url = new URL(location.href);
    url.hash = encodeFragment(fragmentState(lab.store.getState()));
    try {
      await navigator.clipboard.writeText(url.href);
      setCopied(true);
      setTimeout(() => setCopied(false), 2000);
    } catch {
      notify(lab.store, 'info', 'The browser does not let the page copy.', { advice: 'The address in its address bar is the link.' });
    }
  };
  return (
    <button type="button" className="pick" onClick={() => void share()}>
      Share
      <output className="copied">{copied ? ': link copied' : ''}</output>
    </button>
  );
}
