import { SELECTION_RULES, type Selection } from '../pruning/selections.ts';
import type { Correlation, Lipschitz, LocalGlobal, Noise, OrderGap, ScoringCost, Stability, TheoryResult } from '../theory/results.ts';
import { bytes, percent, seconds, whole } from './format.ts';
import { rankCorrelation } from './rankCorrelation.ts';

/** `measured`: nothing was claimed that could fail. */
export type Verdict = 'holds' | 'partly' | 'fails' | 'measured';

export interface Finding {
  /** What the numbers say of the claim on this network. */
  readonly sentence: string;
  readonly verdict: Verdict;
}

export const VERDICT_LABELS: Readonly<Record<Verdict, string>> = { holds: 'holds here', partly: 'holds in part', fails: 'does not hold here', measured: 'measured' };

/** A group's name as the page writes it. */
export type LabelOf = (group: string) => string;

export function finding(result: TheoryResult, labelOf: LabelOf = (group) => group): Finding {
  switch (result.experiment) {
    case 'localGlobal':
      return localGlobal(result, labelOf);
    case 'lipschitz':
      return lipschitz(result);
    case 'orderGap':
      return orderGap(result);
    case 'noise':
      return noise(result);
    case 'correlation':
      return correlation(result, labelOf);
    case 'stability':
      return stability(result);
    case 'scoringCost':
      return scoringCost(result);
  }
}

const NOTHING: Finding = { sentence: 'There was nothing to measure in this network', verdict: 'measured' };

/** Rank correlation of local and output error from which on the one counts as a guide to the other. */
const GUIDED = 0.8;

function localGlobal({ points, slopes }: LocalGlobal, labelOf: LabelOf): Finding {
  if (slopes.length === 0) return NOTHING;
  const steepest = slopes.reduce((most, slope) => (slope.worst > most.worst ? slope : most));
  const mildest = Math.min(...slopes.map(({ worst }) => worst));
  const guided = slopes.filter(({ group }) => {
    const own = points.filter((point) => point.group === group);
    const rho = rankCorrelation(own.map(({ local }) => local), own.map(({ global }) => global));
    return rho === undefined || rho >= GUIDED;
  }).length;
  const finite = slopes.every(({ worst }) => Number.isFinite(worst));
  const range = slopes.length === 1 ? slope(steepest.worst) : `${slope(mildest)} to ${slope(steepest.worst)}`;
  return {
    sentence: `The output’s error is at most ${range} times the local error, greatest at ${labelOf(steepest.group)}; it rises with it in ${guided} of ${slopes.length} groups`,
    verdict: finite && guided === slopes.length ? 'holds' : finite && guided > 0 ? 'partly' : 'fails',
  };
}

/** What float32 activations may exceed a bound by. */
const ROUNDING = 1e-3;

function lipschitz({ norms }: Lipschitz): Finding {
  if (norms.length === 0) return { sentence: 'This network has no norm layers', verdict: 'measured' };
  const over = norms.filter(({ greatest, bound }) => greatest > bound * (1 + ROUNDING));
  const least = norms.reduce((a, b) => (b.leastDeviation < a.leastDeviation ? b : a));
  const deviation = `least deviation ${number(least.leastDeviation)}, at ${least.node}`;
  if (over.length > 0) return { sentence: `${over.length} of ${norms.length} norm layers exceed what their weights allow; ${deviation}`, verdict: 'fails' };
  const closest = Math.max(...norms.map(({ greatest, bound }) => greatest / bound));
  return { sentence: `${norms.length === 1 ? 'The only norm layer stays' : `All ${norms.length} norm layers stay`} within the bound, at most at ${percent(closest, 0)} of it; ${deviation}`, verdict: 'holds' };
}

/** What two accuracies on about 1,000 images may differ by without telling anything. */
const EVEN = 0.005;

function lead({ sequential, oneShot }: OrderGap['points'][number]): number {
  return sequential - oneShot;
}

function leadText(point: OrderGap['points'][number]): string {
  return `by ${points100(Math.abs(lead(point)))} at ${percent(point.target, 0)} of the MACs`;
}

function orderGap({ points }: OrderGap): Finding {
  if (points.length === 0) return NOTHING;
  const best = points.reduce((most, point) => (lead(point) > lead(most) ? point : most));
  const worst = points.reduce((most, point) => (lead(point) < lead(most) ? point : most));
  const ahead = points.filter((point) => lead(point) > EVEN).length;
  const behind = points.filter((point) => lead(point) < -EVEN).length;
  const where = ahead === 0 ? `at none of ${points.length} budgets` : `at ${ahead === points.length ? `all ${ahead}` : `${ahead} of ${points.length}`} budgets, ${leadText(best)}`;
  return {
    sentence: `Sequential compensation is ahead ${where}${behind > 0 ? `, and behind at ${behind}, ${leadText(worst)}` : ''}`,
    verdict: ahead === 0 ? 'fails' : behind === 0 ? 'holds' : 'partly',
  };
}

function spared({ onOthers, onHiFi }: Noise['points'][number]): number {
  return onOthers - onHiFi;
}

function noise({ points, intact, share }: Noise): Finding {
  if (points.length === 0) return NOTHING;
  const widest = points.reduce((most, point) => (Math.abs(spared(point)) > Math.abs(spared(most)) ? point : most));
  const worse = points.filter((point) => spared(point) > EVEN).length;
  const better = points.filter((point) => spared(point) < -EVEN).length;
  return {
    sentence: `Noise of ${number(widest.deviation)} σ costs ${points100(intact - widest.onHiFi)} on the HiFi ${percent(share, 0)}, ${points100(intact - widest.onOthers)} on the others`,
    verdict: worse === 0 ? 'fails' : better === 0 ? 'holds' : 'partly',
  };
}

/** What singleton loses to the best search that was run, in fidelity. */
export function singletonLoss({ singleton, greedy, exact }: Correlation['groups'][number]): number {
  return Math.max(0, (exact ?? greedy) - singleton);
}

function correlation({ groups }: Correlation, labelOf: LabelOf): Finding {
  if (groups.length === 0) return NOTHING;
  const rho = rankCorrelation(groups.map((group) => group.correlation), groups.map(singletonLoss));
  const worst = groups.reduce((most, group) => (singletonLoss(group) > singletonLoss(most) ? group : most));
  const loss = `at most ${points100(singletonLoss(worst))} of fidelity, at ${labelOf(worst.group)}`;
  if (rho === undefined) return { sentence: `Singleton loses ${loss}; too few groups to relate that to correlation`, verdict: 'measured' };
  const trend = rho >= 0.5 ? 'more where contributions are correlated' : rho > 0 ? 'hardly more where contributions are correlated' : 'no more where contributions are correlated';
  return { sentence: `Singleton loses ${trend} (rank correlation ${rho.toFixed(2).replace('-', '−')}): ${loss}`, verdict: rho >= 0.5 ? 'holds' : rho > 0 ? 'partly' : 'fails' };
}

/** Accuracies this near are as good as equal. */
const NEAR = 0.01;

function stability({ counts }: Stability): Finding {
  if (counts.length === 0) return NOTHING;
  const sorted = counts.toSorted((a, b) => a.images - b.images);
  const most = sorted[sorted.length - 1];
  const final = mean(most.accuracies);
  const far = sorted.findLastIndex(({ accuracies }) => Math.abs(mean(accuracies) - final) > NEAR);
  const enough = sorted[far + 1] ?? most;
  const stable = sorted.every(({ overlap, chance }) => overlap > chance);
  const sets = `sets share ${percent(enough.overlap, 0)} (chance ${percent(enough.chance, 0)})`;
  if (enough === most && sorted.length > 1) return { sentence: `Accuracy still moves by over a point up to ${whole(most.images)} pictures, where ${sets}`, verdict: stable ? 'partly' : 'fails' };
  return { sentence: `${whole(enough.images)} pictures come within a point of ${whole(most.images)}; their ${sets}`, verdict: stable ? 'holds' : 'partly' };
}

function scoringCost({ rules }: ScoringCost): Finding {
  const singleton = rules.find(({ select }) => select === 'singleton');
  const l1 = rules.find(({ select }) => select === 'l1');
  if (!singleton) return NOTHING;
  const dearest = rules.reduce((most, rule) => (rule.seconds > most.seconds ? rule : most));
  const beside = l1 && l1.seconds > 0 ? `, ${slope(singleton.seconds / l1.seconds)} times what L1 takes` : '';
  const most = dearest === singleton ? '' : `; ${selectionLabel(dearest.select)} takes most, ${seconds(dearest.seconds)}`;
  return { sentence: `Singleton takes ${duration(singleton.seconds)} and ${bytes(singleton.bytes)}${beside}${most}`, verdict: 'measured' };
}

export function selectionLabel(select: string): string {
  return SELECTION_RULES[select as Selection]?.label ?? select;
}

export function duration(value: number): string {
  return value < 0.095 ? `${(1000 * value).toFixed(value < 0.00995 ? 1 : 0)} ms` : seconds(value);
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Three significant digits at most, powers of ten only where it must be. */
export function number(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function slope(value: number): string {
  return value >= 100 ? whole(value) : number(Number(value.toPrecision(2)));
}

/** "12.3 points", "1 point". */
function points100(difference: number): string {
  const amount = (100 * difference).toFixed(1).replace(/\.0$/, '').replace('-', '−');
  return `${amount === '−0' ? '0' : amount} ${amount === '1' ? 'point' : 'points'}`;
}
