import type { DatasetSummary } from '../workers/protocol.ts';
import type { Experiment } from './experiment.ts';

/** What plans are judged by: accuracy where the pictures are labelled, else agreement with the intact network. */
export type Yardstick = 'accuracy' | 'agreement';

export const YARDSTICK_LABELS: Readonly<Record<Yardstick, string>> = { accuracy: 'Test accuracy', agreement: 'Agreement with the intact network' };

/** Values that the network's first output has for one picture. */
export function outputsOf({ loaded }: Experiment['model']): number | undefined {
  return loaded?.nodes.find(({ id }) => id === loaded.network.outputs[0])?.shape.reduce((product, size) => product * size, 1);
}

/** Why accuracy cannot be measured; undefined where it can, or where nothing is known yet. */
export function whyUnlabelled({ model, dataset }: Pick<Experiment, 'model' | 'dataset'>): string | undefined {
  if (!dataset) return undefined;
  if (dataset.unlabelled !== undefined) return dataset.unlabelled;
  const outputs = outputsOf(model);
  if (outputs === undefined || outputs === dataset.classes.length) return undefined;
  return `The network has ${outputs} outputs, and ${dataset.name} has ${dataset.classes.length} classes.`;
}

export function yardstick(experiment: Pick<Experiment, 'model' | 'dataset'>): Yardstick {
  return whyUnlabelled(experiment) === undefined ? 'accuracy' : 'agreement';
}

/** The number that a measured plan is judged by, in [0, 1]. */
export function quality({ accuracy, agreement = 0 }: { readonly accuracy?: number; readonly agreement?: number }): number {
  return accuracy ?? agreement;
}

/** True where the pictures are of the form that the network takes. */
export function picturesFit({ loaded }: Experiment['model'], dataset: DatasetSummary | undefined): boolean {
  return loaded !== undefined && dataset !== undefined && loaded.inputShape.join() === dataset.shape.join();
}
