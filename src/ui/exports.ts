import { frontierCsv, scoresCsv } from '../lab/csv.ts';
import { shownFidelity, shownPlan, type Experiment } from '../lab/experiment.ts';
import { frontierSeries } from '../lab/frontier.ts';
import { modelLabel } from '../lab/labels.ts';
import { MEASURES } from '../lab/measure.ts';
import { buildReport } from '../lab/report.ts';
import { yardstick } from '../lab/yardstick.ts';
import type { Network } from '../network/network.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { saveSvg } from './charts/saveSvg.ts';
import { download } from './download.ts';

/** The pruned model as a TensorFlow.js layers model, zipped with the report. */
export async function exportModel(experiment: Experiment): Promise<void> {
  const { intact, plan } = measured(experiment);
  const [{ prune }, { zipTfjsLayers }] = await Promise.all([import('../network/surgery.ts'), import('../formats/tfjsLayers.ts')]);
  const report = new TextEncoder().encode(JSON.stringify(buildReport(experiment), null, 2));
  const zip = zipTfjsLayers(prune(intact, plan), { 'report.json': report });
  download(`${fileName(experiment)}-pruned.zip`, zip, 'application/zip');
}

/** The pruned model as one ONNX file. */
export async function exportOnnxModel(experiment: Experiment): Promise<void> {
  const { intact, plan } = measured(experiment);
  const [{ prune }, { exportOnnx }] = await Promise.all([import('../network/surgery.ts'), import('../formats/onnx.ts')]);
  download(`${fileName(experiment)}-pruned.onnx`, copied(exportOnnx(prune(intact, plan))), 'application/octet-stream');
}

/** The pruned model in the layout that it came in, zipped; says what no library but the lab reads of it. */
export async function exportHuggingFaceModel(experiment: Experiment): Promise<readonly string[]> {
  const { intact, plan } = measured(experiment);
  const [{ prune }, { exportHuggingFace }, { zipSync }] = await Promise.all([
    import('../network/surgery.ts'), import('../formats/huggingFace.ts'), import('fflate'),
  ]);
  const { files, warnings } = exportHuggingFace(prune(intact, plan), experiment.model.loaded?.beside);
  download(`${fileName(experiment)}-pruned.zip`, zipSync({ ...files }), 'application/zip');
  return warnings;
}

/** The pruned weights as safetensors with the plan that says what was cut, zipped. */
export async function exportPlanFiles(experiment: Experiment): Promise<void> {
  const { intact, plan } = measured(experiment);
  const [{ prune }, { exportPlan }, { zipSync }] = await Promise.all([
    import('../network/surgery.ts'), import('../formats/planFiles.ts'), import('fflate'),
  ]);
  const files = exportPlan(intact, plan, prune(intact, plan));
  download(`${fileName(experiment)}-plan.zip`, zipSync({ ...files }), 'application/zip');
}

function measured(experiment: Experiment): { readonly intact: Network; readonly plan: PrunePlan } {
  const { model: { loaded }, result } = experiment;
  if (!loaded || !result || shownPlan(experiment) === 'stale') throw new Error('this plan is not measured yet.');
  return { intact: loaded.network, plan: result.plan };
}

function copied(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

export async function exportReport(experiment: Experiment): Promise<void> {
  download(`${fileName(experiment)}-report.json`, `${JSON.stringify(buildReport(experiment), null, 2)}\n`, 'application/json');
}

export async function exportScores(experiment: Experiment): Promise<void> {
  download(`${fileName(experiment)}-scores.csv`, scoresCsv(shownFidelity(experiment).groups ?? [], experiment.keep), 'text/csv');
}

export async function exportFrontier(experiment: Experiment): Promise<void> {
  const { axis, request } = experiment;
  const judged = yardstick(experiment);
  download(`${fileName(experiment)}-frontier.csv`, frontierCsv(frontierSeries(experiment, axis, request.rules, MEASURES[judged]), axis, judged), 'text/csv');
}

export async function exportCharts(experiment: Experiment): Promise<void> {
  for (const chart of document.querySelectorAll<HTMLElement>('[data-chart]')) saveSvg(chart, `${fileName(experiment)}-${chart.dataset.chart}`);
}

function fileName({ model: { descriptor } }: Experiment): string {
  return modelLabel(descriptor).toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}
