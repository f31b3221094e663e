import type { SensitivityFamily, SensitivityPoint } from '../sensitivity/results.ts';
import { toCsv } from './csv.ts';
import type { SensitivityState } from './experiment.ts';
import { percent, whole } from './format.ts';

export const FAMILY_LABELS: Readonly<Record<SensitivityFamily, string>> = { source: 'Source', count: 'Number', balance: 'Class balance', shift: 'Shift' };

/** The real pictures that all else is compared with. */
export function middleOf(points: readonly SensitivityPoint[]): SensitivityPoint | undefined {
  return points.find(({ family, label }) => family === 'source' && label === 'real pictures');
}

/** "Without data, pruning costs 3.1 points on pictures from the network and 12.0 on Gaussian noise". */
export function sensitivitySentence(points: readonly SensitivityPoint[]): string {
  const real = middleOf(points)?.pruned;
  const others = points.flatMap(({ family, label, pruned }) => (family === 'source' && label !== 'real pictures' && pruned !== undefined ? [{ label, pruned }] : [])).sort((a, b) => b.pruned - a.pruned);
  if (real === undefined || others.length === 0) return 'What does calibrating on other pictures cost?';
  const cost = (pruned: number) => `${pruned > real ? '−' : ''}${Math.abs(100 * (real - pruned)).toFixed(1)}`;
  const [best, worst] = [others[0], others[others.length - 1]];
  return `Without data, pruning costs ${cost(best.pruned)} points on ${best.label}${worst === best ? '' : `, ${cost(worst.pruned)} on ${worst.label}`}`;
}

/** For the eye: shares in percent, a dash where nothing was measured. */
export function sensitivityTable({ points, result }: Pick<SensitivityState, 'points' | 'result'>) {
  return {
    header: ['what varies', 'calibrated on', 'images', 'pruned', 'forgotten class', 'the others', 'note'],
    rows: [
      ...(result ? [['–', 'the intact network', '–', percent(result.intact.accuracy), percent(result.intact.forget), percent(result.intact.retain), '']] : []),
      ...points.map(({ family, label, images, pruned, forgotten, why }) => [FAMILY_LABELS[family], label, whole(images), share(pruned), share(forgotten?.forget), share(forgotten?.retain), why ?? '']),
    ],
  };
}

export function sensitivityCsv(points: readonly SensitivityPoint[]): string {
  return toCsv(
    ['varies', 'calibrated_on', 'images', 'accuracy_pruned', 'accuracy_forgotten_class', 'accuracy_others', 'note'],
    points.map(({ family, label, images, pruned, forgotten, why }) => [family, label, images, pruned, forgotten?.forget, forgotten?.retain, why]),
  );
}

function share(value: number | undefined): string {
  return value === undefined ? '–' : percent(value);
}
