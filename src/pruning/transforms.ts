import type { Access } from './selections.ts';

/** What makes a network smaller otherwise than by leaving out channels. */
export const TRANSFORMS = ['shortGpt', 'sliceGpt'] as const;

export type Transform = (typeof TRANSFORMS)[number];

/** As `SelectionRule`, of a transform. */
export interface TransformRule {
  /** As on the page. */
  readonly label: string;
  /** Authors, title, venue. */
  readonly source: string;
  readonly access: Access;
  /** In one sentence, what it does. */
  readonly does: string;
}

export const TRANSFORM_RULES: Readonly<Record<Transform, TransformRule>> = {
  shortGpt: {
    label: 'ShortGPT', source: 'Men et al., ShortGPT: Layers in Large Language Models are More Redundant Than You Expect, 2024',
    access: { data: true }, does: 'leaves out the whole blocks that turn the residual stream least',
  },
  sliceGpt: {
    label: 'SliceGPT', source: 'Ashkboos et al., SliceGPT: Compress Large Language Models by Deleting Rows and Columns, ICLR 2024',
    access: { data: true }, does: 'turns the residual stream onto its principal components and keeps the first',
  },
};

/** What may be left of the network: at most this share of its MACs or parameters. */
export interface CostShare {
  readonly kind: 'macs' | 'params';
  /** In (0, 1]. */
  readonly value: number;
}
