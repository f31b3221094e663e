import type { ClozeItem } from '../../datasets/texts/cloze.ts';
import type { Tokenizer } from '../../formats/tokenizer.ts';
import type { Network } from '../../network/network.ts';
import { assertDeviceHealthy } from '../backend.ts';
import { JobClock, type Job } from '../job.ts';
import { EmptyPromptError } from './generate.ts';
import { IncrementalDecoder, type Past } from './incrementalDecoder.ts';

export interface ClozeAccuracy {
  readonly items: number;
  /** Share answered rightly, in [0, 1]. */
  readonly accuracy: number;
  /** Expected of guessing: the mean of one over the number of choices. */
  readonly chance: number;
}

/**
 * Zero-shot answers to multiple-choice items: of each item the choice counts whose tokens have the greatest
 * log-likelihood in all after the context (not divided by their number: choices are alike in length), the first of
 * equals. The context is read once for all choices. One longer than the network's window loses its beginning.
 *
 * @throws NotIncrementalError, NotALanguageModelError, CancelledError, DeviceLostError
 */
export async function clozeAccuracy(network: Network, tokenizer: Tokenizer, items: readonly ClozeItem[], job: Job = {}): Promise<ClozeAccuracy> {
  const decoder = new IncrementalDecoder(network);
  const clock = new JobClock(job, items.length);
  let right = 0;
  try {
    for (const [done, item] of items.entries()) {
      const likelihoods = await choiceLikelihoods(decoder, tokenizer, item);
      if (likelihoods.indexOf(Math.max(...likelihoods)) === item.answer) right += 1;
      assertDeviceHealthy();
      await clock.tick(done + 1);
    }
  } finally {
    decoder.dispose();
  }
  const chance = items.reduce((sum, { choices }) => sum + 1 / choices.length, 0) / items.length;
  return { items: items.length, accuracy: right / items.length, chance };
}

/** `ln p(choice | context)` of each choice, in nats: the sum over its tokens. @throws EmptyPromptError where there is nothing before it */
export async function choiceLikelihoods(decoder: IncrementalDecoder, tokenizer: Tokenizer, { context, choices }: ClozeItem): Promise<number[]> {
  const before = tokenizer.encode(context);
  const runs = choices.map((choice) => behind(tokenizer, before, context, choice));
  const longest = Math.max(...runs.map(({ length }) => length));
  // a choice's last token is foretold, but not read
  const room = decoder.tokens - (longest - 1);
  const read = [...(tokenizer.begin === undefined ? [] : [tokenizer.begin]), ...before].slice(-Math.max(1, room));
  if (read.length === 0) throw new EmptyPromptError();
  const first = await decoder.read([read]);
  let past: Past = first.past;
  try {
    const logs = logProbabilities(first.logits);
    const likelihoods = runs.map(([token]) => logs[token]);
    for (let at = 1; at < longest; at++) {
      const wide = at === 1 ? past.repeated(runs.length) : past;
      if (wide !== past) past.dispose();
      past = wide;
      // a choice that has ended reads on what does not count
      const reading = await decoder.read(runs.map((run) => [run[Math.min(at, run.length) - 1]]), past);
      past.dispose();
      past = reading.past;
      for (const [row, run] of runs.entries()) {
        if (at < run.length) likelihoods[row] += logProbabilities(reading.logits.subarray(row * decoder.vocabulary, (row + 1) * decoder.vocabulary))[run[at]];
      }
    }
    return likelihoods;
  } finally {
    past.dispose();
  }
}

/** The tokens of a choice behind its context: what the two together have beyond the context, unless they share a token. */
function behind(tokenizer: Tokenizer, before: readonly number[], context: string, choice: string): number[] {
  const whole = tokenizer.encode(context + choice);
  const joined = whole.length > before.length && before.every((id, k) => whole[k] === id);
  return joined ? whole.slice(before.length) : tokenizer.encode(choice);
}

/** In float64. */
function logProbabilities(logits: Float32Array): Float64Array {
  const greatest = logits.reduce((most, value) => Math.max(most, value), -Infinity);
  const sum = logits.reduce((total, value) => total + Math.exp(value - greatest), 0);
  const subtracted = greatest + Math.log(sum);
  return Float64Array.from(logits, (value) => value - subtracted);
}
