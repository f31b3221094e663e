import { SELECTION_RULES } from '../pruning/selections.ts';
import type { NeuronComparison, NeuronMethod, NeuronPoint } from './neuronComparison.ts';

export interface NeuronTable extends NeuronComparison {
  readonly model: string;
  readonly judged: {
    readonly by: 'accuracy' | 'perplexity';
    readonly on: string;
    readonly calibration: string;
  };
}

/** The rules that the claim names: what a person would do without the method. */
const RIVALS: readonly NeuronMethod['select'][] = ['random', 'l1', 'wanda'];

/** What was found on one network, as a section of docs/claims.md. */
export function neuronsMarkdown(table: NeuronTable, { command, machine }: { readonly command: string; readonly machine: string }): string {
  return [
    `## neurons: ${table.model}`,
    '',
    'Hidden units of every MLP, the same share of each, removed without any training; attention heads all stay. Least squares refits every layer in',
    'sequential order. Random is the mean of three orders. The claim: at each share, the better choice by fidelity with least squares is better than',
    'magnitude (L1), Wanda and random, which compensate nothing. Beside it what those reach with the very same least squares.',
    '',
    ...rowsOf(table),
    '',
    `Written by \`${command}\` on ${machine}.`,
  ].join('\n');
}

function rowsOf(table: NeuronTable): string[] {
  const { judged, intact, points, neurons } = table;
  const shares = [...new Set(points.map(({ removed }) => removed))];
  const methods = points.filter(({ removed }) => removed === shares[0]);
  const shown = (value: number) => (judged.by === 'accuracy' ? (100 * value).toFixed(1) : value.toFixed(2));
  const cell = ({ select, compensate }: NeuronMethod, removed: number) => {
    const point = points.find((other) => other.select === select && other.compensate === compensate && other.removed === removed);
    return point ? shown(point.measured) : '';
  };
  return [
    `${judged.by === 'accuracy' ? 'Accuracy in %' : 'Perplexity'} on ${judged.on}; intact ${shown(intact)}. ${neurons} hidden units; calibrated on ${judged.calibration}.`,
    '',
    `| removed | ${shares.map((share) => `${Math.round(100 * share)} %`).join(' | ')} |`,
    `|---|${shares.map(() => '---|').join('')}`,
    ...methods.map((method) => `| ${nameOf(method)} | ${shares.map((share) => cell(method, share)).join(' | ')} |`),
    '',
    ...shares.map((share) => `* ${verdictOf(table, share)}`),
  ];
}

function nameOf({ select, compensate }: NeuronMethod): string {
  return `${SELECTION_RULES[select].label}${compensate === 'none' ? '' : ', least squares'}`;
}

/** By the claim's rule: ours is the better of the choices by fidelity, with least squares. */
function verdictOf({ points, judged }: NeuronTable, share: number): string {
  const better = (a: number, b: number) => (judged.by === 'accuracy' ? a > b : a < b);
  const best = (of: readonly NeuronPoint[]) => of.reduce((first, other) => (better(other.measured, first.measured) ? other : first));
  const at = points.filter(({ removed }) => removed === share);
  const ours = best(at.filter(({ select }) => !RIVALS.includes(select)));
  const theirs = best(at.filter(({ select, compensate }) => RIVALS.includes(select) && compensate === 'none'));
  const alike = best(at.filter(({ select, compensate }) => RIVALS.includes(select) && compensate !== 'none'));
  const shown = (value: number) => (judged.by === 'accuracy' ? `${(100 * value).toFixed(1)} %` : value.toFixed(2));
  const holds = better(ours.measured, theirs.measured);
  return `${Math.round(100 * share)} % removed: **${holds ? 'holds' : 'does not hold'}**, ${shown(ours.measured)} (${nameOf(ours)}) against ${shown(theirs.measured)} (${nameOf(theirs)}); ` +
    `with the same compensation ${shown(alike.measured)} (${nameOf(alike)}).`;
}
