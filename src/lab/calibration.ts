import { isCancelled } from './errors.ts';
import { drawOf, type CalibrationState } from './experiment.ts';
import type { Session } from './session.ts';

/**
 * Streams statistics of the calibration pictures from the engine to the fidelity worker; scores
 * and curves reach the store at most once a frame, each through `onScores`. Resolves to true at
 * the end, to false when the person stopped it: what was scored by then stays, and `onLastScores` says
 * when the scores of all batches that came before the stop are in the store.
 */
export async function calibrate(session: Session, onScores: () => void, onLastScores: () => void): Promise<boolean> {
  const { store, runner, frames } = session;
  const network = store.getState().model.loaded?.network;
  if (!network) return false;
  const draw = drawOf(store.getState());
  const drawn = { seed: draw.seed, drawnFrom: draw.source };
  const patch = (change: Partial<CalibrationState>) => store.setState(({ calibration }) => ({ calibration: { ...calibration, ...change } }));

  try {
    await runner.run({ kind: 'calibration', label: 'Scoring' }, async (job) => {
      patch({ status: 'running' });
      await job.wait(session.fidelity.call((api) => api.begin(network)));
      onScores();
      const { port1, port2 } = new MessageChannel();
      try {
        const accumulated = session.fidelity.call((api) =>
          api.accumulate(port2, (update) => {
            if (job.signal.aborted) return;
            frames.set('fidelity', () => {
              patch({ update, ...drawn, summary: undefined });
              onScores();
            });
          }),
        );
        // Also when it is stopped: the last update is that of all the batches that came.
        accumulated.then(
          (update) => {
            const { model, calibration } = store.getState();
            if (calibration.status !== 'cancelled' || model.loaded?.network !== network) return;
            patch({ update });
            onScores();
            onLastScores();
          },
          () => {},
        );
        const summary = await job.engine((id) => session.engine((api) => api.calibrate(id, draw, port1, job.onProgress)));
        const update = await job.wait(accumulated);
        frames.drop('fidelity');
        patch({ status: 'done', update, ...drawn, summary });
      } finally {
        // After their transfer these close nothing; where a call failed before it, they do.
        port1.close();
        port2.close();
      }
    });
    store.setState({ details: {} });
    onScores();
    return true;
  } catch (error) {
    frames.drop('fidelity');
    // where another has taken its place, the status is that one's
    if (!runner.isRunning('calibration')) patch({ status: store.getState().calibration.update ? 'cancelled' : 'idle' });
    if (isCancelled(error)) return false;
    throw error;
  }
}

/** Scores that hardly move any more: the greatest change of a channel's share in one update. */
export const SETTLED = 0.002;

export function isSettled({ status, update }: CalibrationState): boolean {
  return status === 'done' || (update !== undefined && update.images > 0 && update.change < SETTLED);
}
