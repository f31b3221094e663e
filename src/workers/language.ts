import { NoClozeError } from '../datasets/texts/textErrors.ts';
import type { TextSet } from '../datasets/texts/textSet.ts';
import type { Job } from '../engine/job.ts';
import { clozeAccuracy } from '../engine/language/clozeAccuracy.ts';
import { excitingTokens } from '../engine/language/excitingTokens.ts';
import { generate } from '../engine/language/generate.ts';
import type { LanguageModel } from '../engine/language/languageModel.ts';
import type { Network } from '../network/network.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { prune } from '../network/surgery.ts';
import type { ClozeResult, ExcitingText, Generation, GenerationRequest } from './protocol.ts';

/** Windows looked through for tokens that excite a channel most. */
const EXCITING_WINDOWS = 64;

/** Tokens shown before and after such a token. */
const SHOWN = { before: 16, after: 8 } as const;

/** Writes on from a prompt with the network that a plan makes, or the intact one. */
export function writeOn({ network, tokenizer }: LanguageModel, { plan, ...writing }: GenerationRequest, onText: (text: string) => void, job: Job): Promise<Generation> {
  return generate(planned(network, plan), tokenizer, writing, onText, job);
}

/** The first `items` of the text's multiple-choice items. @throws NoClozeError, what reading the items throws */
export async function answerCloze(
  { network, tokenizer }: LanguageModel,
  text: TextSet,
  { plan, items }: { readonly plan?: PrunePlan; readonly items: number },
  job: Job,
): Promise<ClozeResult> {
  const began = performance.now();
  const { cloze, name } = text.content;
  if (!cloze) throw new NoClozeError(name);
  const answered = await clozeAccuracy(planned(network, plan), tokenizer, (await cloze.read()).slice(0, items), job);
  return { ...answered, seconds: (performance.now() - began) / 1000 };
}

/** The passages of the text that measures at whose one token a channel is greatest, the greatest first. */
export async function excitingPassages(
  { network, tokenizer }: LanguageModel,
  text: TextSet,
  { node, channel, count }: { readonly node: string; readonly channel: number; readonly count: number },
  job: Job,
): Promise<readonly ExcitingText[]> {
  const found = await excitingTokens(network, node, channel, text.windows('test', EXCITING_WINDOWS), count, job);
  return found.map(({ window, position, activation }) => {
    const { before, token, after } = text.around('test', window, position, SHOWN.before, SHOWN.after);
    // as parts of one text: by themselves, some tokenizers take the space before the first word away
    const [head, withToken, whole] = [before, [...before, token], [...before, token, ...after]].map((ids) => tokenizer.decode(ids));
    return { before: head, token: behind(withToken, head), after: behind(whole, withToken), activation };
  });
}

/** What a text has beyond its beginning; all of it where it begins otherwise, as with half a character at the end. */
function behind(text: string, beginning: string): string {
  let shared = 0;
  while (shared < beginning.length && text[shared] === beginning[shared]) shared += 1;
  return text.slice(shared);
}

function planned(network: Network, plan: PrunePlan | undefined): Network {
  return plan ? prune(network, plan) : network;
}
