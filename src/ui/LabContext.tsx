import { createContext, useContext, type ReactNode } from 'react';
import { useStore } from 'zustand';
import type { Experiment } from '../lab/experiment.ts';
import type { Lab } from '../lab/lab.ts';

const LabContext = createContext<Lab | undefined>(undefined);

export function LabProvider({ lab, children }: { readonly lab: Lab; readonly children: ReactNode }) {
  return <LabContext value={lab}>{children}</LabContext>;
}

export function useLab(): Lab {
  const lab = useContext(LabContext);
  if (!lab) throw new Error('useLab is called outside of LabProvider.');
  return lab;
}

/** `select` must return a part of the state, not a new object. */
export function useExperiment<T>(select: (experiment: Experiment) => T): T {
  return useStore(useLab().store, select);
}
