import type { Trained, TrainingJob } from '../../engine/training/fineTune.ts';
import type { TrainingRequest } from '../../engine/training/trainingRequest.ts';
import type { Forgotten, ForgetInput } from '../forgetMethod.ts';
import type { Unlearned, UnlearnTrial } from '../unlearn.ts';
import type { UnlearnRequest } from '../unlearnRequest.ts';

/** What may be set otherwise than by default. */
export interface ForgetOptions {
  /** Of the methods with gradient steps. */
  readonly training?: Partial<TrainingRequest>;
  /** Of the closed forms; what makes a method what it is stays as it is. */
  readonly edit?: Partial<Omit<UnlearnRequest, 'classes'>>;
  /** Share of kernel weights that `jia` sets to 0. */
  readonly pruned?: number;
}

export interface ForgetJob extends TrainingJob {
  /** Called by the closed forms with every share as it is tried. */
  readonly onTrial?: (trial: UnlearnTrial) => void;
}

/** A result with what the method itself has to say. */
export interface ForgottenInDetail extends Forgotten {
  readonly unlearned?: Unlearned;
  readonly trained?: Trained;
}

/** A way to make a network forget; the one given stays as it is. */
export type Forget = (input: ForgetInput, options?: ForgetOptions, job?: ForgetJob) => Promise<ForgottenInDetail>;
