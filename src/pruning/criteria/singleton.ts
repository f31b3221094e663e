import type { Criterion } from './criterion.ts';
import { singletonScoresByGroup } from './groupScoreMap.ts';

/**
 * Layer-level singleton fidelity, summed over the group's consumers (ModHiFi, NeurIPS 2025,
 * arXiv 2511.19566): the paper's rule. A group that nothing has been measured of scores 0.
 */
export const singleton: Criterion = singletonScoresByGroup;
