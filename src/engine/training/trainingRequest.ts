import { TrainingSettingError } from './trainingErrors.ts';

/** How the learning rate falls from its start to 0 over all steps, if it does. */
export const RATE_SCHEDULES = ['constant', 'linear', 'cosine'] as const;
export type RateSchedule = (typeof RATE_SCHEDULES)[number];

/**
 * How batch norms behave while training:
 * - `frozen`: by their stored statistics, which stay; γ and β are trained. For few pictures, or small batches;
 * - `batch`: by each batch's own mean and variance; the stored ones follow by a tenth of the way each step.
 */
export const NORM_MODES = ['frozen', 'batch'] as const;
export type NormMode = (typeof NORM_MODES)[number];

/** Stochastic gradient descent with momentum, as PyTorch has it, on all weights. */
export interface TrainingRequest {
  readonly epochs: number;
  /** Learning rate of the first step. */
  readonly rate: number;
  readonly schedule: RateSchedule;
  /** Pictures in one step. */
  readonly batch: number;
  readonly momentum: number;
  /** λ of `λ/2 ‖w‖²`; on kernels alone, as the L1 penalty. */
  readonly weightDecay: number;
  /** γ of `γ ‖w‖₁` at the first step; it falls linearly to 0 (Jia et al., NeurIPS 2023). */
  readonly l1: number;
  /** Greatest norm of the gradient of all weights together, the mean over a batch; longer ones are shortened. 0: as they are. */
  readonly clip: number;
  readonly norms: NormMode;
  /** `ascend` climbs the loss: gradient ascent. Penalties still pull down. */
  readonly direction: 'descend' | 'ascend';
  /** Kernel weights that are exactly 0 at the start stay so. */
  readonly keepZeros: boolean;
  /** Mirrors every second picture, by chance. */
  readonly flip: boolean;
  /** Moves each picture by up to so many pixels along both axes, by chance; zeros come in. */
  readonly shift: number;
  /** Of the pictures' order and their changes. */
  readonly seed: number;
}

export const DEFAULT_TRAINING: TrainingRequest = {
  epochs: 10,
  rate: 0.01,
  schedule: 'cosine',
  batch: 32,
  momentum: 0.9,
  weightDecay: 5e-4,
  l1: 0,
  clip: 1,
  norms: 'frozen',
  direction: 'descend',
  keepZeros: false,
  flip: true,
  shift: 2,
  seed: 1,
};

/** @throws TrainingSettingError */
export function checkTrainingRequest(request: TrainingRequest, shape: readonly number[]): void {
  const { epochs, rate, batch, momentum, weightDecay, l1, clip, shift, flip } = request;
  expect(Number.isInteger(epochs) && epochs >= 1, 'The number of epochs', epochs, 'a whole number from 1 on');
  expect(rate > 0 && rate < Infinity, 'The learning rate', rate, 'a number above 0, such as 0.01');
  expect(Number.isInteger(batch) && batch >= 1, 'The batch', batch, 'a whole number of pictures from 1 on');
  expect(momentum >= 0 && momentum < 1, 'The momentum', momentum, 'a number from 0 to below 1');
  expect(weightDecay >= 0 && weightDecay < Infinity, 'The weight decay', weightDecay, 'a number from 0 on');
  expect(l1 >= 0 && l1 < Infinity, 'The L1 penalty', l1, 'a number from 0 on');
  expect(clip >= 0 && clip < Infinity, 'The greatest norm of the gradient', clip, 'a number from 0 on');
  expect(Number.isInteger(shift) && shift >= 0, 'The shift', shift, 'a whole number of pixels from 0 on');
  if (shape.length === 3) return;
  expect(shift === 0, 'The shift', shift, `0: these inputs, [${shape.join(', ')}] each, are not pictures`);
  expect(!flip, 'Mirroring', 1, `none: these inputs, [${shape.join(', ')}] each, are not pictures`);
}

function expect(holds: boolean, setting: string, found: number, expected: string): void {
  if (!holds) throw new TrainingSettingError(setting, found, expected);
}

/** What is left of the start at step `step` of `steps`: 1 at first, towards 0. */
export function scheduleFactor(schedule: RateSchedule, step: number, steps: number): number {
  if (schedule === 'constant') return 1;
  return schedule === 'linear' ? 1 - step / steps : (1 + Math.cos((Math.PI * step) / steps)) / 2;
}
