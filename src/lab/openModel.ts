import type { CouplingGroup } from '../network/couplingGroup.ts';
import { decodePreprocessing, samePreprocessing, type Preprocessing } from '../datasets/preprocessing.ts';
import type { LoadedModel } from '../workers/protocol.ts';
import { modelFolder } from './catalogue.ts';
import { errorText, isCancelled } from './errors.ts';
import { defaultPreprocessing, type DataDescriptor, type Experiment, type ModelCard, type ModelDescriptor } from './experiment.ts';
import { bytes } from './format.ts';
import { fingerprint } from './fingerprint.ts';
import { modelLabel } from './labels.ts';
import { fitPictures, withoutResults } from './openPictures.ts';
import type { Precomputed } from './precomputed.ts';
import { rulesOfGroups } from './rules.ts';
import type { Session } from './session.ts';
import { notify } from './store.ts';

/**
 * Opens a model in place of the one on screen, which stays until the new one is there, and stays
 * altogether if that fails. True when it is there and the pictures fit it: those on screen, or
 * `data` with it. Without a `preprocessing` it is what the person last set for it, or what its
 * card asks for.
 */
export async function openModel(
  session: Session,
  descriptor: ModelDescriptor,
  { preprocessing, data }: { readonly preprocessing?: Preprocessing; readonly data?: DataDescriptor } = {},
): Promise<boolean> {
  const { store, runner } = session;
  runner.cancelWork();
  store.setState(({ model }) => ({ model: { ...model, opening: descriptor } }));
  try {
    const loaded = await runner.run({ kind: 'model', label: `Loading ${modelLabel(descriptor)}` }, async (job) => {
      await job.wait(session.start());
      return job.engine((id) => session.engine((api) => api.loadModel(id, session.source(descriptor), job.onProgress, (taken) => job.setLabel(`Loading ${modelLabel(descriptor)}, which takes ${bytes(taken)} of memory`))));
    });
    const extras: Extras = { ...(await modelExtras(session, descriptor, loaded)), ...(preprocessing ? { preprocessing } : {}) };
    const { groupLabels } = await import('./groupLabels.ts');
    if (store.getState().model.opening !== descriptor) return false;
    store.setState((before) => ({ ...replaced(before, descriptor, loaded, extras), groupLabels: groupLabels(loaded.groups, loaded), ...(data ? { data: { descriptor: data } } : {}) }));
    if (loaded.notKept !== undefined) notify(store, 'warning', `What was fetched is not kept: ${loaded.notKept}`, { advice: 'It is fetched again the next time.' });
    if (descriptor.kind === 'files') void import('./keepFiles.ts').then(({ keepFiles }) => keepFiles(session, 'model', descriptor.name, descriptor.files));
    await session.engine((api) => api.setPreprocessing(store.getState().preprocessing));
  } catch (error) {
    store.setState(({ model: { opening, ...model } }) => ({ model: opening === descriptor ? model : { ...model, ...(opening ? { opening } : {}) } }));
    if (!isCancelled(error)) notify(store, 'error', `${modelLabel(descriptor)} could not be opened: ${errorText(error)}`, { advice: adviceFor(error, descriptor, session.environment.baseUrl) });
    return false;
  }
  return fitPictures(session, data !== undefined);
}

/** Shows a shipped model's precomputed results, if nothing better is there yet. */
export async function showPrecomputed(session: Session, id: string): Promise<void> {
  const precomputed = await loadPrecomputed(session, id);
  const { descriptor, loaded } = session.store.getState().model;
  if (precomputed && !loaded && descriptor.kind === 'shipped' && descriptor.id === id) {
    session.store.setState({ precomputed, selectedGroup: session.store.getState().selectedGroup ?? defaultGroup(precomputed.groupsStructure) });
    const { groupLabels } = await import('./groupLabels.ts');
    if (!session.store.getState().model.loaded) session.store.setState({ groupLabels: groupLabels(precomputed.groupsStructure) });
  }
}

/** Shows a shipped model's precomputed results again, where the pictures on screen are those that they are of, in the same form. */
export async function restorePrecomputed(session: Session): Promise<void> {
  const { model, data, preprocessing, precomputed } = session.store.getState();
  if (precomputed || model.descriptor.kind !== 'shipped' || data.descriptor.kind !== 'shipped' || !samePreprocessing(preprocessing, defaultPreprocessing(model))) return;
  const found = await loadPrecomputed(session, model.descriptor.id);
  if (found && session.store.getState().model === model) session.store.setState({ precomputed: found });
}

async function loadPrecomputed(session: Session, id: string) {
  try {
    const [json, { parsePrecomputed }] = await Promise.all([
      session.environment.fetchJson(`${modelFolder(id, session.environment.baseUrl)}precomputed.json`),
      import('./precomputed.ts'),
    ]);
    return json === undefined ? undefined : parsePrecomputed(json);
  } catch (error) {
    notify(session.store, 'info', `The precomputed results could not be shown: ${errorText(error)}`);
    return undefined;
  }
}

/** What comes with a model. */
interface Extras {
  readonly card?: ModelCard;
  readonly precomputed?: Precomputed;
  readonly preprocessing?: Preprocessing;
}

async function modelExtras(session: Session, descriptor: ModelDescriptor, loaded: LoadedModel): Promise<Extras> {
  if (descriptor.kind !== 'shipped') {
    const [card, preprocessing] = await Promise.all([parsedCard(loaded.card), keptPreprocessing(session, descriptor)]);
    return { ...(card ? { card } : {}), ...(preprocessing ? { preprocessing } : {}) };
  }
  const { precomputed: known } = session.store.getState();
  const [card, precomputed] = await Promise.all([
    loadCard(session, descriptor.id),
    known?.model === descriptor.id ? known : loadPrecomputed(session, descriptor.id),
  ]);
  return { ...(card ? { card } : {}), ...(precomputed ? { precomputed } : {}) };
}

async function parsedCard(card: unknown) {
  if (card === undefined) return undefined;
  const { parseCard } = await import('./precomputed.ts');
  return parseCard(card);
}

/** What the person set the last time that this model was open. */
async function keptPreprocessing(session: Session, descriptor: ModelDescriptor): Promise<Preprocessing | undefined> {
  if (descriptor.kind !== 'kept') return undefined;
  const settings = await session.engine((api) => api.keptSettings(descriptor.id)).catch(() => undefined);
  const text: unknown = typeof settings === 'object' && settings !== null ? Reflect.get(settings, 'preprocessing') : undefined;
  return typeof text === 'string' ? decodePreprocessing(text) : undefined;
}

async function loadCard(session: Session, id: string) {
  try {
    const [json, { parseCard }] = await Promise.all([session.environment.fetchJson(`${modelFolder(id, session.environment.baseUrl)}card.json`), import('./precomputed.ts')]);
    return json === undefined ? undefined : parseCard(json);
  } catch {
    return undefined;
  }
}

/** The state with the new model: what belonged to the old one goes, what the person asked for stays. */
function replaced(before: Experiment, descriptor: ModelDescriptor, loaded: LoadedModel, extras: Extras): Partial<Experiment> {
  const version = fingerprint(loaded.network);
  const names = new Set(loaded.groups.map(({ name }) => name));
  const { precomputed, card } = extras;
  const model = { descriptor, loaded, version, ...(card ? { card } : {}) };
  const preprocessing = extras.preprocessing ?? defaultPreprocessing(model);
  return {
    ...withoutResults(before),
    model,
    preprocessing,
    precomputed: samePreprocessing(preprocessing, defaultPreprocessing(model)) ? precomputed : undefined,
    pins: Object.fromEntries(Object.entries(before.pins).filter(([name]) => names.has(name))),
    request: { ...before.request, rules: rulesOfGroups(before.request.rules, names) },
    selectedGroup: before.selectedGroup !== undefined && names.has(before.selectedGroup) ? before.selectedGroup : defaultGroup(loaded.groups),
  };
}

/** A group in the middle of the network says more than its first, and one of many channels more than a few heads. */
function defaultGroup(groups: readonly CouplingGroup[]): string | undefined {
  const prunable = groups.filter(({ frozen }) => frozen === undefined);
  const most = Math.max(...prunable.map(({ channels }) => channels));
  const wide = prunable.filter(({ channels }) => 16 * channels >= most);
  const single = wide.filter(({ producers }) => producers.length === 1);
  const choice = single.length > 0 ? single : wide;
  return choice[Math.floor(choice.length / 2)]?.name;
}

function adviceFor(error: unknown, descriptor: ModelDescriptor, baseUrl: string): string {
  const elsewhere = descriptor.kind === 'url' && new URL(descriptor.url).origin !== new URL(baseUrl).origin;
  if (elsewhere && error instanceof Error && error.name === 'FetchError') return 'Its site may not let other pages read its files: download them and open those instead.';
  return 'What was on screen is still there.';
}
