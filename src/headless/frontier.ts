import type { TextWindows } from '../datasets/texts/textSet.ts';
import { computeLogits, shareEqual, topClasses } from '../engine/evaluate.ts';
import type { ImageSource } from '../engine/imageSource.ts';
import type { Job } from '../engine/job.ts';
import { IntactLogits } from '../engine/language/intactLogits.ts';
import { measureText, type TextAgreement } from '../engine/language/measureText.ts';
import type { Network } from '../network/network.ts';
import type { BudgetTarget, PruneRequest } from '../pruning/pruneRequest.ts';
import type { WidthRules } from '../pruning/widthRules.ts';
import type { Evidence } from './evidence.ts';
import { pruneAsRequested } from './experiment.ts';
import { methodName, type Method } from './method.ts';
import { progressOn } from './progress.ts';

/** How well a network does on pictures. */
export interface Accuracy {
  readonly accuracy: number;
  readonly images: number;
}

/** How well it does on text, next to the intact one. */
export type TextMeasure = Pick<TextAgreement, 'perplexity' | 'divergence' | 'agreement' | 'tokens'>;

export type FrontierPoint<M = Accuracy> = M & {
  readonly target: number;
  readonly macs: number;
  readonly params: number;
};

export interface FrontierSeries<M = Accuracy> {
  readonly method: Method;
  readonly points: readonly FrontierPoint<M>[];
}

/** Measures a pruned network. */
export type Measure<M> = (network: Network, job: Job) => Promise<M>;

/** By top-1 accuracy on labelled pictures. */
export function accuracyOn(images: ImageSource, labels: ArrayLike<number>): Measure<Accuracy> {
  return async (network, job) => ({ accuracy: shareEqual(topClasses(await computeLogits(network, images, job)), labels), images: images.count });
}

/** By perplexity on a text, and by what the intact network says of it. */
export function textMeasureOn(intact: Network, text: TextWindows): Measure<TextMeasure> {
  const known = new IntactLogits();
  return async (network, job) => {
    const { perplexity, divergence, agreement, tokens } = await measureText(intact, network, text, job, known);
    return { perplexity, divergence, agreement, tokens };
  };
}

export interface FrontierRequest {
  readonly methods: readonly Method[];
  readonly kind: BudgetTarget['kind'];
  readonly targets: readonly number[];
  readonly rules: WidthRules;
  readonly seed: number;
}

/** Prunes by every method to every target and measures each network. */
export async function measureFrontier<M>(evidence: Evidence, measure: Measure<M>, { methods, kind, targets, rules, seed }: FrontierRequest): Promise<FrontierSeries<M>[]> {
  const series: FrontierSeries<M>[] = [];
  for (const method of methods) {
    const points: FrontierPoint<M>[] = [];
    for (const value of targets) {
      const step = `${methodName(method)} ${kind}=${value}`;
      const request: PruneRequest = { ...method, target: { kind, value }, rules, seed };
      const { network, macs, params } = await pruneAsRequested(evidence, request, (part) => progressOn(`${step}: ${part}`));
      points.push({ target: value, macs: macs.after, params: params.after, ...(await measure(network, progressOn(step))) });
    }
    series.push({ method, points });
  }
  return series;
}
