import { computeLogits, shareEqual, topClasses } from '../engine/evaluate.ts';
import type { ImageSource } from '../engine/imageSource.ts';
import type { Correlator } from '../engine/kernels/correlator.ts';
import type { BudgetTarget, PruneRequest } from '../pruning/pruneRequest.ts';
import type { StatisticsStore } from '../pruning/statisticsStore.ts';
import type { WidthRules } from '../pruning/widthRules.ts';
import { pruneAsRequested, type Subject } from './experiment.ts';
import { progressOn } from './progress.ts';

export type Method = Pick<PruneRequest, 'select' | 'compensate' | 'order'>;

export interface FrontierPoint {
  readonly target: number;
  readonly macs: number;
  readonly params: number;
  readonly accuracy: number;
  readonly images: number;
}

export interface FrontierSeries {
  readonly method: Method;
  readonly points: readonly FrontierPoint[];
}

export interface FrontierRequest {
  readonly methods: readonly Method[];
  readonly kind: BudgetTarget['kind'];
  readonly targets: readonly number[];
  readonly rules: WidthRules;
  readonly seed: number;
}

/** Prunes by every method to every target and measures each network's accuracy on the test images. */
export async function measureFrontier(
  subject: Subject,
  store: StatisticsStore,
  calibration: ImageSource,
  test: { readonly images: ImageSource; readonly labels: ArrayLike<number> },
  { methods, kind, targets, rules, seed }: FrontierRequest,
  correlator: Correlator,
): Promise<FrontierSeries[]> {
  const series: FrontierSeries[] = [];
  for (const method of methods) {
    const points: FrontierPoint[] = [];
    for (const value of targets) {
      const request: PruneRequest = { ...method, target: { kind, value }, rules, seed };
      const { network, macs, params } = await pruneAsRequested(subject, store, calibration, request, correlator);
      const logits = await computeLogits(network, test.images, progressOn(`${nameOf(method)} ${kind}=${value}`));
      const accuracy = shareEqual(topClasses(logits), test.labels);
      points.push({ target: value, macs: macs.after, params: params.after, accuracy, images: test.images.count });
    }
    series.push({ method, points });
  }
  return series;
}

/** `singleton/scale/sequential` and the like. */
export function nameOf({ select, compensate, order }: Method): string {
  return `${select}/${compensate}/${order}`;
}
