import { encodeSource } from '../datasets/sourceText.ts';
import type { PruneRequest } from '../pruning/pruneRequest.ts';
import type { CostShare, Transform } from '../pruning/transforms.ts';
import { NO_RULES } from '../pruning/widthRules.ts';
import type { Experiment, FrontierPoint, SweepPlan, TransformPoint } from './experiment.ts';
import { methodKey, methodOf } from './method.ts';
import { rulesKey } from './rules.ts';

/** One point to be measured: the method at one share of the MACs, all else as the page has it now. */
export type SweepStep = PruneRequest;

/** One point of a transform. */
export interface TransformStep {
  readonly transform: Transform;
  readonly share: CostShare;
}

/** All points of the plan's transforms. */
export function transformSteps({ transforms = [], targets }: SweepPlan): readonly TransformStep[] {
  return transforms.flatMap((transform) => targets.map((value): TransformStep => ({ transform, share: { kind: 'macs', value } })));
}

/** All points of the plan's methods, under the rules, pictures and seed of now. */
export function sweepSteps({ request }: Pick<Experiment, 'request'>, { methods, targets }: SweepPlan): readonly SweepStep[] {
  return methods.flatMap((method) => targets.map((value): SweepStep => ({ ...request, ...methodOf(method), target: { kind: 'macs', value } })));
}

/** How many points of the plan are not measured yet. */
export function pointsLeft(experiment: Experiment, plan: SweepPlan): number {
  const { transformPoints } = experiment;
  const transforms = transformSteps(plan).filter((step) => !transformPoints.some((point) => isTransformPointOf(point, step, experiment)));
  return sweepSteps(experiment, plan).filter((step) => !isKnown(experiment, step)).length + transforms.length;
}

/** Whether the point is measured, with what the axis shows. */
export function isKnown({ sweepPoints, calibration, axis }: Experiment, step: SweepStep): boolean {
  return sweepPoints.some((point) => isPointOf(point, step, calibration) && (axis !== 'latency' || point.latency !== undefined));
}

export function isPointOf(point: FrontierPoint, { target, rules, seed, ...method }: SweepStep, { images, source }: Pick<Experiment['calibration'], 'images' | 'source'>): boolean {
  return (
    methodKey(point) === methodKey(method) &&
    point.target.kind === target.kind &&
    point.target.value === target.value &&
    point.seed === seed &&
    point.calibrationImages === images &&
    encodeSource(point.source) === encodeSource(source) &&
    rulesKey(point.rules ?? NO_RULES) === rulesKey(rules)
  );
}

export function isTransformPointOf(point: TransformPoint, { transform, share }: TransformStep, { request: { seed }, calibration: { images, source } }: Pick<Experiment, 'request' | 'calibration'>): boolean {
  return (
    point.transform === transform &&
    point.share.kind === share.kind &&
    point.share.value === share.value &&
    point.seed === seed &&
    point.calibrationImages === images &&
    encodeSource(point.source) === encodeSource(source)
  );
}
