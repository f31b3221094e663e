import { networkCosts } from '../../network/costs.ts';
import type { Network } from '../../network/network.ts';
import type { CostShare } from '../../pruning/transforms.ts';
import type { ImageSource } from '../imageSource.ts';
import type { Job } from '../job.ts';
import type { Correlator } from '../kernels/correlator.ts';

/** What a transform works from. */
export interface TransformInput {
  readonly network: Network;
  /** Calibration pictures, or windows of text; unlabelled. */
  readonly images: ImageSource;
  /** The calibration kernel; absent where the backend multiplies on a device. */
  readonly correlator: Correlator | undefined;
  /** What may be left. */
  readonly share: CostShare;
  readonly seed: number;
}

/**
 * A smaller network that costs at most the share asked for, and the most that it can of it. The given one is left as it is;
 * weights that do not change are shared.
 *
 * @throws TransformRefusedError, TransformTargetError, CancelledError, DeviceLostError, InputShapeError
 */
export type NetworkTransform = (input: TransformInput, job?: Job) => Promise<Network>;

/** The network is not of the form that the transform works on. */
export class TransformRefusedError extends Error {
  override readonly name = 'TransformRefusedError';
}

/** However much the transform takes away, more is left than was asked for. */
export class TransformTargetError extends Error {
  override readonly name = 'TransformTargetError';
  constructor(transform: string, { kind, value }: CostShare, least: number) {
    super(`${transform} cannot bring this network to ${kind}=${value}: with all that it can take away, ${(100 * least).toFixed(1)} % of its ${kind} are left.`);
  }
}

/** The share of the intact network's cost that another has. */
export function costShare(intact: Network, kind: CostShare['kind']): (network: Network) => number {
  const axis = kind === 'macs' ? 'macs' : 'parameters';
  const whole = networkCosts(intact)[axis];
  return (network) => (whole > 0 ? networkCosts(network)[axis] / whole : 1);
}
