import { leastCountReaching } from '../fidelity/leastCount.ts';
import type { FrontierAxis } from './experiment.ts';
import { perplexity } from './format.ts';
import type { OrderGap } from './seriesAt.ts';
import type { Yardstick } from './yardstick.ts';

/**
 * "9 of 32 channels rebuild 90 % of this layer". `curve[k − 1]` is the fidelity of k channels; empty where
 * all layers that read them are too wide for a curve.
 */
export function curveTitle(curve: readonly number[], reach = 0.9, many = 'channels'): string {
  if (curve.length === 0) return `The ${many} of this layer are scored one by one`;
  const least = leastCountReaching(Float64Array.from(curve), reach);
  const share = `${Math.round(reach * 100)} %`;
  if (curve[least - 1] < reach) return `Not even all ${curve.length} ${many} rebuild ${share} of this layer`;
  return least === 1 ? `One of ${curve.length} ${many} rebuilds ${share} of this layer` : `${least} of ${curve.length} ${many} rebuild ${share} of this layer`;
}

export interface CutOutcome {
  readonly axis: FrontierAxis;
  /** What is left of the intact network's cost, in (0, 1]. */
  readonly left: number;
  /** What plans are judged by, of the intact network and of this one. */
  readonly before: number;
  readonly after: number;
}

const UNITS: Readonly<Record<FrontierAxis, string>> = { macs: 'multiply–adds', params: 'parameters', latency: 'time' };

/**
 * "Half the multiply–adds cost 5.1 points": what was cut, and what that took from the accuracy. By
 * agreement: "Half the multiply–adds change 5.1 % of the predictions". By perplexity: "Half the multiply–adds
 * raise perplexity from 21.30 to 28.90".
 */
export function frontierTitle({ axis, left, before, after }: CutOutcome, yardstick: Yardstick = 'accuracy'): string {
  if (yardstick === 'agreement') return agreementTitle(axis, left, before - after);
  if (yardstick === 'perplexity') return perplexityTitle({ axis, left, before, after });
  const cut = Math.round((1 - left) * 100);
  const points = 100 * (before - after);
  const amount = Math.abs(points) < 9.95 ? Math.abs(points).toFixed(1) : Math.abs(points).toFixed(0);
  if (axis === 'latency') {
    const faster = 1 / left;
    if (faster < 1.05) return `No faster, and ${points >= 0.05 ? `${amount} points lost` : 'nothing lost'}`;
    return `${faster.toFixed(1)}× faster ${points >= 0.05 ? `costs ${amount} points` : 'at no cost'}`;
  }
  if (cut <= 0) return 'Nothing is cut yet';
  const what = whatIsCut(axis, cut);
  const verb = what.startsWith('Half') ? 'cost' : 'costs';
  if (points < -0.05) return `${what} ${verb} nothing: ${amount} points gained`;
  return points < 0.05 ? `${what} ${verb} nothing` : `${what} ${verb} ${amount} points`;
}

/** "Sequential is 3.2 points above one-shot at 48 % of the multiply–adds"; "Sequential’s perplexity is 8.0 % below one-shot’s at …". */
export function gapTitle({ x, oneShot, sequential }: OrderGap['points'][number], formatX: (x: number) => string, axis: FrontierAxis, yardstick: Yardstick): string {
  const where = axis === 'latency' ? formatX(x) : `${formatX(x)} of the ${UNITS[axis]}`;
  const ratio = yardstick === 'perplexity';
  const gap = ratio ? sequential / oneShot - 1 : sequential - oneShot;
  if (Math.abs(gap) < 0.0005) return `Both orders do as well at ${where}`;
  const much = `${(100 * Math.abs(gap)).toFixed(1)} ${ratio ? '%' : 'points'}${yardstick === 'agreement' ? ' of agreement' : ''}`;
  const side = gap > 0 ? 'above' : 'below';
  return ratio ? `Sequential’s perplexity is ${much} ${side} one-shot’s at ${where}` : `Sequential is ${much} ${side} one-shot at ${where}`;
}

function perplexityTitle({ axis, left, before, after }: CutOutcome): string {
  const cut = Math.round((1 - left) * 100);
  const change = after / before - 1;
  const many = axis !== 'latency' && whatIsCut(axis, cut).startsWith('Half');
  const verb = (one: string) => (many ? one : one === 'leave' ? 'leaves' : `${one}s`);
  const did = Math.abs(change) < 0.0005 ? `${verb('leave')} perplexity at ${perplexity(before)}` : `${verb(change > 0 ? 'raise' : 'lower')} perplexity from ${perplexity(before)} to ${perplexity(after)}`;
  if (axis === 'latency') return 1 / left < 1.05 ? `No faster, and that ${did}` : `${(1 / left).toFixed(1)}× faster ${did}`;
  return cut <= 0 ? 'Nothing is cut yet' : `${whatIsCut(axis, cut)} ${did}`;
}

function agreementTitle(axis: FrontierAxis, left: number, changed: number): string {
  const cut = Math.round((1 - left) * 100);
  const much = changed < 0.0005 ? 'no prediction' : `${(100 * changed).toFixed(changed < 0.0995 ? 1 : 0)} % of the predictions`;
  if (axis === 'latency') return 1 / left < 1.05 ? `No faster, and ${much} changed` : `${(1 / left).toFixed(1)}× faster changes ${much}`;
  if (cut <= 0) return 'Nothing is cut yet';
  const what = whatIsCut(axis, cut);
  return `${what} ${what.startsWith('Half') ? 'change' : 'changes'} ${much}`;
}

function whatIsCut(axis: FrontierAxis, cut: number): string {
  return cut >= 48 && cut <= 52 ? `Half the ${UNITS[axis]}` : `Cutting ${cut} % of the ${UNITS[axis]}`;
}
