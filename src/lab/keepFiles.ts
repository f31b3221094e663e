import { encodePreprocessing } from '../datasets/preprocessing.ts';
import type { KeptItem, KeptKind } from '../storage/keptItems.ts';
import type { PathedFile } from '../workers/protocol.ts';
import { errorText, isCancelled } from './errors.ts';
import type { SessionItem } from './experiment.ts';
import { bytes } from './format.ts';
import type { Session } from './session.ts';
import { notify } from './store.ts';

let lastSessionItem = 0;

/**
 * Writes files that are open now to where the browser keeps them, in the background; from then on
 * the experiment refers to them by their id, and a reload finds them. Where that fails they stay
 * open, and at hand until the page is closed.
 */
export async function keepFiles(session: Session, kind: KeptKind, name: string, files: readonly PathedFile[]): Promise<void> {
  const { store, runner } = session;
  try {
    const item = await runner.run({ kind: kind === 'model' ? 'keepModel' : 'keepData', label: `Keeping ${name}` }, (job) =>
      job.engine((id) => session.engine((api) => api.keep(id, { kind, name, files }, job.onProgress))),
    );
    refer(session, item, files);
    if (kind === 'model') await rememberPreprocessing(session);
  } catch (error) {
    const known = store.getState().kept.session.some((item) => item.files === files);
    const item: SessionItem = { id: `session ${(lastSessionItem += 1)}`, kind, name, bytes: files.reduce((sum, { file }) => sum + file.size, 0), added: Date.now(), files };
    if (!known) store.setState(({ kept }) => ({ kept: { ...kept, session: [item, ...kept.session] } }));
    if (isCancelled(error)) notify(store, 'info', `${name} is not kept.`, { advice: 'It stays until the page is closed.' });
    else if (error instanceof Error && error.name === 'StorageUnavailableError') notify(store, 'info', error.message);
    else notify(store, 'warning', `${name} is not kept: ${errorText(error)}`, { advice: await roomAdvice(session) });
  }
  await listKept(session);
}

/** Brings the list of what the browser keeps up to date. */
export async function listKept(session: Session): Promise<void> {
  try {
    const list = await session.engine((api) => api.kept());
    session.store.setState(({ kept }) => ({ kept: { ...kept, list } }));
  } catch {
    // Without an engine there is nothing to list; the list that is there stays.
  }
}

/** Removes one item. What is open of it stays open until the page is closed. */
export async function forgetKept(session: Session, id: string): Promise<void> {
  const { store } = session;
  store.setState(({ kept }) => ({ kept: { ...kept, session: kept.session.filter((item) => item.id !== id) } }));
  try {
    if (!id.startsWith('session ')) await session.engine((api) => api.forget(id));
  } catch (error) {
    notify(store, 'error', `It could not be removed: ${errorText(error)}`);
  }
  await listKept(session);
}

/** What the person set for the kept model that is open, so that it is found with it. */
export async function rememberPreprocessing(session: Session): Promise<void> {
  const { model: { descriptor }, preprocessing } = session.store.getState();
  if (descriptor.kind !== 'kept') return;
  await session.engine((api) => api.setKeptSettings(descriptor.id, { preprocessing: encodePreprocessing(preprocessing) })).catch(() => {});
}

/** Puts the kept item in the place of the files, where those are still what is open. */
function refer({ store }: Session, { id, kind, name }: KeptItem, files: readonly PathedFile[]): void {
  store.setState(({ kept }) => ({ kept: { ...kept, session: kept.session.filter((item) => item.files !== files) } }));
  store.setState(({ model, data }) => {
    if (kind === 'model') return model.descriptor.kind === 'files' && model.descriptor.files === files ? { model: { ...model, descriptor: { kind: 'kept', id, name } } } : {};
    return data.descriptor.kind === 'files' && data.descriptor.files === files ? { data: { ...data, descriptor: { kind: 'kept', id, name } } } : {};
  });
}

async function roomAdvice(session: Session): Promise<string> {
  await listKept(session);
  const items = [...(session.store.getState().kept.list?.items ?? [])].sort((a, b) => b.bytes - a.bytes).slice(0, 3);
  const most = items.map((item) => `${item.name} (${bytes(item.bytes)})`).join(', ');
  return `It stays until the page is closed.${most ? ` What takes most room: ${most}; remove some of it under Model or Calibration.` : ''}`;
}
