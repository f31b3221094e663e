import type { ForgetMethod } from '../forgetMethod.ts';
import { l1, ours, paper, random } from './closedForms.ts';
import type { Forget } from './forgetOptions.ts';
import { fineTune, gradientAscent, jia } from './gradientMethods.ts';

/** Every way to forget, by name. */
export const forgetMethods: Readonly<Record<ForgetMethod, Forget>> = { ours, paper, random, l1, gradientAscent, jia, fineTune };
