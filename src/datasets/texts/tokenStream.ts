import type { Tokenizer } from '../../formats/tokenizer.ts';

/**
 * A text that begins anew, such as a chapter, in pieces that follow one another. Pieces are what a tokenizer
 * is given at once: a token never reaches over their ends.
 */
export type TextDocument = readonly string[];

/**
 * The ids of documents in their order, each begun by what begins a text where the tokenizer has that: what
 * `token_stream` of zoo/train_lm.py gives.
 *
 * @param onPiece awaited after each piece with characters so far and in all; what it throws ends the reading
 */
export async function tokenStream(
  documents: readonly TextDocument[],
  tokenizer: Tokenizer,
  onPiece?: (done: number, total: number) => Promise<void>,
): Promise<Int32Array> {
  const total = charactersOf(documents);
  const ids: number[][] = [];
  let done = 0;
  for (const pieces of documents) {
    if (tokenizer.begin !== undefined) ids.push([tokenizer.begin]);
    for (const piece of pieces) {
      ids.push(tokenizer.encode(piece));
      done += piece.length;
      await onPiece?.(done, total);
    }
  }
  const stream = new Int32Array(ids.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const run of ids) {
    stream.set(run, at);
    at += run.length;
  }
  return stream;
}

/** Characters of all documents. */
export function charactersOf(documents: readonly TextDocument[]): number {
  return documents.flat().reduce((sum, { length }) => sum + length, 0);
}
