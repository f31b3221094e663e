import { renormalise } from '../../engine/renorm.ts';
import { pruneSequentially } from '../../engine/sequential.ts';
import { nestedCurves } from '../../fidelity/monteCarloBand.ts';
import { leastCountReaching } from '../../fidelity/leastCount.ts';
import { intactStatistics, type LayerStatistics } from '../../fidelity/layerStatistics.ts';
import { permutation, seededRandom } from '../../fidelity/random.ts';
import { costModel } from '../../network/costModel.ts';
import type { PrunePlan } from '../../network/prunePlan.ts';
import { prune } from '../../network/surgery.ts';
import { CRITERIA } from '../../pruning/criteria/table.ts';
import { channelOrder, groupBand, groupCurve } from '../../pruning/groupFidelity.ts';
import { groupOrder } from '../../pruning/groupSelection.ts';
import { keepSets } from '../../pruning/keepSets.ts';
import { accuracyOf, judgeOf } from '../../theory/accuracy.ts';
import { measuresOf } from '../../engine/calibrate.ts';
import { subjectOf } from '../../pruning/subject.ts';
import { singletonRankings } from '../../theory/singletonRankings.ts';
import { figure, mean, percent, type Claim, type Finding } from './claim.ts';

const ETA = 0.8;
const PAPER_SHARE = 0.2;

/** Least share of each group's channels whose fidelity reaches η: by the paper's rule, and by the `best` that the lab has. */
export function judgeShares(shares: readonly { readonly group: string; readonly share: number; readonly best: number }[], images: number): Finding {
  const below = shares.filter(({ share }) => share < PAPER_SHARE);
  const most = shares.reduce((most, group) => (group.share > most.share ? group : most));
  return {
    verdict: below.length === shares.length ? 'reproduces' : 2 * below.length >= shares.length ? 'partly' : 'does not',
    brief: `${percent(mean(shares.map(({ share }) => share)), 0)} on the mean, ${below.length} of ${shares.length} groups below 20 %`,
    ours:
      `${below.length} of ${shares.length} groups need fewer than ${percent(PAPER_SHARE, 0)} of their channels; on the mean ${percent(mean(shares.map(({ share }) => share)), 0)}, ` +
      `most in ${most.group}: ${percent(most.share, 0)}. ` +
      `Chosen greedily and refitted by least squares, ${percent(mean(shares.map(({ best }) => best)), 0)} on the mean do. ${images} images.`,
  };
}

/** Accuracy of the paper's recipe and of L1 at the same costs: as it is, with norms estimated again, with the recipe's compensation. */
export function judgeRecipe(
  points: readonly { readonly target: number; readonly recipe: number; readonly l1: number; readonly l1Renorm: number; readonly l1Scale: number }[],
  images: number,
): Finding {
  const above = points.every(({ recipe, l1 }) => recipe > l1);
  const alike = points.every(({ recipe, l1Scale }) => recipe > l1Scale);
  const last = points[points.length - 1];
  return {
    verdict: above && alike ? 'reproduces' : above ? 'partly' : 'does not',
    brief: `${percent(last.recipe)} against ${percent(last.l1)} at ${percent(last.target, 0)} of the MACs; ${percent(last.l1Scale)} where L1's channels are compensated alike`,
    ours:
      `${points.map(({ target, recipe, l1, l1Renorm, l1Scale }) =>
        `${percent(target, 0)} of the MACs: ${percent(recipe)} against ${percent(l1)} (L1 with re-estimated norms ${percent(l1Renorm)}, L1 with the same compensation ${percent(l1Scale)})`).join('; ')}. ` +
      `${images} test images.`,
  };
}

/** Hours that the paper needed for one network. */
const PAPER_HOURS = 20;
/** Layers of OPT-125m, and random subsets of each size that the paper's curves are drawn from. */
const OPT = { layers: 12, permutations: 100 } as const;

export function judgeMonteCarlo(own: { readonly seconds: number; readonly groups: number; readonly permutations: number }, optSeconds: number): Finding {
  const hours = optSeconds / 3600;
  return {
    verdict: hours <= PAPER_HOURS / 10 ? 'reproduces' : hours < PAPER_HOURS ? 'partly' : 'does not',
    brief: `${figure(own.seconds)} s for all groups; ${figure(hours)} h for the shape of OPT-125m on one core`,
    ours:
      `Here: ${own.permutations} random orders of all ${own.groups} groups take ${figure(own.seconds)} s. A layer of the shape of OPT-125m's MLP (3072 components, 768 outputs, synthetic statistics): ` +
      `${OPT.permutations} orders of ${OPT.layers} layers come to ${figure(hours)} h on one core, extrapolated from the orders that were run.`,
  };
}

/** The claims about what pruning by fidelity achieves and costs. */
export const PRUNING_CLAIMS: readonly Claim[] = [
  {
    id: 'hifiShare',
    statement: 'In every layer a small share of the components rebuilds most of the output: few reach a fidelity of 0.8.',
    paper: 'Under 20 % of the components in all of its models',
    how: 'Per group, the least number of channels by singleton fidelity whose subset fidelity (scale, mean over the layers that read them) reaches 0.8.',
    rule: 'Reproduces if every group needs fewer than 20 % of its channels; partly if half of the groups do.',
    measure: async ({ input, job }) => {
      const subject = subjectOf(input.network);
      const measures = await measuresOf(subject, input.calibration, input.correlator, job('statistics'));
      const shares = singletonRankings(subject, measures).flatMap(({ name, channels, scores }) => {
        const curve = groupCurve(name, channelOrder(scores), subject.layers, measures, 'scale');
        if (curve.length === 0) return [];
        const greedy = groupOrder(name, subject.layers, measures, { rule: 'greedy', fit: 'leastSquares' });
        const best = groupCurve(name, greedy, subject.layers, measures, 'leastSquares');
        return [{ group: name, share: leastCountReaching(curve, ETA) / channels, best: leastCountReaching(best, ETA) / channels }];
      });
      return judgeShares(shares, input.calibration.count);
    },
  },
  {
    id: 'recipe',
    statement: 'Channels by singleton fidelity, compensated by scale, beat channels by L1 norm at equal cost, without fine-tuning.',
    paper: 'Better than L1 and L2 norms after pruning (figures on ImageNet)',
    how: 'The paper\'s recipe (singleton, scale, layer after layer) against L1 as it is commonly used (no compensation), one keep fraction for all groups. Beside it, what L1 reaches with a repair: norms estimated again, or the recipe\'s own compensation.',
    rule: 'Reproduces if the recipe is more accurate at every cost than L1, also where L1\'s channels get the same compensation; partly if only where they get none.',
    measure: async ({ input, job }) => {
      const { network, calibration, correlator, test } = input;
      const subject = subjectOf(network);
      const measures = await measuresOf(subject, calibration, correlator, job('statistics'));
      const judge = await judgeOf(input, job('intact'));
      const rankings = singletonRankings(subject, measures);
      const l1 = CRITERIA.l1({ ...subject, measures, fit: 'scale', seed: input.seed });
      const byNorm = rankings.map((ranking) => ({ ...ranking, scores: l1.get(ranking.name) ?? ranking.scores }));
      const costs = costModel(network, subject.coupled);
      const found: Parameters<typeof judgeRecipe>[0][number][] = [];
      for (const target of [0.75, 0.6, 0.476]) {
        const kept = { kind: 'macs', value: target } as const;
        const step = job(`${percent(target, 0)} of the MACs`);
        const scaled = (by: typeof rankings) => pruneSequentially(network, keepSets(kept, by, costs), 'scale', calibration, correlator, step);
        const accuracy = (plan: PrunePlan) => accuracyOf(prune(network, plan), input, judge, step);
        const plain: PrunePlan = { keep: keepSets(kept, byNorm, costs), weights: {} };
        found.push({
          target,
          recipe: await accuracy(await scaled(rankings)),
          l1: await accuracy(plain),
          l1Renorm: await accuracy(await renormalise(network, plain, calibration, step)),
          l1Scale: await accuracy(await scaled(byNorm)),
        });
      }
      return judgeRecipe(found, test.count);
    },
  },
  {
    id: 'monteCarlo',
    statement: 'How fidelity is distributed over random subsets (the Monte Carlo curves, which show how good a choice is) can be had at a small part of the paper\'s cost.',
    paper: 'Up to 20 hours for OPT-125m',
    how: 'One Cholesky factorisation gives the fidelity of all prefixes of a random order (docs/method.md): the same curves, of the same subsets, for a fraction of the work.',
    rule: 'Reproduces if the shape of OPT-125m takes a tenth of 20 hours or less on one core; partly if it takes less than 20 hours. This claim is the lab\'s, not the paper\'s.',
    long: true,
    measure: async ({ input, quick, job }) => {
      const subject = subjectOf(input.network);
      const measures = await measuresOf(subject, input.calibration, input.correlator, job('statistics'));
      const permutations = quick ? 20 : 200;
      const rankings = singletonRankings(subject, measures);
      const began = performance.now();
      for (const { name } of rankings) groupBand(name, subject.layers, measures, permutations, input.seed);
      const seconds = (performance.now() - began) / 1000;
      return judgeMonteCarlo({ seconds, groups: rankings.length, permutations }, optSeconds(quick ? 1 : 2, input.seed));
    },
  },
];

/** Seconds that all random orders of OPT-125m's MLP layers would take, from a few of one layer. */
function optSeconds(orders: number, seed: number): number {
  const [n, m] = [3072, 768];
  const random = seededRandom(seed);
  const layer = syntheticLayer(n, m, random);
  const drawn = Array.from({ length: orders }, () => permutation(n, random));
  const began = performance.now();
  nestedCurves(layer, drawn, {});
  return (((performance.now() - began) / 1000 / orders) * OPT.permutations) * OPT.layers;
}

/** A dense layer whose inputs share a few common factors: `G = I + F Fᵀ`. */
function syntheticLayer(n: number, m: number, random: () => number): LayerStatistics {
  const rank = 4;
  const factors = Float64Array.from({ length: n * rank }, () => random() - 0.5);
  const gram = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? 1 : 0;
      for (let r = 0; r < rank; r++) sum += factors[i * rank + r] * factors[j * rank + r];
      gram[i * n + j] = sum;
      gram[j * n + i] = sum;
    }
  }
  return intactStatistics({ n, p: 1, m, gram, weights: Float64Array.from({ length: m * n }, () => random() - 0.5) });
}
