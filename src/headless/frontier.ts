import { computeLogits, shareEqual, topClasses } from '../engine/evaluate.ts';
import type { ImageSource } from '../engine/imageSource.ts';
import type { BudgetTarget, PruneRequest } from '../pruning/pruneRequest.ts';
import type { WidthRules } from '../pruning/widthRules.ts';
import type { Evidence } from './evidence.ts';
import { pruneAsRequested } from './experiment.ts';
import { methodName, type Method } from './method.ts';
import { progressOn } from './progress.ts';

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
  evidence: Evidence,
  test: { readonly images: ImageSource; readonly labels: ArrayLike<number> },
  { methods, kind, targets, rules, seed }: FrontierRequest,
): Promise<FrontierSeries[]> {
  const series: FrontierSeries[] = [];
  for (const method of methods) {
    const points: FrontierPoint[] = [];
    for (const value of targets) {
      const step = `${methodName(method)} ${kind}=${value}`;
      const request: PruneRequest = { ...method, target: { kind, value }, rules, seed };
      const { network, macs, params } = await pruneAsRequested(evidence, request, (part) => progressOn(`${step}: ${part}`));
      const logits = await computeLogits(network, test.images, progressOn(step));
      const accuracy = shareEqual(topClasses(logits), test.labels);
      points.push({ target: value, macs: macs.after, params: params.after, accuracy, images: test.images.count });
    }
    series.push({ method, points });
  }
  return series;
}
