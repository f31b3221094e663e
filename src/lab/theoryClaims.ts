import type { TheoryExperiment } from '../theory/results.ts';

export interface Claim {
  /** What is claimed, in a few words. */
  readonly title: string;
  /** Where. */
  readonly source: string;
  /** What the paper says or found, and what is measured here. */
  readonly text: string;
}

/** What each experiment checks: ModHiFi, NeurIPS 2025, arXiv 2511.19566. */
export const THEORY_CLAIMS: Readonly<Record<TheoryExperiment, Claim>> = {
  localGlobal: {
    title: 'Does local error bound the output’s error?',
    source: 'Theorem 3.1',
    text: 'The squared error at the logits is at most Cₗ times the local error of layer l. Paper: slopes of 10 to 100 for ResNet-50. Each dot is one group cut to one width, all else intact.',
  },
  lipschitz: {
    title: 'Are norm layers Lipschitz on the data?',
    source: 'Assumption B.2',
    text: 'Two inputs leave a norm layer at most as far apart as its weights allow, as long as no channel’s deviation comes near zero.',
  },
  orderGap: {
    title: 'What does sequential compensation bring?',
    source: 'Pruning, ModHiFi-P',
    text: 'The paper compensates layer after layer, on the network pruned so far. Here beside one-shot compensation at the same widths.',
  },
  noise: {
    title: 'Does noise hurt most on HiFi components?',
    source: 'Noise on components',
    text: 'Paper: Gaussian noise on the HiFi 20 % of components costs 12 points of accuracy, on the other 80 % one point.',
  },
  correlation: {
    title: 'When are singleton scores enough?',
    source: 'Theorem 3.7',
    text: 'The k best singletons are the best set of k where contributions are uncorrelated. Checked: whether singleton loses more to better searches where they are correlated. Each dot is one group.',
  },
  stability: {
    title: 'How many pictures do HiFi sets take?',
    source: 'Stability of HiFi sets',
    text: 'What sets from different calibration pictures have in common, and the accuracy after pruning by them, by the number of pictures, 16 to 1,024; npm run claims goes on to 2,048.',
  },
  scoringCost: {
    title: 'What does scoring cost?',
    source: 'Forward passes alone',
    text: 'Seconds of each selection rule, and bytes of what it reads beside the weights. L1 reads the weights alone.',
  },
};
