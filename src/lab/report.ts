import { shownPlan, type Experiment } from './experiment.ts';
import { modelLabel, planLabel } from './labels.ts';

/** The plan on screen and everything that it rests on, as a JSON document. */
export function buildReport(experiment: Experiment) {
  const { model, dataset, backend, calibration, request, pins, keep, cost, intact, result, history } = experiment;
  const shown = shownPlan(experiment);
  return {
    format: 'modhifi-lab-report',
    version: 1,
    model: { name: modelLabel(model.descriptor), source: sourceOf(experiment), fingerprint: model.version, ...(model.card ? { card: model.card } : {}) },
    data: dataset && { id: dataset.id, name: dataset.name },
    calibration: { status: calibration.status, images: calibration.update?.images ?? 0, seed: request.seed, seconds: calibration.summary?.seconds },
    request,
    pins,
    keep,
    macs: { before: model.loaded?.cost.macs, after: cost?.macs },
    params: { before: model.loaded?.cost.params, after: cost?.params },
    bytes: { before: model.loaded?.cost.bytes, after: cost?.bytes },
    intact: intact && outcomeOf(intact.evaluation, intact.latency),
    pruned: result && shown !== 'stale' ? { order: result.kind, ...outcomeOf(result.evaluation, result.latency) } : undefined,
    classes: dataset?.classes,
    backend,
    history: history.nodes.map(({ id, parent, name, settings, keep, cost, outcome }) => ({ id, parent, name: name ?? planLabel(settings), ...settings, keep, cost, outcome })),
  };
}

function sourceOf({ model: { descriptor } }: Experiment): string {
  if (descriptor.kind === 'files') return 'files';
  return descriptor.kind === 'url' ? descriptor.url : `models/${descriptor.id}`;
}

function outcomeOf(evaluation: NonNullable<Experiment['intact']>['evaluation'], latency: number | undefined) {
  const { images, accuracy, agreement, logitError, perClass } = evaluation;
  return { images, accuracy, agreement, logitError, perClass, latencyMilliseconds: latency };
}
