import type { SelectionScoredBy } from '../selections.ts';
import { backward } from './backward.ts';
import { bnScale } from './bnScale.ts';
import type { Criterion } from './criterion.ts';
import { dfpc } from './dfpc.ts';
import { exact } from './exact.ts';
import { l1, l2 } from './filterNorms.ts';
import { fpgm } from './fpgm.ts';
import { greedy } from './greedy.ts';
import { numerical } from './numerical.ts';
import { obc } from './obc.ts';
import { random } from './random.ts';
import { reap } from './reap.ts';
import { singleton } from './singleton.ts';
import { thinet } from './thinet.ts';
import { wanda } from './wanda.ts';

/** Every rule that needs no further run of the network: a new one is a file and a line here. */
export const CRITERIA: Readonly<Record<SelectionScoredBy<'weights' | 'statistics'>, Criterion>> = {
  singleton, greedy, backward, exact, random, l1, l2, bnScale, fpgm, dfpc, thinet, reap, obc, wanda, numerical,
};
