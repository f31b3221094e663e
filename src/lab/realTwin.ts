import { encodeSource } from '../datasets/sourceText.ts';
import type { Experiment, PlanSettings } from './experiment.ts';
import { frontierSeries, kindOfSeries, measuredPoints } from './frontier.ts';
import { MEASURES } from './measure.ts';
import { sameSettings } from './history.ts';
import { methodKey, methodOf } from './method.ts';
import { rulesKey } from './rules.ts';
import { pathOf, valueAt } from './seriesAt.ts';
import { quality } from './yardstick.ts';
import { NO_RULES } from '../pruning/widthRules.ts';

/** What a plan comes to when it is calibrated on real pictures. */
export interface RealTwin {
  /** What it is judged by. */
  readonly value: number;
  /** `plan`: the same request was measured. `series`: read off what its method has at the same MACs; `precomputed`: likewise, measured beforehand. */
  readonly from: 'plan' | 'series' | 'precomputed';
  /** Calibration pictures; undefined where points of several numbers were read off. */
  readonly images?: number;
}

/** The same plan on real pictures, as far as it is known; undefined where nothing of it was measured. */
export function realTwin(experiment: Pick<Experiment, 'history' | 'sweepPoints' | 'precomputed' | 'intact' | 'model'>, settings: PlanSettings, macs: number): RealTwin | undefined {
  const { source: _, ...real } = settings;
  const same = experiment.history.nodes.find((node) => sameSettings(node.settings, real));
  if (same) return { value: quality(same.outcome), from: 'plan', images: settings.images };
  // by hand, channels are chosen from what is on screen: no other plan is the same
  if (Object.values(settings.pins).some((channels) => Object.keys(channels).length > 0)) return undefined;
  const { request } = settings;
  const key = methodKey(methodOf(request));
  const points = measuredPoints(experiment).filter((other) => encodeSource(other.source) === '' && methodKey(other) === key && other.target.kind === request.target.kind && other.target.value === request.target.value && rulesKey(other.rules ?? NO_RULES) === rulesKey(request.rules));
  const point = points.find(({ calibrationImages }) => calibrationImages === settings.images) ?? points[0];
  if (point) return { value: quality(point), from: 'plan', images: point.calibrationImages };
  const { evaluation, cost } = experiment.intact ?? {};
  const intact = evaluation && cost ? { x: cost.macs, value: quality(evaluation), images: evaluation.images } : undefined;
  for (const series of frontierSeries(experiment, 'macs', request.rules)) {
    if (series.source !== '' || kindOfSeries(series) !== key) continue;
    const found = valueAt(pathOf(series, intact), macs, MEASURES.accuracy);
    if (found !== undefined) return { value: found, ...(series.precomputed ? { from: 'precomputed', images: experiment.precomputed?.images } : { from: 'series' }) };
  }
  return undefined;
}
