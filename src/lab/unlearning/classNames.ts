import type { Experiment } from '../experiment.ts';
import { outputsOf } from '../yardstick.ts';

/** What the network's classes are called: as the pictures have it, else its card, else by number. */
export function classNames({ model, dataset }: Pick<Experiment, 'model' | 'dataset'>): readonly string[] {
  const outputs = outputsOf(model) ?? 0;
  const named = [dataset?.classes, model.card?.classes].find((names) => names?.length === outputs);
  return named ?? Array.from({ length: outputs }, (_, c) => `class ${c}`);
}

/** “cat”, “cat” and “dog”. */
export function listed(classes: readonly number[], names: readonly string[]): string {
  const quoted = classes.map((c) => `“${names[c] ?? c}”`);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1)}`;
}

/** A message that speaks of classes by number, with their names. */
export function withNames(text: string, names: readonly string[]): string {
  return text.replaceAll(/\bclass (\d+)\b/gi, (said, c: string) => (names[Number(c)] && names[Number(c)] !== said ? `${said} (“${names[Number(c)]}”)` : said));
}
