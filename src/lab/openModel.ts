import type { CouplingGroup } from '../network/couplingGroup.ts';
import type { LoadedModel } from '../workers/protocol.ts';
import { modelFolder } from './catalogue.ts';
import { errorText, isCancelled, ModelDataMismatchError } from './errors.ts';
import type { Experiment, ModelDescriptor } from './experiment.ts';
import { fingerprint } from './fingerprint.ts';
import { EMPTY_HISTORY } from './history.ts';
import { modelLabel } from './labels.ts';
import type { Session } from './session.ts';
import { notify } from './store.ts';

/**
 * Opens a model in place of the one on screen, which stays until the new one is there, and stays
 * altogether if that fails. True when it is there and the pictures fit it.
 */
export async function openModel(session: Session, descriptor: ModelDescriptor): Promise<boolean> {
  const { store, runner } = session;
  runner.cancelAll();
  store.setState(({ model }) => ({ model: { ...model, opening: descriptor } }));
  try {
    const loaded = await runner.run({ kind: 'model', label: `Loading ${modelLabel(descriptor)}` }, async (job) => {
      await job.wait(session.start());
      return job.wait(session.engine((api) => api.loadModel(session.source(descriptor), job.onProgress)));
    });
    const extras = await modelExtras(session, descriptor);
    if (store.getState().model.opening !== descriptor) return false;
    store.setState((before) => replaced(before, descriptor, loaded, extras));
    checkClasses(store.getState());
    return true;
  } catch (error) {
    store.setState(({ model: { opening, ...model } }) => ({ model: opening === descriptor ? model : { ...model, ...(opening ? { opening } : {}) } }));
    if (isCancelled(error)) return false;
    if (error instanceof ModelDataMismatchError) notify(store, 'error', error.message, { advice: 'Its structure is shown, but nothing can be scored or measured.' });
    else notify(store, 'error', `${modelLabel(descriptor)} could not be opened: ${errorText(error)}`, { advice: adviceFor(error, descriptor, session.environment.baseUrl) });
    return false;
  }
}

/** Shows a shipped model's precomputed results, if nothing better is there yet. */
export async function showPrecomputed(session: Session, id: string): Promise<void> {
  const precomputed = await loadPrecomputed(session, id);
  const { descriptor, loaded } = session.store.getState().model;
  if (precomputed && !loaded && descriptor.kind === 'shipped' && descriptor.id === id) {
    session.store.setState({ precomputed, selectedGroup: session.store.getState().selectedGroup ?? defaultGroup(precomputed.groupsStructure) });
  }
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

async function modelExtras(session: Session, descriptor: ModelDescriptor) {
  if (descriptor.kind !== 'shipped') return {};
  const known = session.store.getState().precomputed;
  const [card, precomputed] = await Promise.all([
    loadCard(session, descriptor.id),
    known?.model === descriptor.id ? known : loadPrecomputed(session, descriptor.id),
  ]);
  return { ...(card ? { card } : {}), ...(precomputed ? { precomputed } : {}) };
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
function replaced(before: Experiment, descriptor: ModelDescriptor, loaded: LoadedModel, extras: Awaited<ReturnType<typeof modelExtras>>): Partial<Experiment> {
  const version = fingerprint(loaded.network);
  const names = new Set(loaded.groups.map(({ name }) => name));
  const { precomputed, card } = extras;
  return {
    model: { descriptor, loaded, version, ...(card ? { card } : {}) },
    precomputed,
    calibration: { status: 'idle', images: before.calibration.images },
    pins: Object.fromEntries(Object.entries(before.pins).filter(([name]) => names.has(name))),
    selectedGroup: before.selectedGroup !== undefined && names.has(before.selectedGroup) ? before.selectedGroup : defaultGroup(loaded.groups),
    keep: undefined,
    cost: undefined,
    planKey: undefined,
    intact: undefined,
    result: undefined,
    details: {},
    history: EMPTY_HISTORY,
    sweepPoints: [],
  };
}

/** A group in the middle of the network says more than its first. */
function defaultGroup(groups: readonly CouplingGroup[]): string | undefined {
  const prunable = groups.filter(({ frozen }) => frozen === undefined);
  const single = prunable.filter(({ producers }) => producers.length === 1);
  const choice = single.length > 0 ? single : prunable;
  return choice[Math.floor(choice.length / 2)]?.name;
}

/** The engine has refused a network whose input is not the shape of the pictures. */
function checkClasses({ model: { loaded }, dataset }: Experiment): void {
  if (!loaded || !dataset) return;
  const outputs = loaded.nodes.find(({ id }) => id === loaded.network.outputs[0])?.shape.at(-1);
  if (outputs !== dataset.classes.length) {
    throw new ModelDataMismatchError(`This model has ${outputs} outputs, and ${dataset.name} has ${dataset.classes.length} classes.`);
  }
}

function adviceFor(error: unknown, descriptor: ModelDescriptor, baseUrl: string): string {
  const stays = 'What was on screen is still there.';
  if (error instanceof Error && error.name === 'InputShapeError') return stays;
  if (descriptor.kind === 'url' && new URL(descriptor.url).origin !== new URL(baseUrl).origin) {
    return 'This page may fetch from its own address only, unless whoever hosts it allows more. Download the model’s files and open those instead.';
  }
  if (descriptor.kind === 'files') return 'Choose model.json together with all of its weight files, or one zip of them.';
  return stays;
}
