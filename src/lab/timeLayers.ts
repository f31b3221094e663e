import type { PrunePlan } from '../network/prunePlan.ts';
import type { LayerTimes } from './experiment.ts';
import { intactTimes } from './layerTimesKnown.ts';
import type { Session } from './session.ts';

/**
 * Times every step of the intact network, unless that is known of this backend, and of the plan on
 * screen, one image at a time. It makes way for what the person does meanwhile. Rejects with
 * `CancelledError` when stopped; what was timed by then stays.
 */
export function timeLayers(session: Session): Promise<void> {
  const { runner, store } = session;
  return runner.run({ kind: 'layers', label: 'Timing the layers', priority: 2, yields: true }, async (job) => {
    const { model, backend, keep, planKey } = store.getState();
    if (!model.loaded) return;
    const timesOf = (plan?: PrunePlan) =>
      job.engine((id) => session.engine((api) => api.layerTimes(id, { ...(plan ? { plan } : {}), batch: 1 }, job.onProgress)));

    job.setLabel('Timing the layers of the intact network');
    const intact = intactTimes(store.getState()) ?? (await timesOf());
    const times: LayerTimes = { loaded: model.loaded, ...(backend ? { backend } : {}), intact };
    store.setState({ layerTimes: times });
    if (!keep || planKey === undefined) return;
    job.setLabel('Timing the layers of the pruned network');
    // how long a layer takes does not depend on what its weights are
    const pruned = await timesOf({ keep, weights: {} });
    store.setState({ layerTimes: { ...times, planKey, pruned } });
  });
}
