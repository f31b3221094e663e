import type { Correlation, Lipschitz, LocalGlobal, Noise, OrderGap, ScoringCost, Stability } from '../../theory/results.ts';
import { figure, mean, median, percent, points, type Finding } from './claim.ts';

/*
 * From a measurement to a verdict: one function for each claim that a theory experiment settles. The
 * numeric rules stand in `theoryClaims.ts` in words.
 */

/** The paper's range of slopes. */
const PAPER_SLOPES = [10, 100] as const;

export function judgeSlopes({ slopes, points: measured, images }: LocalGlobal): Finding {
  const steepest = Math.max(...slopes.map(({ fitted, worst }) => worst / fitted));
  const fitted = slopes.map((slope) => slope.fitted);
  const relative = slopes.map(({ group }) => {
    const own = measured.filter((point) => point.group === group && point.relativeLocal > 0);
    return Math.max(...own.map(({ relativeLocal, relativeGlobal }) => relativeGlobal / relativeLocal));
  });
  const linear = steepest <= 3;
  const [low, high] = PAPER_SLOPES;
  const alike = fitted.every((slope) => slope >= low && slope <= high);
  return {
    verdict: linear ? (alike ? 'reproduces' : 'partly') : 'does not',
    brief: `${linear ? 'linear' : 'not linear'}, slopes of ${figure(Math.min(...fitted))} to ${figure(Math.max(...fitted))}`,
    ours:
      `Slopes from ${figure(Math.min(...fitted))} to ${figure(Math.max(...fitted))} (squared error of all logits per squared error of all of a layer's outputs), ` +
      `or ${figure(Math.min(...relative))} to ${figure(Math.max(...relative))} with both errors relative to the intact energy; ` +
      `the steepest point of a group is ${figure(steepest)} times its fitted slope. ${slopes.length} groups, ${measured.length} cuts, ${images} images.`,
  };
}

export function judgeLipschitz({ norms, pairs }: Lipschitz): Finding {
  if (norms.length === 0) return { verdict: 'does not', brief: 'no norm layer', ours: 'The network has no norm layer to measure.' };
  // float32 sums over a whole map
  const within = norms.filter(({ greatest, bound }) => greatest <= bound * (1 + 1e-4));
  const least = norms.reduce((least, norm) => (norm.leastDeviation < least.leastDeviation ? norm : least));
  const sound = norms.filter(({ leastDeviation }) => leastDeviation >= 1e-2);
  return {
    verdict: within.length < norms.length ? 'does not' : sound.length === norms.length ? 'reproduces' : 'partly',
    brief: `constants up to ${figure(Math.max(...norms.map(({ greatest }) => greatest)))}, ${within.length} of ${norms.length} within their bound, least deviation ${figure(least.leastDeviation)}`,
    ours:
      `${within.length} of ${norms.length} norm layers stay within max|γ|/σ over ${pairs} pairs; constants up to ${figure(Math.max(...norms.map(({ greatest }) => greatest)))} ` +
      `(median layer ${figure(median(norms.map(({ greatest }) => greatest)))}), bounds up to ${figure(Math.max(...norms.map(({ bound }) => bound)))}; the smallest deviation that a channel is divided by is ${figure(least.leastDeviation)}, in ${least.node}.`,
  };
}

export function judgeOrder({ points: measured, images }: OrderGap): Finding {
  const gaps = measured.map(({ oneShot, sequential }) => sequential - oneShot);
  const never = gaps.every((gap) => gap >= -0.005);
  return {
    verdict: never ? 'reproduces' : mean(gaps) > 0 ? 'partly' : 'does not',
    brief: `sequential ${points(Math.min(...gaps))} to ${points(Math.max(...gaps))} points against one-shot`,
    ours:
      `${measured.map(({ target, oneShot, sequential }) => `${percent(target, 0)} of the MACs: ${percent(sequential)} sequential, ${percent(oneShot)} one-shot`).join('; ')}. ` +
      `Mean gap ${points(mean(gaps))} points, ${images} test images.`,
  };
}

/** What the paper's noise costs on HiFi components. */
const PAPER_DROP = 0.12;

/** @param even the same with noise of one size for all components, told beside */
export function judgeNoise({ points: measured, intact, share, images }: Noise, even?: Noise): Finding {
  const [at] = measured.toSorted((a, b) => Math.abs(intact - a.onHiFi - PAPER_DROP) - Math.abs(intact - b.onHiFi - PAPER_DROP));
  const [hifi, others] = [intact - at.onHiFi, intact - at.onOthers];
  return {
    verdict: hifi > 0 && others <= hifi / 4 ? 'reproduces' : others < hifi ? 'partly' : 'does not',
    brief: `${points(-hifi)} points against ${points(-others)}`,
    ours:
      `At ${figure(at.deviation)} of each component's deviation: ${points(-hifi)} points on the HiFi ${percent(share, 0)}, ${points(-others)} on the others ` +
      `(from ${percent(intact)}). All levels (HiFi / others): ${levelsOf(measured, intact)}. ` +
      `${even ? `With noise of one size for all components of a value, in units of their root mean square deviation: ${levelsOf(even.points, even.intact)}. ` : ''}${images} test images.`,
  };
}

/** What singleton loses to the best set that was found. */
function loss({ singleton, greedy, exact }: Correlation['groups'][number]): number {
  return Math.max(greedy, exact ?? 0) - singleton;
}

function levelsOf(measured: Noise['points'], intact: number): string {
  return measured.map(({ deviation, onHiFi, onOthers }) => `${figure(deviation)}: ${points(onHiFi - intact)} / ${points(onOthers - intact)}`).join(', ');
}

export function judgeCorrelation({ groups }: Correlation): Finding {
  const sorted = groups.toSorted((a, b) => a.correlation - b.correlation);
  const half = Math.ceil(sorted.length / 2);
  const [less, more] = [mean(sorted.slice(0, half).map(loss)), mean((sorted.length > 1 ? sorted.slice(half) : sorted).map(loss))];
  const worst = groups.reduce((worst, group) => (loss(group) > loss(worst) ? group : worst));
  const exact = groups.filter((group) => group.exact !== undefined).length;
  const close = less <= 0.02;
  return {
    verdict: close && less <= more ? 'reproduces' : close || less <= more ? 'partly' : 'does not',
    brief: `loses ${figure(100 * less)} points of fidelity where little correlated, ${figure(100 * more)} elsewhere`,
    ours:
      `Half of the channels by singleton lose ${figure(100 * less)} points of fidelity to the best set that was found in the less correlated half of the groups ` +
      `(correlation up to ${figure(sorted[half - 1].correlation)}), ${figure(100 * more)} in the other half (up to ${figure(sorted[sorted.length - 1].correlation)}); ` +
      `most in ${worst.group}: ${percent(worst.singleton)} against ${percent(Math.max(worst.greedy, worst.exact ?? 0))}. The best set is exact in ${exact} of ${groups.length} groups, greedy in the others.`,
  };
}

export function judgeStability({ counts, share }: Stability): Finding {
  const most = counts[counts.length - 1];
  const few = counts.find(({ images }) => images >= 64) ?? most;
  const lost = mean(most.accuracies) - mean(few.accuracies);
  const [same, accurate] = [few.overlap >= 0.9, lost <= 0.01];
  return {
    verdict: same && accurate ? 'reproduces' : same || accurate ? 'partly' : 'does not',
    brief: `at ${few.images} images ${percent(few.overlap, 0)} in common and ${points(-lost)} points of accuracy`,
    ours:
      `Sets of ${percent(share, 0)} of the channels from two disjoint samples have in common, and the networks pruned by them reach: ` +
      `${counts.map(({ images, overlap, accuracies }) => `${images} images ${percent(overlap, 0)}, ${accuracies.map((accuracy) => percent(accuracy)).join(' and ')}`).join('; ')}. ` +
      `Chance would be ${percent(most.chance, 0)} in common.`,
  };
}

/** Seconds in which scoring counts as cheap. */
const CHEAP = 60;

export function judgeScoring({ rules, skipped, images }: ScoringCost): Finding {
  const seconds = (select: string) => rules.find((rule) => rule.select === select)?.seconds;
  const [singleton, l1] = [seconds('singleton'), seconds('l1')];
  const sorted = rules.toSorted((a, b) => a.seconds - b.seconds);
  return {
    verdict: singleton !== undefined && singleton <= CHEAP ? 'reproduces' : 'does not',
    brief: `${figure(singleton ?? Number.NaN)} s for all groups (L1: ${figure(l1 ?? Number.NaN)} s)`,
    ours:
      `Singleton scores of all groups take ${figure(singleton ?? Number.NaN)} s on ${images} images, L1 ${figure(l1 ?? Number.NaN)} s and no image. ` +
      `${sorted.map(({ select, seconds, bytes }) => `${select} ${figure(seconds)} s, ${figure(bytes / 1e6)} MB`).join('; ')}.` +
      (skipped.length > 0 ? ` Not run: ${skipped.map(({ select }) => select).join(', ')}.` : ''),
  };
}
