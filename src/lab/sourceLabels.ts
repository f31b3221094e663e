import type { CalibrationSource, SourceKind } from '../datasets/calibrationSource.ts';
import { SOURCE_NAMES } from '../datasets/sourceNames.ts';
import { simplified } from '../datasets/sourceChoice.ts';
import type { PlanSettings } from './experiment.ts';
import { percent, whole } from './format.ts';
import { planLabel } from './labels.ts';

/** What each is, in a line. */
export const SOURCE_HINTS: Readonly<Record<SourceKind, string>> = {
  pictures: 'The training pictures that are open; their labels are not read.',
  inversion: 'Made from the network alone, by optimising noise until its norm layers see what they saw in training.',
  deadLeaves: 'Discs of random size and colour that cover one another: edges and areas as in photographs, no photograph.',
  colourNoise: 'Noise with the spectrum and the colours that photographs have on average.',
  gaussian: 'Independent pixels of the mean and spread that the network expects.',
};

/** "dead leaves", "pictures from the network (256 made here) with 30 % Gaussian noise"; empty: the open pictures alone. */
export function sourceLabel(source: CalibrationSource | undefined): string {
  const usual = simplified(source);
  if (!usual) return '';
  const { kind, mix, made } = usual;
  const name = (of: SourceKind) => `${SOURCE_NAMES[of]}${made && of === 'inversion' ? ` (${whole(made.count)} made in ${whole(made.steps)} steps)` : ''}`;
  return name(kind) + (mix ? ` with ${percent(mix.share, 0)} ${name(mix.kind)}` : '');
}

/** What a plan is called, with the source that it was calibrated on where that is not the open pictures. */
export function namedPlan(settings: PlanSettings): string {
  const source = sourceLabel(settings.source);
  return `${planLabel(settings)}${source && `, on ${source}`}`;
}

