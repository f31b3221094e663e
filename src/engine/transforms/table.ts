import type { Transform } from '../../pruning/transforms.ts';
import type { NetworkTransform } from './networkTransform.ts';
import { shortGpt } from './shortGpt.ts';
import { sliceGpt } from './sliceGpt.ts';

/** Every transform of `TRANSFORM_RULES`: a new one is a file and a line here and there. */
export const NETWORK_TRANSFORMS: Readonly<Record<Transform, NetworkTransform>> = { shortGpt, sliceGpt };
