import type { Experiment } from '../../../lab/experiment.ts';
import { exportName, reportOf } from '../../../lab/unlearning/export.ts';
import type { ForgetOutcome } from '../../../lab/unlearning/unlearningState.ts';
import { download } from '../../download.ts';

/** The network as a TensorFlow.js layers model, zipped with the report. */
export async function exportLayersModel(experiment: Experiment, outcome: ForgetOutcome): Promise<void> {
  const { zipTfjsLayers } = await import('../../../formats/tfjsLayers.ts');
  download(`${exportName(experiment, outcome)}.zip`, zipTfjsLayers(outcome.network, { 'report.json': reportOf(experiment, outcome) }), 'application/zip');
}

/** The network as one ONNX file. */
export async function exportOnnxModel(experiment: Experiment, outcome: ForgetOutcome): Promise<void> {
  const { exportOnnx } = await import('../../../formats/onnx.ts');
  download(`${exportName(experiment, outcome)}.onnx`, new Uint8Array(exportOnnx(outcome.network)), 'application/octet-stream');
}

export async function exportReport(experiment: Experiment, outcome: ForgetOutcome): Promise<void> {
  download(`${exportName(experiment, outcome)}-report.json`, reportOf(experiment, outcome), 'application/json');
}
