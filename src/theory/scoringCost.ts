import { DeviceLostError } from '../engine/backend.ts';
import { networkCriterion } from '../engine/criteria/table.ts';
import type { ImageSource } from '../engine/imageSource.ts';
import { CancelledError, JobClock, type Job } from '../engine/job.ts';
import { CRITERIA } from '../pruning/criteria/table.ts';
import { SELECTION_RULES, SELECTIONS, type Selection, type SelectionScoredBy } from '../pruning/selections.ts';
import type { LayerMeasures } from '../pruning/statisticsStore.ts';
import { Phases } from './phases.ts';
import type { ScoringCost } from './results.ts';
import { measuresOf } from '../engine/calibrate.ts';
import { subjectOf, type Subject } from '../pruning/subject.ts';
import type { TheoryInput } from './theoryInput.ts';

const NO_MEASURES: LayerMeasures = { statistics: new Map(), contributions: new Map() };

/**
 * What every selection rule takes to score all groups once, one after another on the same machine.
 * Seconds of a rule from statistics include gathering them, which is measured once. Bytes are those of
 * the pictures (float32, as the network takes them) and of the statistics that the scores are made from;
 * weights are not counted, for every rule has them.
 *
 * @param selections the rules to measure; default: all
 */
export async function scoringCost(input: TheoryInput, job: Job = {}, selections: readonly Selection[] = SELECTIONS): Promise<ScoringCost> {
  const { network, calibration: images, correlator } = input;
  const subject = subjectOf(network);
  const phases = new Phases(job, 2 + selections.length);
  const began = performance.now();
  const measures = await measuresOf(subject, images, correlator, phases.next(2));
  const gathering = (performance.now() - began) / 1000;
  const pictures = pictureBytes(images);
  const rules: ScoringCost['rules'][number][] = [];
  const skipped: ScoringCost['skipped'][number][] = [];
  for (const select of selections) {
    const phase = phases.next(1);
    const started = performance.now();
    try {
      assertAccess(select, input);
      await score(select, subject, measures, input, phase);
      const seconds = (performance.now() - started) / 1000;
      const { scoredBy, access } = SELECTION_RULES[select];
      const reads = access.data ? pictures : 0;
      rules.push(scoredBy === 'statistics'
        ? { select, seconds: seconds + gathering, bytes: reads + statisticsBytes(measures) }
        : { select, seconds, bytes: reads });
    } catch (error) {
      if (error instanceof CancelledError || error instanceof DeviceLostError) throw error;
      skipped.push({ select, reason: error instanceof Error ? error.message : String(error) });
    }
    await new JobClock(phase, 1).tick(1);
  }
  return { experiment: 'scoringCost', images: images.count, rules, skipped };
}

async function score(select: Selection, { network, coupled, layers }: Subject, measures: LayerMeasures, input: TheoryInput, job: Job): Promise<void> {
  const { calibration: images, calibrationLabels: labels, inputBox, seed } = input;
  if (isCriterion(select)) {
    const known = SELECTION_RULES[select].scoredBy === 'statistics' ? measures : NO_MEASURES;
    CRITERIA[select]({ network, coupled, layers, measures: known, fit: 'leastSquares', seed });
  } else {
    await networkCriterion(select)({ network, coupled, images, seed, ...(labels ? { labels } : {}), ...(inputBox ? { inputBox } : {}) }, job);
  }
}

function isCriterion(select: Selection): select is SelectionScoredBy<'weights' | 'statistics'> {
  return Object.hasOwn(CRITERIA, select);
}

class MissingLabelsError extends Error {
  override readonly name = 'MissingLabelsError';
}

function assertAccess(select: Selection, { calibrationLabels }: TheoryInput): void {
  if (SELECTION_RULES[select].access.labels && !calibrationLabels) {
    throw new MissingLabelsError('It needs labels of the calibration pictures, which are not read here.');
  }
}

function pictureBytes({ count, shape }: ImageSource): number {
  return shape.reduce((product, size) => product * size, 4 * count);
}

/** Bytes of the Grams, or of the wide layers' scores, that rules are computed from. */
function statisticsBytes({ statistics, contributions }: LayerMeasures): number {
  const grams = [...statistics.values()].reduce((sum, { gram }) => sum + gram.byteLength, 0);
  return [...contributions.values()].reduce((sum, scores) => sum + scores.byteLength, grams);
}
