import { useState } from 'react';
import { Dialog } from '../../controls/Dialog.tsx';
import { ClozeCard } from './ClozeCard.tsx';
import { LanguageContext, useLoadedLanguage } from './useLanguage.ts';
import { WritingCard } from './WritingCard.tsx';
import './language.css';

/** In the place of pictures: what the network writes before and after, and what it answers. */
export function LanguagePanel() {
  const language = useLoadedLanguage();
  const [large, setLarge] = useState(false);
  return (
    <LanguageContext value={language}>
      <WritingCard
        tools={
          <button type="button" className="small" aria-haspopup="dialog" onClick={() => setLarge(true)}>
            Enlarge
          </button>
        }
      />
      <ClozeCard />
      {large && (
        <Dialog wide title="What it writes" label="What it writes" onClose={() => setLarge(false)}>
          <WritingCard />
        </Dialog>
      )}
    </LanguageContext>
  );
}
