import type { MadeSet } from '../datasets/calibrationSource.ts';
import { clampMade } from '../datasets/sourceChoice.ts';
import { errorText, isCancelled } from './errors.ts';
import { percent, seconds, whole } from './format.ts';
import type { Session } from './session.ts';
import { notify } from './store.ts';

/**
 * Makes pictures from the open network alone, beside whatever runs, and adds them to the model's `made`.
 * True when they are there; false where it was stopped, or failed with a notice.
 */
export async function makePictures(session: Session, wanted: MadeSet): Promise<boolean> {
  const { store, runner } = session;
  const settings = clampMade(wanted);
  const { loaded } = store.getState().model;
  if (!loaded) return false;
  try {
    const made = await runner.run({ kind: 'invert', label: 'Making pictures from the network' }, (job) => job.engine((id) => session.engine((api) => api.invert(id, settings, job.onProgress))));
    const { model } = store.getState();
    if (model.loaded !== loaded) return false;
    store.setState({ model: { ...model, made: [settings, ...(model.made ?? []).filter((other) => !sameMade(other, settings))] } });
    const hits = made.inClass === undefined ? '' : `; it puts ${percent(made.inClass, 0)} of them in the class that they were made for`;
    notify(store, 'info', `${whole(settings.count)} pictures were made from the network in ${seconds(made.seconds)}${hits}.`, made.note === undefined ? {} : { advice: made.note });
    return true;
  } catch (error) {
    if (!isCancelled(error)) notify(store, 'error', `No pictures could be made from the network: ${errorText(error)}`);
    return false;
  }
}

export function sameMade(a: MadeSet, b: MadeSet): boolean {
  return a.count === b.count && a.steps === b.steps && a.seed === b.seed;
}
