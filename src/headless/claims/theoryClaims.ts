import { SELECTIONS } from '../../pruning/selections.ts';
import { correlation } from '../../theory/correlation.ts';
import { lipschitz } from '../../theory/lipschitz.ts';
import { localGlobal } from '../../theory/localGlobal.ts';
import { noise, NOISE_DEVIATIONS } from '../../theory/noise.ts';
import { ORDER_TARGETS, orderGap } from '../../theory/orderGap.ts';
import { scoringCost } from '../../theory/scoringCost.ts';
import { stability, STABILITY_COUNTS } from '../../theory/stability.ts';
import type { Claim } from './claim.ts';
import {
  judgeCorrelation, judgeLipschitz, judgeNoise, judgeOrder, judgeScoring, judgeSlopes, judgeStability,
} from './theoryJudges.ts';

/** The claims that a theory experiment settles. */
export const THEORY_CLAIMS: readonly Claim[] = [
  {
    id: 'localGlobal',
    statement: 'The error at the network\'s output is at most a constant times the error at the outputs of the layer that was changed (Theorem 3.1).',
    paper: 'Linear, with slopes of 10 to 100 on ResNet-50 (ImageNet)',
    how: 'One group of channels is cut to 90, 75, 50 and 25 %, its readers refitted by scale and by least squares, all else intact; both errors are means over the calibration images.',
    rule: 'Reproduces if in every group no point lies above three times its fitted line and all slopes lie from 10 to 100; partly if the first alone holds.',
    measure: async ({ input, job }) => judgeSlopes(await localGlobal(input, job('local against global error'))),
  },
  {
    id: 'lipschitz',
    statement: 'Norm layers are Lipschitz on the data: two inputs leave one at most a constant times as far apart as they came (Assumption B.2).',
    paper: 'Assumed, and observed on trained networks',
    how: 'Random pairs of what each norm layer gets for two calibration images; the constant is the greatest ratio of distances behind and before it.',
    rule: 'Reproduces if every norm layer stays within max|γ|/σ and none divides by a deviation below 0.01; partly if the first alone holds.',
    measure: async ({ input, job }) => judgeLipschitz(await lipschitz(input, job('norm layers'))),
  },
  {
    id: 'orderGap',
    statement: 'Compensating layer after layer, behind the already pruned ones, is at least as good as compensating all layers from the intact network.',
    paper: 'Sequential is best (no figure for one-shot)',
    how: 'The same channels (singleton fidelity), refitted by least squares in both orders; accuracy on test images without fine-tuning.',
    rule: 'Reproduces if sequential is at most half a point below one-shot at every cost; partly if it is better on the mean.',
    long: true,
    measure: async ({ input, quick, job }) => judgeOrder(await orderGap(input, job('one-shot against sequential'), quick ? [0.6, 0.476] : ORDER_TARGETS)),
  },
  {
    id: 'noise',
    statement: 'A few components carry the predictions: noise on the 20 % of highest fidelity hurts, noise on the other 80 % hardly does.',
    paper: '12 points of accuracy against 1 point',
    how: 'Gaussian noise on what layers read of the components, relative to each component\'s own deviation, in all groups at once; judged at the level whose cost on the HiFi 20 % is nearest to 12 points.',
    rule: 'Reproduces if the noise costs a quarter or less on the others of what it costs on the HiFi components; partly if it costs less.',
    measure: async ({ input, quick, job }) => {
      const own = await noise(input, job('noise'));
      return judgeNoise(own, quick ? undefined : await noise(input, job('noise of one size'), NOISE_DEVIATIONS, 'value'));
    },
  },
  {
    id: 'correlation',
    statement: 'The channels of greatest singleton fidelity are the best set where contributions are uncorrelated (Theorem 3.7), and nearly so where they are little correlated.',
    paper: 'Optimal if uncorrelated (a theorem; no figure)',
    how: 'Fidelity (scale) of half of each group\'s channels by singleton, greedy and, up to 24 channels, exact selection, against the correlation of their contributions.',
    rule: 'Reproduces if in the less correlated half of the groups singleton loses 2 points of fidelity or less on the mean, and no more than in the other half; partly if one of the two holds.',
    measure: async ({ input, job }) => judgeCorrelation(await correlation(input, job('correlation'))),
  },
  {
    id: 'stability',
    statement: 'A few unlabelled images suffice to tell which components matter.',
    paper: 'Small samples, also synthetic ones, suffice (no figure)',
    how: 'HiFi sets (half of each group) from two disjoint samples of each size, and the accuracy at 47.6 % of the MACs (singleton, sequential least squares) by those samples.',
    rule: 'Reproduces if at 64 images the sets have 90 % in common and the accuracy is within a point of that at the most images; partly if one of the two holds.',
    long: true,
    measure: async ({ input, quick, job }) => judgeStability(await stability(input, job('stability'), quick ? [16, 64, 128] : STABILITY_COUNTS)),
  },
  {
    id: 'scoringCost',
    statement: 'Scores take forward passes alone, and little time beside a data-free rule such as L1.',
    paper: 'Forward passes alone (no figure)',
    how: 'Every selection rule scores all groups once. Seconds of rules from statistics include gathering them; bytes are those read beside the weights.',
    rule: 'Reproduces if singleton scores of all groups take a minute or less.',
    long: true,
    measure: async ({ input, quick, job }) =>
      judgeScoring(await scoringCost(input, job('cost of scoring'), quick ? ['singleton', 'greedy', 'l1', 'bnScale'] : SELECTIONS)),
  },
];
