import { createContext, use, useContext } from 'react';
import { useStore } from 'zustand';
import type { Language } from '../../../lab/language/language.ts';
import type { LanguageState } from '../../../lab/language/languageState.ts';
import { useLab } from '../../LabContext.tsx';

export const LanguageContext = createContext<Language | undefined>(undefined);

/** Suspends until the lab has it. */
export function useLoadedLanguage(): Language {
  return use(useLab().language());
}

export function useLanguage(): Language {
  const language = useContext(LanguageContext);
  if (!language) throw new Error('useLanguage is called outside of LanguageContext.');
  return language;
}

/** `select` must return a part of the state, not a new object. */
export function useWritten<T>(select: (state: LanguageState) => T): T {
  return useStore(useLanguage().store, select);
}
