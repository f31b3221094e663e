import { createStore, type StoreApi } from 'zustand/vanilla';
import { INITIAL_EXPERIMENT, type Experiment, type Notice, type NoticeAction, type NoticeLevel } from './experiment.ts';

export type ExperimentStore = StoreApi<Experiment>;

export function createExperimentStore(): ExperimentStore {
  return createStore<Experiment>()(() => INITIAL_EXPERIMENT);
}

const NOTICE_LIMIT = 6;
let lastNotice = 0;

/** Shows a notice; the same text again replaces the one before it. */
export function notify(
  store: ExperimentStore,
  level: NoticeLevel,
  text: string,
  more: { readonly advice?: string; readonly action?: { readonly label: string; readonly name: NoticeAction } } = {},
): void {
  const notice: Notice = { id: (lastNotice += 1), level, text, ...more };
  store.setState(({ notices }) => ({ notices: [...notices.filter((other) => other.text !== text), notice].slice(-NOTICE_LIMIT) }));
}

export function dismissNotice(store: ExperimentStore, id: number): void {
  store.setState(({ notices }) => ({ notices: notices.filter((notice) => notice.id !== id) }));
}
