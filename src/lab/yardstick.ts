import type { DatasetSummary } from '../workers/protocol.ts';
import { readsText } from './catalogue.ts';
import type { Experiment } from './experiment.ts';

/** What plans are judged by: perplexity on a text; accuracy where pictures are labelled, else agreement with the intact network. */
export type Yardstick = 'accuracy' | 'agreement' | 'perplexity';

/** Values that the network's first output has for one picture. */
export function outputsOf({ loaded }: Experiment['model']): number | undefined {
  return loaded?.nodes.find(({ id }) => id === loaded.network.outputs[0])?.shape.reduce((product, size) => product * size, 1);
}

/** Why accuracy cannot be measured; undefined where it can, or where nothing is known yet. */
export function whyUnlabelled({ model, dataset }: Pick<Experiment, 'model' | 'dataset'>): string | undefined {
  if (!dataset || dataset.text) return undefined;
  if (dataset.unlabelled !== undefined) return dataset.unlabelled;
  const outputs = outputsOf(model);
  if (outputs === undefined || outputs === dataset.classes.length) return undefined;
  return `The network has ${outputs} outputs, and ${dataset.name} has ${dataset.classes.length} classes.`;
}

export function yardstick({ precomputed, ...experiment }: Pick<Experiment, 'model' | 'dataset' | 'precomputed'>): Yardstick {
  if (experiment.dataset?.text || readsText(experiment.model.loaded) || precomputed?.intact.perplexity !== undefined) return 'perplexity';
  return whyUnlabelled(experiment) === undefined ? 'accuracy' : 'agreement';
}

/** The number that a measured plan is judged by: a perplexity, or a share in [0, 1]. */
export function quality({ accuracy, agreement = 0, perplexity, text }: { readonly accuracy?: number; readonly agreement?: number; readonly perplexity?: number; readonly text?: { readonly perplexity: number } }): number {
  return perplexity ?? text?.perplexity ?? accuracy ?? agreement;
}

/** True where the pictures are of the form that the network takes. */
export function picturesFit({ loaded }: Experiment['model'], dataset: DatasetSummary | undefined): boolean {
  return loaded !== undefined && dataset !== undefined && loaded.inputShape.join() === dataset.shape.join();
}
