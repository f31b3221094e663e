import { ArgumentRangeError } from '../../fidelity/argumentErrors.ts';
import { seededRandom } from '../../fidelity/random.ts';
import type { Tokenizer } from '../../formats/tokenizer.ts';
import type { Network } from '../../network/network.ts';
import { assertDeviceHealthy } from '../backend.ts';
import { JobClock, type Job } from '../job.ts';
import { checkDrawing, drawToken, type Drawing } from './drawToken.ts';
import { IncrementalDecoder, type Past } from './incrementalDecoder.ts';

/** How a text is written on. */
export interface Writing extends Drawing {
  readonly prompt: string;
  /** At most so many tokens are written. */
  readonly tokens: number;
  readonly seed: number;
}

export interface Written {
  /** Without the prompt. */
  readonly text: string;
  readonly tokens: number;
  readonly seconds: number;
}

/** There is nothing to write on from: no prompt, and no token that begins a text. */
export class EmptyPromptError extends Error {
  override readonly name = 'EmptyPromptError';
  constructor() {
    super('This tokenizer has no token that begins a text, so that something must be typed for the network to go on from.');
  }
}

/**
 * Writes on from a prompt, a token at a time, until the tokens are used up or the text ends (a token that ends
 * texts, or begins another, is drawn). The same seed draws the same numbers for any network. Where the network's window is
 * full, its older half is forgotten and the newer read again.
 *
 * @param onText gets all that is written so far, after each token
 * @throws EmptyPromptError, ArgumentRangeError, NotIncrementalError, CancelledError, DeviceLostError
 */
export async function generate(network: Network, tokenizer: Tokenizer, writing: Writing, onText: (text: string) => void, job: Job = {}): Promise<Written> {
  checkDrawing(writing);
  if (!Number.isInteger(writing.tokens) || writing.tokens < 1) throw new ArgumentRangeError(`${writing.tokens} tokens are to be written, expected a whole number from 1 on.`);
  const prompt = promptOf(tokenizer, writing.prompt);
  const decoder = new IncrementalDecoder(network);
  const ends = new Set([tokenizer.begin, ...(tokenizer.end ?? [])]);
  const random = seededRandom(writing.seed);
  const clock = new JobClock(job, writing.tokens);
  const written: number[] = [];
  const text = writtenText(tokenizer, prompt);
  let past: Past | undefined;
  try {
    let next: readonly number[] = prompt.slice(-decoder.tokens);
    while (written.length < writing.tokens) {
      if (past && past.tokens + next.length > decoder.tokens) {
        past.dispose();
        past = undefined;
        next = [...prompt, ...written].slice(-Math.max(1, Math.floor(decoder.tokens / 2)));
      }
      const reading = await decoder.read([next], past);
      past?.dispose();
      past = reading.past;
      assertDeviceHealthy();
      const token = drawToken(reading.logits, writing, random);
      if (ends.has(token)) break;
      written.push(token);
      next = [token];
      onText(text(written, false));
      await clock.tick(written.length);
    }
    return { text: text(written, true), tokens: written.length, seconds: clock.seconds };
  } finally {
    past?.dispose();
    decoder.dispose();
  }
}

/** @throws EmptyPromptError */
function promptOf(tokenizer: Tokenizer, prompt: string): readonly number[] {
  const ids = [...(tokenizer.begin === undefined ? [] : [tokenizer.begin]), ...tokenizer.encode(prompt)];
  if (ids.length === 0) throw new EmptyPromptError();
  return ids;
}

/** Decodes ids as what follows the prompt: by themselves, some tokenizers take the space before the first word away. */
function writtenText(tokenizer: Tokenizer, prompt: readonly number[]): (written: readonly number[], whole: boolean) => string {
  const before = tokenizer.decode(prompt);
  return (written, whole) => {
    const all = tokenizer.decode([...prompt, ...written]);
    const text = all.startsWith(before) ? all.slice(before.length) : tokenizer.decode(written);
    // the first bytes of a character whose others are still to come
    return whole ? text : text.replace(/�+$/, '');
  };
}
