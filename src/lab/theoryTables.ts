import type { TheoryResult } from '../theory/results.ts';
import { toCsv } from './csv.ts';
import { mean, number, selectionLabel, singletonLoss, type LabelOf } from './theoryFindings.ts';

type Cell = string | number | undefined;

export interface TheoryTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Everything that an experiment measured, one record a point. */
export function theoryTable(result: TheoryResult, labelOf: LabelOf = (group) => group): TheoryTable {
  switch (result.experiment) {
    case 'localGlobal': {
      const slopes = new Map(result.slopes.map((slope) => [slope.group, slope]));
      return {
        header: ['group', 'kept', 'channels', 'compensated by', 'local error', 'relative local error', 'output error', 'relative output error', 'fitted slope of the group', 'worst slope of the group'],
        rows: result.points.map(({ group, kept, channels, compensate, local, relativeLocal, global, relativeGlobal }) => [
          labelOf(group), kept, channels, compensate, local, relativeLocal, global, relativeGlobal, slopes.get(group)?.fitted, slopes.get(group)?.worst,
        ]),
      };
    }
    case 'lipschitz':
      return {
        header: ['norm layer', 'median ratio', 'greatest ratio', 'bound', 'least deviation'],
        rows: result.norms.map(({ node, median, greatest, bound, leastDeviation }) => [node, median, greatest, bound, leastDeviation]),
      };
    case 'orderGap':
      return {
        header: ['target', 'MACs', 'one-shot', 'sequential', 'gap'],
        rows: result.points.map(({ target, macs, oneShot, sequential }) => [target, macs, oneShot, sequential, sequential - oneShot]),
      };
    case 'noise':
      return {
        header: ['deviation', 'on HiFi components', 'on the others', 'intact'],
        rows: result.points.map(({ deviation, onHiFi, onOthers }) => [deviation, onHiFi, onOthers, result.intact]),
      };
    case 'correlation':
      return {
        header: ['group', 'channels', 'correlation', 'kept', 'singleton', 'greedy', 'exact', 'singleton loses'],
        rows: result.groups.map((group) => [labelOf(group.group), group.channels, group.correlation, group.kept, group.singleton, group.greedy, group.exact, singletonLoss(group)]),
      };
    case 'stability':
      return {
        header: ['pictures', 'overlap', 'least overlap of a group', 'chance', 'mean accuracy', 'least accuracy', 'greatest accuracy', 'seeds'],
        rows: result.counts.map(({ images, overlap, leastOverlap, chance, accuracies }) => [
          images, overlap, leastOverlap, chance,
          ...(accuracies.length === 0 ? [undefined, undefined, undefined] : [mean(accuracies), Math.min(...accuracies), Math.max(...accuracies)]),
          accuracies.length,
        ]),
      };
    case 'scoringCost':
      return {
        header: ['rule', 'seconds', 'bytes read beside the weights', 'not measured'],
        rows: [
          ...result.rules.map(({ select, seconds, bytes }) => [selectionLabel(select), seconds, bytes, undefined]),
          ...result.skipped.map(({ select, reason }) => [selectionLabel(select), undefined, undefined, reason]),
        ],
      };
  }
}

/** The same for the eye: three digits, a dash where there is nothing. */
export function readableTable({ header, rows }: TheoryTable): { readonly header: readonly string[]; readonly rows: readonly (readonly (string | number)[])[] } {
  return { header, rows: rows.map((row) => row.map((cell) => (cell === undefined ? '–' : typeof cell === 'string' || Number.isInteger(cell) ? cell : number(cell)))) };
}

/** All digits, groups by their own names. */
export function theoryCsv(result: TheoryResult): string {
  const { header, rows } = theoryTable(result);
  return toCsv(header.map((name) => name.replaceAll(' ', '_')), rows);
}
