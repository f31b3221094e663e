import { frontierCsv, scoresCsv } from '../lab/csv.ts';
import { shownFidelity, shownPlan, type Experiment } from '../lab/experiment.ts';
import { frontierSeries } from '../lab/frontier.ts';
import { modelLabel } from '../lab/labels.ts';
import { buildReport } from '../lab/report.ts';
import { yardstick } from '../lab/yardstick.ts';
import { saveSvg } from './charts/saveSvg.ts';
import { download } from './download.ts';

export async function exportModel(experiment: Experiment): Promise<void> {
  const { model: { loaded }, result } = experiment;
  if (!loaded || !result || shownPlan(experiment) === 'stale') throw new Error('this plan is not measured yet.');
  const [{ prune }, { zipTfjsLayers }] = await Promise.all([import('../network/surgery.ts'), import('../formats/tfjsLayers.ts')]);
  const report = new TextEncoder().encode(JSON.stringify(buildReport(experiment), null, 2));
  const zip = zipTfjsLayers(prune(loaded.network, result.plan), { 'report.json': report });
  download(`${fileName(experiment)}-pruned.zip`, zip as Uint8Array<ArrayBuffer>, 'application/zip');
}

export async function exportReport(experiment: Experiment): Promise<void> {
  download(`${fileName(experiment)}-report.json`, `${JSON.stringify(buildReport(experiment), null, 2)}\n`, 'application/json');
}

export async function exportScores(experiment: Experiment): Promise<void> {
  download(`${fileName(experiment)}-scores.csv`, scoresCsv(shownFidelity(experiment).groups ?? [], experiment.keep), 'text/csv');
}

export async function exportFrontier(experiment: Experiment): Promise<void> {
  const { axis, request } = experiment;
  download(`${fileName(experiment)}-frontier.csv`, frontierCsv(frontierSeries(experiment, axis, request.rules), axis, yardstick(experiment)), 'text/csv');
}

export async function exportCharts(experiment: Experiment): Promise<void> {
  for (const chart of document.querySelectorAll<HTMLElement>('[data-chart]')) saveSvg(chart, `${fileName(experiment)}-${chart.dataset.chart}`);
}

function fileName({ model: { descriptor } }: Experiment): string {
  return modelLabel(descriptor).toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}
