import * as tf from '@tensorflow/tfjs-core';
import { assertDeviceHealthy, releaseUnused } from '../engine/backend.ts';
import { readBatch } from '../engine/batches.ts';
import { CompiledNetwork } from '../engine/interpreter.ts';
import { JobClock, type Job } from '../engine/job.ts';
import { seededRandom } from '../fidelity/random.ts';
import { topK } from '../fidelity/selection/topK.ts';
import { judgeOf, type Judge } from './accuracy.ts';
import { pictureInput, smallBatch } from './forward.ts';
import { drawNoise, noisyReads, readValues, type ReadValue } from './noisyReads.ts';
import { Phases } from './phases.ts';
import type { Noise } from './results.ts';
import { measuresOf } from '../engine/calibrate.ts';
import { subjectOf, type Subject } from '../pruning/subject.ts';
import { singletonRankings } from './singletonRankings.ts';
import type { TheoryInput } from './theoryInput.ts';

/** Share of every group's components that counts as HiFi: those of greatest singleton fidelity. */
export const HIFI_SHARE = 0.2;

/** Deviations of the noise, in units of each component's own. */
export const NOISE_DEVIATIONS = [0.1, 0.2, 0.3, 0.5, 1] as const;

/**
 * Gaussian noise on the components of highest fidelity, and on all others instead.
 *
 * The noise is added to what a component hands to the layers that read it: independent for every
 * picture and place, with a deviation of so many times the component's own (over the places of all
 * calibration images). Relative noise is what makes the two sets comparable: noise of one size for all
 * would drown the weak components and leave the strong ones be, and those of high fidelity tend to be
 * strong. Every deviation and both sets meet the same draws.
 *
 * @param unit what deviations are relative to: each component's own, or the root mean square of those
 * of all components of the value that is read, so that all get noise of one size
 */
export async function noise(
  input: TheoryInput,
  job: Job = {},
  deviations: readonly number[] = NOISE_DEVIATIONS,
  unit: 'component' | 'value' = 'component',
): Promise<Noise> {
  const { network, calibration, test, correlator } = input;
  const subject = subjectOf(network);
  const phases = new Phases(job, 3 * calibration.count + (1 + 2 * deviations.length) * test.count);
  const measures = await measuresOf(subject, calibration, correlator, phases.next(2 * calibration.count));
  const hifi = new Map(singletonRankings(subject, measures).map(({ name, channels, scores }) =>
    [name, new Set(topK(scores, Math.max(1, Math.round(HIFI_SHARE * channels))))]));
  const own = await readValues(subject, calibration, phases.next(calibration.count));
  const values = unit === 'component' ? own : own.map(evened);
  const judge = await judgeOf(input, phases.next(test.count));
  const levels = deviations.flatMap((deviation) =>
    [true, false].map((onHiFi): Level => (group, component) => {
      const carrying = hifi.get(group);
      return carrying && carrying.has(component) === onHiFi ? deviation : 0;
    }));
  const accuracies = await noisyAccuracies(subject, values, levels, input, judge, phases.next(2 * deviations.length * test.count));
  return {
    experiment: 'noise',
    images: test.count,
    share: HIFI_SHARE,
    intact: judge.intact,
    points: deviations.map((deviation, at) => ({ deviation, onHiFi: accuracies[2 * at], onOthers: accuracies[2 * at + 1] })),
  };
}

/** The value with one deviation for all of its components. */
function evened(value: ReadValue): ReadValue {
  const common = Math.sqrt(value.deviation.reduce((sum, own) => sum + own * own, 0) / value.deviation.length);
  return { ...value, deviation: value.deviation.map(() => common) };
}

/** Relative deviation of the noise on each component. */
type Level = (group: string, component: number) => number;

/** Accuracy at each level of noise; all levels see the same draws. */
async function noisyAccuracies(
  subject: Subject,
  values: readonly ReadValue[],
  levels: readonly Level[],
  { test, seed }: TheoryInput,
  { expected }: Judge,
  job: Job,
): Promise<number[]> {
  const { network } = subject;
  pictureInput(network, test);
  const [output] = network.outputs;
  const clock = new JobClock(job, test.count * levels.length);
  const compiled = new CompiledNetwork(network);
  const batch = smallBatch(network, values.map(({ id }) => id));
  const random = seededRandom(seed);
  const hits = levels.map(() => 0);
  // answers of one image: of a text, one for each token
  let places = 1;
  try {
    for (let first = 0; first < test.count; first += batch) {
      const count = Math.min(batch, test.count - first);
      const x = await readBatch(test, first, count);
      const drawn = drawNoise(values, count, random);
      try {
        for (const [at, level] of levels.entries()) {
          const { [output]: logits } = compiled.run(x, [output], noisyReads(subject, values, drawn, level));
          const classes = tf.argMax(logits, -1);
          const found = await classes.data();
          tf.dispose([logits, classes]);
          assertDeviceHealthy();
          places = found.length / count;
          for (let k = 0; k < found.length; k++) if (found[k] === expected[first * places + k]) hits[at]++;
          await clock.tick(first * levels.length + (at + 1) * count);
        }
      } finally {
        tf.dispose([x, ...Object.values(drawn)]);
      }
    }
    releaseUnused();
  } finally {
    compiled.dispose();
  }
  return hits.map((count) => count / (test.count * places));
}
