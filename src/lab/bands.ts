import type { GroupBand } from '../workers/protocol.ts';
import { errorText, FidelityDiedError, isCancelled } from './errors.ts';
import type { BandsState, Experiment } from './experiment.ts';
import type { Session } from './session.ts';
import { notify } from './store.ts';

/** Random orders of each group's channels; each gives a random subset of every size. */
export const PERMUTATIONS = 200;

/**
 * Asks the fidelity worker for every group's distribution over random subsets, unless those of this
 * calibration are there; each is stored as it comes. Without a finished calibration it does nothing.
 */
export async function loadBands(session: Session): Promise<void> {
  const { store, frames } = session;
  const { calibration: { status, summary }, request: { seed } } = store.getState();
  if (status !== 'done' || !summary || shownBands(store.getState())) return;
  const mine = (state: BandsState | undefined) => state?.of === summary;
  const arrived: Record<string, GroupBand> = {};
  const show = (status: BandsState['status']) =>
    store.setState(({ bands }) => (mine(bands) ? { bands: { of: summary, status, groups: { ...arrived } } } : {}));
  store.setState({ bands: { of: summary, status: 'running', groups: {} } });
  try {
    await session.fidelity.call((api) =>
      api.bands(PERMUTATIONS, seed, (band) => {
        arrived[band.name] = band;
        frames.set('bands', () => show('running'));
      }),
    );
    frames.drop('bands');
    show('done');
  } catch (error) {
    frames.drop('bands');
    store.setState(({ bands }) => (mine(bands) ? { bands: undefined } : {}));
    if (!isCancelled(error) && !(error instanceof FidelityDiedError)) notify(store, 'error', `The random subsets could not be drawn: ${errorText(error)}`);
  }
}

/** The bands of the statistics on screen; undefined where none were asked for. */
export function shownBands({ bands, calibration }: Pick<Experiment, 'bands' | 'calibration'>): BandsState | undefined {
  return bands && bands.of === calibration.summary && calibration.status === 'done' ? bands : undefined;
}
