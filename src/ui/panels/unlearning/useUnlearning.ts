import { createContext, use, useContext } from 'react';
import { useStore } from 'zustand';
import type { Unlearning } from '../../../lab/unlearning/unlearning.ts';
import type { UnlearningState } from '../../../lab/unlearning/unlearningState.ts';
import { useLab } from '../../LabContext.tsx';

export const UnlearningContext = createContext<Unlearning | undefined>(undefined);

/** Suspends until the lab has it. */
export function useLoadedUnlearning(): Unlearning {
  return use(useLab().unlearning());
}

export function useUnlearning(): Unlearning {
  const unlearning = useContext(UnlearningContext);
  if (!unlearning) throw new Error('useUnlearning is called outside of UnlearningContext.');
  return unlearning;
}

/** `select` must return a part of the state, not a new object. */
export function useForgetting<T>(select: (state: UnlearningState) => T): T {
  return useStore(useUnlearning().store, select);
}
