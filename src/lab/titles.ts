import { leastCountReaching } from '../fidelity/leastCount.ts';
import type { FrontierAxis } from './experiment.ts';

/** "9 of 32 channels rebuild 90 % of this layer". `curve[k − 1]` is the fidelity of k channels. */
export function curveTitle(curve: readonly number[], reach = 0.9): string {
  const least = leastCountReaching(Float64Array.from(curve), reach);
  const share = `${Math.round(reach * 100)} %`;
  if (curve[least - 1] < reach) return `Not even all ${curve.length} channels rebuild ${share} of this layer`;
  return least === 1 ? `One of ${curve.length} channels rebuilds ${share} of this layer` : `${least} of ${curve.length} channels rebuild ${share} of this layer`;
}

export interface CutOutcome {
  readonly axis: FrontierAxis;
  /** What is left of the intact network's cost, in (0, 1]. */
  readonly left: number;
  readonly accuracyBefore: number;
  readonly accuracyAfter: number;
}

const UNITS: Readonly<Record<FrontierAxis, string>> = { macs: 'multiply–adds', params: 'parameters', latency: 'time' };

/** "Half the multiply–adds cost 5.1 points": what was cut, and what that took from the accuracy. */
export function frontierTitle({ axis, left, accuracyBefore, accuracyAfter }: CutOutcome): string {
  const cut = Math.round((1 - left) * 100);
  const points = 100 * (accuracyBefore - accuracyAfter);
  const amount = Math.abs(points) < 9.95 ? Math.abs(points).toFixed(1) : Math.abs(points).toFixed(0);
  if (axis === 'latency') {
    const faster = 1 / left;
    if (faster < 1.05) return `No faster, and ${points >= 0.05 ? `${amount} points lost` : 'nothing lost'}`;
    return `${faster.toFixed(1)}× faster ${points >= 0.05 ? `costs ${amount} points` : 'at no cost'}`;
  }
  if (cut <= 0) return 'Nothing is cut yet';
  const what = cut >= 48 && cut <= 52 ? `Half the ${UNITS[axis]}` : `Cutting ${cut} % of the ${UNITS[axis]}`;
  const verb = what.startsWith('Half') ? 'cost' : 'costs';
  if (points < -0.05) return `${what} ${verb} nothing: ${amount} points gained`;
  return points < 0.05 ? `${what} ${verb} nothing` : `${what} ${verb} ${amount} points`;
}
