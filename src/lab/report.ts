import { REAL_PICTURES } from '../datasets/calibrationSource.ts';
import { SELECTION_RULES } from '../pruning/selections.ts';
import { shownPlan, type Experiment } from './experiment.ts';
import { modelLabel } from './labels.ts';
import { layerTable } from './layerTable.ts';
import { namedPlan } from './sourceLabels.ts';
import { whyUnlabelled } from './yardstick.ts';

/** The plan on screen and everything that it rests on, as a JSON document. */
export function buildReport(experiment: Experiment) {
  const { model, dataset, preprocessing, backend, calibration, request, pins, keep, cost, intact, result, history } = experiment;
  const shown = shownPlan(experiment);
  const table = layerTable(experiment);
  return {
    format: 'modhifi-lab-report',
    version: 1,
    model: { name: modelLabel(model.descriptor), source: sourceOf(experiment), fingerprint: model.version, ...(model.card ? { card: model.card } : {}) },
    data: dataset && { id: dataset.id, name: dataset.name, train: dataset.train, test: dataset.test, text: dataset.text && { ...dataset.text, window: dataset.shape[0] }, splitSeed: dataset.own?.splitSeed, unlabelled: whyUnlabelled({ model, dataset }) },
    preprocessing,
    calibration: { status: calibration.status, images: calibration.update?.images ?? 0, seed: request.seed, source: calibration.drawnFrom ?? REAL_PICTURES, seconds: calibration.summary?.seconds },
    request,
    selection: SELECTION_RULES[request.select],
    pins,
    keep,
    macs: { before: model.loaded?.cost.macs, after: cost?.macs },
    params: { before: model.loaded?.cost.params, after: cost?.params },
    bytes: { before: model.loaded?.cost.bytes, after: cost?.bytes },
    /** Where fewer MACs did not make it faster. */
    note: table?.note,
    layers: table?.layers,
    intact: intact && outcomeOf(intact.evaluation, intact.latency),
    pruned: result && shown !== 'stale' ? { order: result.kind, ...outcomeOf(result.evaluation, result.latency) } : undefined,
    classes: dataset?.classes,
    backend,
    history: history.nodes.map(({ id, parent, name, settings, keep, cost, outcome }) => ({ id, parent, name: name ?? namedPlan(settings), ...settings, keep, cost, outcome })),
  };
}

function sourceOf({ model: { descriptor } }: Experiment): string {
  if (descriptor.kind === 'files' || descriptor.kind === 'kept') return 'files';
  return descriptor.kind === 'url' ? descriptor.url : `models/${descriptor.id}`;
}

function outcomeOf(evaluation: NonNullable<Experiment['intact']>['evaluation'], latency: number | undefined) {
  const { images, accuracy, agreement, logitError, perClass, text } = evaluation;
  return { images, accuracy, agreement, logitError, perClass, text, latencyMilliseconds: latency };
}
