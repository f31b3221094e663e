import { QUICK_GRID, USUAL_GRID } from '../../sensitivity/grid.ts';
import type { Sensitivity, SensitivityPoint } from '../../sensitivity/results.ts';
import { sensitivity } from '../../sensitivity/sensitivity.ts';
import { sensitivityInput } from '../sensitivityInput.ts';
import { percent, points, type Claim, type Finding } from './claim.ts';

/** Points that pruning on pictures from the network may lose to real ones, and what forgetting on them must reach. */
const GOALS = { pruned: 0.03, forget: 0.01, retain: 0.05 } as const;

/** The verdict on working without data, with all conditions beside it. */
export function judgeSensitivity({ intact, points: all, forgetClass, testImages }: Pick<Sensitivity, 'intact' | 'points' | 'forgetClass' | 'testImages'>): Finding {
  const sources = all.filter(({ family }) => family === 'source');
  const real = sources.find(({ label }) => label === 'real pictures');
  const own = sources.find(({ label }) => label === 'pictures from the network');
  const prunes = own?.pruned !== undefined && real?.pruned !== undefined && own.pruned >= real.pruned - GOALS.pruned;
  const forgets = own?.forgotten !== undefined && own.forgotten.forget <= GOALS.forget && own.forgotten.retain >= intact.retain - GOALS.retain;
  return {
    verdict: prunes && forgets ? 'reproduces' : prunes || forgets ? 'partly' : 'does not',
    brief:
      own?.pruned === undefined || real?.pruned === undefined
        ? `not measured on pictures from the network: ${own?.why ?? 'there are none'}`
        : `${points(own.pruned - real.pruned)} points after pruning; ${own.forgotten ? `forget ${percent(own.forgotten.forget)}, retain ${points(own.forgotten.retain - intact.retain)}` : 'nothing forgotten'}`,
    ours: `The intact network: ${percent(intact.accuracy)}. After pruning / of the forgotten class ${forgetClass} / of the others: ${all.map(saidOf).join('; ')}. ${testImages} test images.`,
  };
}

function saidOf({ label, pruned, forgotten, why }: SensitivityPoint): string {
  const forget = forgotten ? `${percent(forgotten.forget)} / ${percent(forgotten.retain)}` : 'not forgotten';
  return pruned === undefined ? `${label}: not measured (${why ?? 'no pictures'})` : `${label}: ${percent(pruned)} / ${forget}`;
}

/** What pruning and forgetting owe to their calibration pictures. */
export const SENSITIVITY_CLAIMS: readonly Claim[] = [
  {
    id: 'sensitivity',
    statement: 'Pruning and forgetting need no data: pictures made from the network alone do nearly as well as real ones.',
    paper: 'Synthetic samples suffice (no figure for sources, class balance or shift)',
    how:
      'The network is pruned to 62.5 % of its MACs (1.6 times fewer; singleton, sequential least squares) and made to forget class 0 by the defaults, on calibration pictures of every source, in several numbers, out of class balance, and shifted: blurred, noisy, of other hues, of another data set. One thing is varied at a time.',
    rule: 'Reproduces if on pictures from the network pruning is within 3 points of real pictures, and forgetting leaves at most 1 % of the class and the others within 5 points of the intact network; partly if one of the two holds.',
    long: true,
    measure: async ({ input, folders, quick, job }) => {
      const setting = { test: input.test.count, seed: input.seed, forgetClass: 0, correlator: input.correlator };
      const own = await sensitivityInput(input.network, folders, setting);
      return judgeSensitivity(await sensitivity(own, job('conditions'), quick ? QUICK_GRID : USUAL_GRID));
    },
  },
];
