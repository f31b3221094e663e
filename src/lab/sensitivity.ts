import type { SensitivityGrid } from '../sensitivity/grid.ts';
import type { SensitivityPoint } from '../sensitivity/results.ts';
import { otherFolder } from './catalogue.ts';
import { errorText, isCancelled } from './errors.ts';
import { PREVIEW_IMAGES, type SensitivityState } from './experiment.ts';
import type { Session } from './session.ts';

/** Half of what the terminal takes: some minutes on WebAssembly. */
export const PAGE_GRID: SensitivityGrid = { images: 256, counts: [32, 64, 256, 512] };

/**
 * Prunes the open network, and makes it forget one class, on one kind of calibration pictures after another, beside
 * whatever runs; points are in the store as they come. What came of it stays until another network or other pictures
 * are opened; what came until it was stopped stays too.
 */
export async function runSensitivity(session: Session, forgetClass: number, grid: SensitivityGrid = PAGE_GRID): Promise<void> {
  const { store, runner, environment } = session;
  const { model: { loaded }, dataset, request: { seed } } = store.getState();
  if (!loaded || !dataset) return;
  const request = { seed, forgetClass, grid, testImages: Math.min(PREVIEW_IMAGES, dataset.test), other: otherFolder(environment.baseUrl) };
  const patch = (change: Partial<SensitivityState>) => {
    const { model, dataset: pictures, sensitivity } = store.getState();
    if (model.loaded === loaded && pictures === dataset && sensitivity?.of === request) store.setState({ sensitivity: { ...sensitivity, ...change } });
  };
  store.setState({ sensitivity: { of: request, points: [] } });
  const points: SensitivityPoint[] = [];
  const add = (point: SensitivityPoint) => {
    points.push(point);
    patch({ points: [...points] });
  };
  try {
    const result = await runner.run({ kind: 'sensitivity', label: 'Pruning and forgetting on other pictures' }, (job) => job.engine((id) => session.engine((api) => api.sensitivity(id, request, add, job.onProgress))));
    patch({ points: result.points, result });
  } catch (error) {
    if (!isCancelled(error)) patch({ failure: errorText(error) });
  }
}
