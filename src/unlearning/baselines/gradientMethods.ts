import { silent } from '../../engine/job.ts';
import { computeLogits, topClasses } from '../../engine/evaluate.ts';
import { fineTune as train, type Trained, type TrainingJob } from '../../engine/training/fineTune.ts';
import { DEFAULT_TRAINING, type TrainingRequest } from '../../engine/training/trainingRequest.ts';
import type { Network } from '../../network/network.ts';
import type { ForgetInput, LabelledPictures } from '../forgetMethod.ts';
import { checkClasses, checkPictures } from '../unlearn.ts';
import { tailOf } from '../tail.ts';
import { GOAL } from '../unlearnRequest.ts';
import type { Forget, ForgottenInDetail } from './forgetOptions.ts';
import { magnitudePruned } from './magnitudePruning.ts';

/** Training settings by which these methods are compared: the paper's ten epochs. */
export const COMPARED_TRAINING: TrainingRequest = { ...DEFAULT_TRAINING, epochs: 10 };

/**
 * Steps up the loss of forget pictures. Longer ones harm the rest more: on the ResNet-20 of CIFAR-10 this one
 * leaves about two thirds of it, a rate of 0.02 without momentum half.
 */
export const ASCENT: TrainingRequest = {
  ...DEFAULT_TRAINING, rate: 0.005, schedule: 'constant', weightDecay: 0, batch: 64, direction: 'ascend', flip: false, shift: 0,
};

/** γ of Jia et al.'s L1 penalty. */
export const JIA_L1 = 5e-4;

/**
 * Share of weights that `jia` prunes unless it is told otherwise. The paper's 0.95 is for a ResNet-18 forty times
 * as large, tuned on all of the retained training set.
 */
export const JIA_PRUNED = 0.5;

/** Trains on retain pictures alone, and hopes that the rest is forgotten. */
export const fineTune: Forget = (input, { training } = {}, job = {}) =>
  timed(input, () => trainOn(input.network, input.retain, { ...COMPARED_TRAINING, ...training }, input, job));

/**
 * Jia et al., “Model Sparsity Can Simplify Machine Unlearning” (NeurIPS 2023), “prune first, then unlearn”: one-shot
 * magnitude pruning, then fine-tuning on retain pictures with an L1 penalty that falls linearly to 0. What was
 * pruned stays 0.
 */
export const jia: Forget = (input, { training, pruned = JIA_PRUNED } = {}, job = {}) =>
  timed(input, () => {
    const request = { ...COMPARED_TRAINING, l1: JIA_L1, ...training, keepZeros: true };
    return trainOn(magnitudePruned(input.network, pruned), input.retain, request, input, job);
  });

/** Gradient ascent on the forget pictures until at most `GOAL` of them are put in a forgotten class, or the epochs are over. */
export const gradientAscent: Forget = (input, { training } = {}, job = {}) =>
  timed(input, () => {
    const forgotten = new Set(input.classes);
    const until = async (network: Network) => {
      const found = topClasses(await computeLogits(network, input.forget.images, silent(job)));
      return found.filter((c) => forgotten.has(c)).length <= GOAL * found.length;
    };
    return trainOn(input.network, input.forget, { ...ASCENT, ...training, direction: 'ascend' }, input, { ...job, until });
  });

async function timed(input: ForgetInput, run: () => Promise<Trained>): Promise<ForgottenInDetail> {
  checkClasses(input.classes, tailOf(input.network, 1, true).classes);
  checkPictures('forget', input.forget.images);
  checkPictures('retain', input.retain.images);
  const began = performance.now();
  const trained = await run();
  return { network: trained.network, gradientSteps: trained.steps, milliseconds: performance.now() - began, trained };
}

function trainOn(network: Network, { images, labels }: LabelledPictures, request: TrainingRequest, { correlator, seed }: ForgetInput, job: TrainingJob): Promise<Trained> {
  const plain = images.shape.length === 3 ? {} : { flip: false, shift: 0 };
  return train({ network, images, target: { kind: 'labels', labels }, correlator }, { ...request, ...plain, seed }, job);
}
