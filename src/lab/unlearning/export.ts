import type { Experiment } from '../experiment.ts';
import { modelLabel } from '../labels.ts';
import { classNames } from './classNames.ts';
import type { ForgetOutcome } from './unlearningState.ts';

/** What files of the network are called: `resnet-20-without-cat`. */
export function exportName(experiment: Experiment, { report: { settings } }: ForgetOutcome): string {
  const names = classNames(experiment);
  if (settings.classes.length === 0) return slug(`${modelLabel(experiment.model.descriptor)} fine-tuned`);
  return slug(`${modelLabel(experiment.model.descriptor)} without ${settings.classes.map((c) => names[c]).join(' ')}`);
}

/** All that was measured, as JSON. */
export function reportOf(experiment: Experiment, { report }: ForgetOutcome): string {
  const names = classNames(experiment);
  return `${JSON.stringify({ model: modelLabel(experiment.model.descriptor), classes: names, forgotten: report.settings.classes.map((c) => names[c]), ...report }, null, 2)}\n`;
}

function slug(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}
