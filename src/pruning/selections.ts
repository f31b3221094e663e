/** What a selection rule must see, beside the weights. */
export interface Access {
  /** Pictures, unlabelled. */
  readonly data?: boolean;
  readonly labels?: boolean;
  readonly gradients?: boolean;
}

/**
 * Where a rule's scores come from: the weights alone, the statistics of calibration, or runs of the
 * network. The last two need pictures, unless the rule makes its own input.
 */
export type ScoredBy = 'weights' | 'statistics' | 'network';

/** A rule that says which channels stay. */
export interface SelectionRule {
  /** As on the page. */
  readonly label: string;
  /** Authors, title, venue; for our own, the paper that this project is about. */
  readonly source: string;
  readonly access: Access;
  readonly scoredBy: ScoredBy;
  /** Whether the scores depend on the compensation that will follow. */
  readonly perCompensation?: boolean;
}

/** What ModHiFi proposes, and finer searches for the same set. */
export const FIDELITY_SELECTIONS = ['singleton', 'greedy', 'backward', 'exact'] as const;

/** What a person would try instead. */
export const BASELINE_SELECTIONS = [
  'random', 'l1', 'l2', 'bnScale', 'fpgm', 'synflow', 'dfpc', 'nisp', 'thinet', 'reap', 'nonlinear', 'obc', 'wanda', 'numerical', 'hrank', 'coar', 'stableRelu', 'taylor', 'llmPruner',
] as const;

export const SELECTIONS = [...FIDELITY_SELECTIONS, ...BASELINE_SELECTIONS] as const;

export type Selection = (typeof SELECTIONS)[number];

const MODHIFI = 'ModHiFi (NeurIPS 2025, arXiv 2511.19566)';
const DATA: Access = { data: true };

const RULES = {
  singleton: { label: 'singleton', source: `${MODHIFI}: the k greatest singleton fidelities`, access: DATA, scoredBy: 'statistics' },
  greedy: { label: 'greedy', source: 'forward greedy on subset fidelity', access: DATA, scoredBy: 'statistics', perCompensation: true },
  backward: { label: 'backward', source: 'backward elimination on subset fidelity', access: DATA, scoredBy: 'statistics', perCompensation: true },
  exact: { label: 'exact', source: 'the set of greatest subset fidelity, by branch and bound (at most 24 channels; beyond, the better of greedy and backward)', access: DATA, scoredBy: 'statistics', perCompensation: true },
  random: { label: 'random', source: 'uniformly random channels', access: {}, scoredBy: 'weights' },
  l1: { label: 'L1', source: 'Li et al., Pruning Filters for Efficient ConvNets, ICLR 2017', access: {}, scoredBy: 'weights' },
  l2: { label: 'L2', source: 'Li et al., Pruning Filters for Efficient ConvNets, ICLR 2017 (L2 norm)', access: {}, scoredBy: 'weights' },
  bnScale: { label: 'BN scale', source: 'Liu et al., Learning Efficient Convolutional Networks through Network Slimming, ICCV 2017', access: {}, scoredBy: 'weights' },
  fpgm: { label: 'FPGM', source: 'He et al., Filter Pruning via Geometric Median, CVPR 2019', access: {}, scoredBy: 'weights' },
  synflow: { label: 'SynFlow', source: 'Tanaka et al., Pruning neural networks without any data by iteratively conserving synaptic flow, NeurIPS 2020 (per channel)', access: {}, scoredBy: 'network' },
  dfpc: { label: 'DFPC', source: 'Narshana et al., DFPC: Data flow driven pruning of coupled channels without data, ICLR 2023', access: {}, scoredBy: 'weights' },
  nisp: { label: 'NISP', source: 'Yu et al., NISP: Pruning Networks using Neuron Importance Score Propagation, CVPR 2018', access: DATA, scoredBy: 'network' },
  thinet: { label: 'ThiNet', source: 'Luo et al., ThiNet: A Filter Level Pruning Method, ICCV 2017', access: DATA, scoredBy: 'statistics' },
  reap: { label: 'REAP', source: 'Kamma and Wada, REAP: A Method for Pruning Convolutional Neural Networks with Performance Preservation, IEICE 2021', access: DATA, scoredBy: 'statistics' },
  nonlinear: { label: 'nonlinear', source: 'Jiang et al., Efficient DNN Neuron Pruning by Minimizing Layer-wise Nonlinear Reconstruction Error, IJCAI 2018', access: DATA, scoredBy: 'network' },
  obc: { label: 'OBC', source: 'Frantar and Alistarh, Optimal Brain Compression, NeurIPS 2022, on which SparseGPT (ICML 2023) builds (whole channels)', access: DATA, scoredBy: 'statistics' },
  wanda: { label: 'Wanda', source: 'Sun et al., A Simple and Effective Pruning Approach for Large Language Models, ICLR 2024 (whole channels)', access: DATA, scoredBy: 'statistics' },
  numerical: { label: 'Numerical', source: 'Shen et al., Numerical Pruning for Efficient Autoregressive Models, AAAI 2025', access: DATA, scoredBy: 'statistics' },
  hrank: { label: 'HRank', source: 'Lin et al., HRank: Filter Pruning using High-Rank Feature Map, CVPR 2020', access: DATA, scoredBy: 'network' },
  coar: { label: 'COAR', source: 'Shah et al., Decomposing and Editing Predictions by Modeling Model Computation, ICML 2024 (regression on random ablations)', access: DATA, scoredBy: 'network' },
  stableRelu: { label: 'stable ReLU', source: 'Serra et al., Scaling Up Exact Neural Network Compression by ReLU Stability (LEO++), NeurIPS 2021', access: {}, scoredBy: 'network' },
  taylor: { label: 'Taylor', source: 'Molchanov et al., Pruning Convolutional Neural Networks for Resource Efficient Inference, ICLR 2017', access: { data: true, labels: true, gradients: true }, scoredBy: 'network' },
  llmPruner: { label: 'LLM-Pruner', source: 'Ma et al., LLM-Pruner: On the Structural Pruning of Large Language Models, NeurIPS 2023', access: { data: true, labels: true, gradients: true }, scoredBy: 'network' },
} as const satisfies Readonly<Record<Selection, SelectionRule>>;

export const SELECTION_RULES: Readonly<Record<Selection, SelectionRule>> = RULES;

/** The rules whose scores come from `S`: the keys of the tables that hold them. */
export type SelectionScoredBy<S extends ScoredBy> = {
  [K in Selection]: (typeof RULES)[K]['scoredBy'] extends S ? K : never;
}[Selection];
