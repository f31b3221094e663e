import type { PackedImages } from '../../datasets/packedImages.ts';
import type { ImageSource } from '../../engine/imageSource.ts';
import type { Job } from '../../engine/job.ts';
import { SharedTrunk } from '../../engine/sharedTrunk.ts';
import { Phases } from '../../theory/phases.ts';
import type { TheoryInput } from '../../theory/theoryInput.ts';
import { depthOf, type Depth, type LabelledTrunk } from '../../unlearning/depth.ts';
import { tradeOff, TRADE_OFF_AXES, type TradeOff } from '../../unlearning/tradeOff.ts';
import { unlearn } from '../../unlearning/unlearn.ts';
import { DEFAULT_UNLEARN, type UnlearnRequest } from '../../unlearning/unlearnRequest.ts';
import { forgettingPictures } from '../comparedForgetting.ts';
import { mean, percent, points, type Claim, type ClaimSetup, type Finding } from './claim.ts';

/** One class, forgotten. */
export interface ForgottenClass {
  readonly class: number;
  readonly before: Depth;
  readonly after: Depth;
  /** CPU seconds of forgetting, without measuring. */
  readonly seconds: number;
}

/** Pictures of the class, and of the others, that forgetting is given. */
const GIVEN = 256;
/** Classes and test pictures of a quick run. */
const QUICK = { classes: 2, test: 500 } as const;
/** What the paper gives up of retain accuracy on CIFAR-10 with a ResNet-50: 94.99 to 92.98 %. */
const PAPER_LOSS = 0.0201;
/** The most that may be left of a forgotten class, and that retain accuracy may lose on the mean. */
const GOALS = { forget: 0.005, retain: 0.01 } as const;

/** The paper's plain rule: greatest fidelity leaves, δ* on the rest. */
const PLAIN: Partial<UnlearnRequest> = { select: 'fidelity', compensate: 'scale' };

/** The verdict on one way to forget, tried on each class in turn. */
export function judgeForgetting(classes: readonly ForgottenClass[], images: number): Finding {
  const worst = classes.reduce((most, own) => (own.after.forget > most.after.forget ? own : most), classes[0]);
  const lost = mean(classes.map(({ before, after }) => before.retain - after.retain));
  const ratio = mean(classes.map(({ after }) => after.forget));
  const both = worst.after.forget <= GOALS.forget && lost <= GOALS.retain;
  const onMean = ratio <= GOALS.forget && lost <= PAPER_LOSS;
  return {
    verdict: both ? 'reproduces' : onMean ? 'partly' : 'does not',
    brief: `forget ${percent(ratio)} on the mean, ${percent(worst.after.forget)} at worst; retain ${points(-lost)} points`,
    ours:
      `${percent(mean(classes.map(({ before }) => before.forget)))} of a class's pictures are put in it before, ${percent(ratio, 2)} after (at worst ${percent(worst.after.forget, 2)}, class ${worst.class}); ` +
      `the rest: ${percent(mean(classes.map(({ before }) => before.retain)), 2)} before, ${percent(mean(classes.map(({ after }) => after.retain)), 2)} after. ` +
      `A ridge probe on the features regains ${percent(mean(classes.map(({ before }) => before.recoverability)))} before and ${percent(mean(classes.map(({ after }) => after.recoverability)))} after. ` +
      `${Math.max(...classes.map(({ seconds }) => seconds)).toFixed(1)} s of CPU time at most. By class, forget / retain change / probe: ` +
      `${classes.map((own) => `${own.class}: ${percent(own.after.forget)} / ${points(own.after.retain - own.before.retain)} / ${percent(own.after.recoverability, 0)}`).join('; ')}. ${images} test images.`,
  };
}

/** Whether the lab's frontier holds a setting that forgets, keeps, and leaves little to regain. */
export function judgeTradeOff({ intact, points: tried, best }: TradeOff, forgotten: number): Finding {
  const keeping = best.filter(({ forget, retain }) => forget <= GOALS.forget && retain >= intact.retain - GOALS.retain);
  const deepest = keeping.toSorted((a, b) => a.recoverability - b.recoverability)[0];
  const untouched = keeping.filter(({ settings }) => !settings.head).toSorted((a, b) => a.recoverability - b.recoverability)[0];
  const half = deepest && deepest.recoverability <= intact.recoverability / 2;
  const said = (point: typeof deepest) => `${percent(point.recoverability)} regained at forget ${percent(point.forget)} and retain ${points(point.retain - intact.retain)}`;
  return {
    verdict: half ? 'reproduces' : deepest ? 'partly' : 'does not',
    brief: deepest ? `${said(deepest)} (intact ${percent(intact.recoverability)})` : 'no setting forgets and keeps',
    ours:
      `Class ${forgotten}, ${tried.length} settings, ${best.length} that no other outdoes: ` +
      `${best.toSorted((a, b) => b.retain - a.retain).map(({ settings, ...point }) => `${said({ settings, ...point })} (head ${settings.head ? 'edited' : 'untouched'}, ${settings.layers} layers, share ${settings.share}, μ ${settings.mu}, ρ ${settings.erase})`).join('; ')}. ` +
      `With the head untouched the deepest that forgets and keeps: ${untouched ? said(untouched) : 'none'}.`,
  };
}

/** The claims about classes that are forgotten without a gradient step. */
export const UNLEARNING_CLAIMS: readonly Claim[] = [
  {
    id: 'unlearning',
    statement: 'A class is forgotten without a gradient step and the rest stays: removal of what carries it, forget-aware least squares (ours beyond the paper).',
    paper: 'Forget 0.20 %, retain 92.98 of 94.99 % (ResNet-50, CIFAR-10, its own rule)',
    how: `Each class in turn with the defaults, ${GIVEN} training pictures of it and ${GIVEN} of the others; accuracy on all test images; what a ridge probe on the features regains from 32 labelled pictures of each class.`,
    rule: 'Reproduces if every class is at most 0.5 % and retain accuracy within 1.0 point on the mean; partly if the mean is at most 0.5 % and retain within the paper\'s 2.01 points.',
    measure: async (setup) => judged(setup, {}),
  },
  {
    id: 'unlearningPlain',
    statement: 'The paper\'s plain rule forgets a class and keeps the rest: greatest fidelity leaves, δ* on what stays.',
    paper: 'Forget 0.20 %, retain 92.98 of 94.99 % (ResNet-50, CIFAR-10)',
    how: 'As before with the paper\'s rule in the last four layers, the share the least of 5 to 50 % that forgets.',
    rule: 'As before.',
    long: true,
    measure: async (setup) => judged(setup, { ...PLAIN, layers: 4 }),
  },
  {
    id: 'unlearningUntouched',
    statement: 'A class is forgotten in the features, the layer that gives the class scores staying as it is.',
    paper: 'No figure: the paper does not part the head from the rest',
    how: 'As before with our defaults, the last two layers before the head edited.',
    rule: 'As before.',
    long: true,
    measure: async (setup) => judged(setup, { head: false, layers: 1 }),
  },
  {
    id: 'unlearningDepth',
    statement: 'Forgetting can be deep: at little cost to the rest, what a probe on the features regains of the class falls by half.',
    paper: 'No figure: the paper measures no probe',
    how: 'Class 3 (cats), settings drawn from the product of head edited or not, 1, 2 and 4 layers, share 0.05 to 0.4, μ 0.1 to 1, ρ 0 to 30; forget and retain accuracy and the ridge probe.',
    rule: 'Reproduces if a setting with forget at most 0.5 % and retain within 1.0 point halves what the probe regains of the intact network; partly if one forgets and keeps at all.',
    long: true,
    measure: async ({ input, data, quick, job }) => {
      const own = { ...(await picturesOf(data, input, DEPTH_CLASS)), test: await testTrunk(input, data, quick) };
      const swept = await tradeOff({ ...input, ...own }, { ...DEFAULT_UNLEARN, classes: [DEPTH_CLASS], seed: input.seed }, TRADE_OFF_AXES, quick ? 2 : 24, job('settings'));
      return judgeTradeOff(swept, DEPTH_CLASS);
    },
  },
];

const DEPTH_CLASS = 3;

async function judged({ input, data, quick, job }: ClaimSetup, over: Partial<UnlearnRequest>): Promise<Finding> {
  const images = testedOf(data, quick);
  return judgeForgetting(await forgetEach(input, data, over, quick, job('classes')), images);
}

/** Forgets each class by itself and measures what came of it. */
async function forgetEach(input: TheoryInput, data: PackedImages, over: Partial<UnlearnRequest>, quick: boolean, job: Job): Promise<ForgottenClass[]> {
  const classes = Array.from({ length: quick ? QUICK.classes : data.classes.length }, (_, c) => c);
  const phases = new Phases(job, 3 * classes.length);
  const test = await testTrunk(input, data, quick);
  const found: ForgottenClass[] = [];
  for (const c of classes) {
    const { forget, retain, known } = await picturesOf(data, input, c);
    const before = await depthOf(input.network, [c], known, test, phases.next(1));
    const began = process.cpuUsage();
    const { network } = await unlearn({ ...input, forget, retain }, { ...DEFAULT_UNLEARN, ...over, classes: [c], seed: input.seed }, phases.next(1));
    const { user, system } = process.cpuUsage(began);
    found.push({ class: c, before, after: await depthOf(network, [c], known, test, phases.next(1)), seconds: (user + system) / 1e6 });
  }
  return found;
}

/** What forgetting a class is given, and what the probe knows. */
async function picturesOf(data: PackedImages, input: TheoryInput, c: number): Promise<{ readonly forget: ImageSource; readonly retain: ImageSource; readonly known: LabelledTrunk }> {
  const { forget, retain, known } = await forgettingPictures(data, [c], { forget: GIVEN, retain: GIVEN, test: data.count('test') }, input.seed);
  const probed: LabelledTrunk = { trunk: new SharedTrunk(input.network, known.images), labels: known.labels };
  return { forget: forget.images, retain: retain.images, known: probed };
}

async function testTrunk(input: TheoryInput, data: PackedImages, quick: boolean): Promise<LabelledTrunk> {
  const places = Array.from({ length: testedOf(data, quick) }, (_, k) => k);
  return { trunk: new SharedTrunk(input.network, data.source('test', places)), labels: await data.labels('test') };
}

function testedOf(data: PackedImages, quick: boolean): number {
  return quick ? QUICK.test : data.count('test');
}
