import * as tf from '@tensorflow/tfjs-core';
import type { TextWindows } from '../../datasets/texts/textSet.ts';
import type { Network } from '../../network/network.ts';
import { assertDeviceHealthy, batchWithinLimits, releaseUnused } from '../backend.ts';
import { BATCH, largestValueBytes, readBatch } from '../batches.ts';
import { assertInputShape } from '../imageSource.ts';
import { CompiledNetwork } from '../interpreter.ts';
import { JobClock, type Job } from '../job.ts';
import { IntactLogits } from './intactLogits.ts';
import { languageShape, NotALanguageModelError } from './languageModel.ts';
import { nextTokenSums, type PositionSums } from './nextTokenSums.ts';
import { scoredTail } from './scoredTail.ts';

/** How a network foretells a text, next to the intact one. */
export interface TextAgreement {
  /** Tokens that were foretold. */
  readonly tokens: number;
  /** `exp(mean −ln p)` over them. */
  readonly perplexity: number;
  readonly intactPerplexity: number;
  /** Mean `KL(intact ‖ pruned)` of the next token, in nats. */
  readonly divergence: number;
  /** Share of positions at which both find the same token likeliest. */
  readonly agreement: number;
  /** `Σ‖z − z'‖² / Σ‖z‖²` of the scores. */
  readonly logitError: number;
}

/** Float32 bytes of scores that a batch may have. */
const COMFORTABLE_BYTES = 64 * 2 ** 20;

/**
 * Runs the intact and the pruned network side by side over windows of text, a batch at a time, and sums up what they
 * say of the next token: perplexity, divergence, agreement. Scores of more than a batch are never held, but for
 * what `known` keeps of the intact network's; scores are computed only from the first position on that
 * counts. Sums over tokens are float64. Without `pruned`, the intact network by itself.
 *
 * @throws NotALanguageModelError, CancelledError, DeviceLostError, InputShapeError
 */
export async function measureText(
  intact: Network,
  pruned: Network | undefined,
  text: TextWindows,
  job: Job = {},
  known = new IntactLogits(0),
): Promise<TextAgreement> {
  const { tokens, vocabulary } = languageShape(intact);
  const other = pruned && languageShape(pruned);
  if (other && (other.tokens !== tokens || other.vocabulary !== vocabulary)) {
    throw new NotALanguageModelError(`The two networks are not of one text: ${tokens} tokens of ${vocabulary} against ${other.tokens} of ${other.vocabulary}.`);
  }
  assertInputShape(text, [tokens]);
  const clock = new JobClock(job, text.count);
  const total = new Totals();
  for (const run of runsOf(text)) {
    const networks = [intact, ...(pruned ? [pruned] : [])].map((network) => scoredTail(network, run.from));
    const size = batchSize(networks[0], (tokens - run.from) * vocabulary);
    const compiled: CompiledNetwork[] = [];
    try {
      for (const network of networks) compiled.push(new CompiledNetwork(network));
      for (let first = run.first; first < run.end; first += size) {
        const count = Math.min(size, run.end - first);
        await measureBatch(compiled, text, { first, count, from: run.from, tokens, vocabulary }, known, total);
        assertDeviceHealthy();
        await clock.tick(first + count);
      }
      releaseUnused();
    } finally {
      for (const network of compiled) network.dispose();
    }
  }
  return total.mean();
}

interface Run {
  readonly first: number;
  readonly end: number;
  /** The least position that counts in any of its windows. */
  readonly from: number;
}

/** The first window counts from its beginning; those after it share most of their tokens with the one before. */
function runsOf(text: TextWindows): readonly Run[] {
  const froms = Array.from({ length: text.count }, (_, index) => text.foretold(index).from);
  const least = (first: number, end: number): Run => ({ first, end, from: Math.min(...froms.slice(first, end)) });
  if (text.count < 2 || least(0, 1).from === least(1, text.count).from) return text.count === 0 ? [] : [least(0, text.count)];
  return [least(0, 1), least(1, text.count)];
}

/** The same for any plan, so that what is kept of the intact network fits. */
function batchSize(intact: Network, scores: number): number {
  const comfortable = Math.max(1, Math.floor(COMFORTABLE_BYTES / (4 * scores)));
  return batchWithinLimits(Math.min(BATCH, comfortable), largestValueBytes(intact));
}

interface Batch {
  readonly first: number;
  readonly count: number;
  readonly from: number;
  readonly tokens: number;
  readonly vocabulary: number;
}

async function measureBatch([intact, pruned]: readonly CompiledNetwork[], text: TextWindows, batch: Batch, known: IntactLogits, total: Totals): Promise<void> {
  const { first, count, from, tokens, vocabulary } = batch;
  const scored = tokens - from;
  const name = `${first} ${count} ${from}`;
  const kept = known.get(name, [count * scored, vocabulary]);
  const held: tf.Tensor[] = kept ? [kept] : [];
  try {
    let x: tf.Tensor | undefined;
    const scores = async (network: CompiledNetwork): Promise<tf.Tensor2D> => {
      if (!x) held.push(x = await readBatch(text, first, count));
      const { [network.outputs[0]]: z } = network.run(x);
      held.push(z);
      const rows = tf.reshape<tf.Rank.R2>(z, [count * scored, vocabulary]);
      held.push(rows);
      return rows;
    };
    const z = kept ?? (await scores(intact));
    const other = pruned && (await scores(pruned));
    if (!kept) await known.keep(name, z);
    const windows = Array.from({ length: count }, (_, k) => text.foretold(first + k));
    const targets = new Int32Array(count * scored);
    windows.forEach((window, k) => targets.set(window.targets, k * scored + window.from - from));
    const sums = await nextTokenSums(z, other, targets);
    windows.forEach((window, k) => total.add(sums, k * scored + window.from - from, window.targets.length));
  } finally {
    tf.dispose(held);
  }
}

/** Sums over all tokens, in float64. */
class Totals {
  #tokens = 0;
  readonly #sums: Record<keyof PositionSums, number> = { intactLoss: 0, loss: 0, divergence: 0, agrees: 0, error: 0, energy: 0 };

  add(positions: PositionSums, first: number, count: number): void {
    this.#tokens += count;
    for (const name of Object.keys(this.#sums) as (keyof PositionSums)[]) {
      for (let k = first; k < first + count; k++) this.#sums[name] += positions[name][k];
    }
  }

  mean(): TextAgreement {
    const { intactLoss, loss, divergence, agrees, error, energy } = this.#sums;
    const tokens = this.#tokens;
    return {
      tokens,
      perplexity: Math.exp(loss / tokens),
      intactPerplexity: Math.exp(intactLoss / tokens),
      // rounding may take what is nothing below it
      divergence: Math.max(0, divergence / tokens),
      agreement: agrees / tokens,
      logitError: error / energy,
    };
  }
}
