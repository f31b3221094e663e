import type { ForgetMethod } from '../../unlearning/forgetMethod.ts';
import type { ForgettingReport } from '../../unlearning/forgettingReport.ts';
import type { ForgetTarget, UnlearnCompensation, UnlearnSelection } from '../../unlearning/unlearnRequest.ts';

export const METHOD_LABELS: Readonly<Record<ForgetMethod, string>> = {
  ours: 'contrast, forget-aware',
  paper: 'the paper’s rule',
  random: 'random removal',
  l1: 'L1 removal',
  gradientAscent: 'gradient ascent',
  jia: 'Jia et al.',
  fineTune: 'fine-tuning',
};

/** Methods that try shares of channels; the others take gradient steps. */
export const TRYING_SHARES: readonly ForgetMethod[] = ['ours', 'paper', 'random', 'l1'];

/** The method, and what of it is not the usual. */
export function methodLabel({ method, settings: { classes, head }, tuned }: Pick<ForgettingReport, 'method' | 'settings' | 'tuned'>): string {
  const further = tuned && `fine-tuned ${tuned.epochs} ${tuned.epochs === 1 ? 'epoch' : 'epochs'}`;
  if (method === 'fineTune' && further) return classes.length === 0 ? `pruned, ${further}` : further;
  return [METHOD_LABELS[method], ...(head ? [] : ['head kept']), ...(further ? [further] : [])].join(', ');
}

export const METHOD_NOTES: Readonly<Record<ForgetMethod, string>> = {
  ours: 'Channels of the greatest contrast leave, the rest is refitted in closed form. No gradient step.',
  paper: 'ModHiFi-U: channels of the greatest fidelity for the class leave, the rest is rescaled by δ*. No gradient step.',
  random: 'As many channels leave the same layers, chosen at random; weights stay.',
  l1: 'As many channels leave the same layers, those of least L1 norm; weights stay.',
  gradientAscent: 'Steps up the loss on the forget pictures.',
  jia: 'Prune by magnitude, then fine-tune on retain pictures with an L1 penalty (NeurIPS 2023).',
  fineTune: 'Fine-tuning on retain pictures alone.',
};

export const UNLEARN_SELECTION_LABELS: Readonly<Record<UnlearnSelection, string>> = {
  contrast: 'contrast: class less rest',
  fidelity: 'fidelity for the class',
  random: 'random',
  l1: 'least L1 norm',
};

export const UNLEARN_COMPENSATION_LABELS: Readonly<Record<UnlearnCompensation, string>> = {
  none: 'none',
  scale: 'scale (δ*)',
  leastSquares: 'least squares, retain alone',
  forgetAware: 'forget-aware least squares',
};

export const FORGET_TARGET_LABELS: Readonly<Record<ForgetTarget, string>> = {
  mean: 'the mean of the rest',
  nearest: 'the second-best class',
  mixed: 'all other classes, as likely as each is',
};
