import { createStore, type StoreApi } from 'zustand/vanilla';
import type { PrunePlan } from '../../network/prunePlan.ts';
import type { ClozeResult, Generation, GenerationRequest } from '../../workers/protocol.ts';

/** How a text is written on, as a person sets it. */
export interface WritingSettings extends Omit<GenerationRequest, 'plan'> {
  /** Written anew whenever a plan was measured after the budget moved. */
  readonly follow: boolean;
}

/** What one network wrote, or is writing. */
export interface Written {
  /** All of it so far, without the prompt. */
  readonly text: string;
  /** What it goes on from. */
  readonly prompt: string;
  /** Once it came to its end. */
  readonly done?: Generation;
  /** Names how it was asked for. */
  readonly key: string;
  /** Of a pruned network. */
  readonly plan?: PrunePlan;
  /** What that plan is called. */
  readonly name?: string;
}

export interface ClozeMeasured {
  readonly intact: ClozeResult;
  readonly pruned?: ClozeResult;
  /** What was measured as `pruned`. */
  readonly plan?: PrunePlan;
}

export interface LanguageState {
  readonly settings: WritingSettings;
  readonly before?: Written;
  readonly after?: Written;
  /** What stood in the way of the last writing. */
  readonly failure?: string;
  readonly cloze?: ClozeMeasured;
  readonly clozeFailure?: string;
}

export type LanguageStore = StoreApi<LanguageState>;

export const WRITING_LIMITS = { tokens: { least: 1, most: 256 }, temperature: { least: 0, most: 2 }, topK: { least: 0, most: 1000 }, seed: { least: 0, most: 0xffffffff }, prompt: 2000 } as const;

export const INITIAL_LANGUAGE: LanguageState = {
  settings: { prompt: 'The morning was', tokens: 48, temperature: 0.7, topK: 40, seed: 1, follow: true },
};

export function createLanguageStore(): LanguageStore {
  return createStore<LanguageState>()(() => INITIAL_LANGUAGE);
}

/** Equal for settings that make a network write the same. */
export function writingKey({ prompt, tokens, temperature, topK, seed }: WritingSettings): string {
  return JSON.stringify([prompt, tokens, temperature, topK ?? 0, seed]);
}
