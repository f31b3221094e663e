/** How deep lists and objects may lie in one another; models need some dozens. */
const DEEPEST = 512;

const [QUOTE, BACKSLASH, LIST, LIST_END, OBJECT, OBJECT_END] = ['"', '\\', '[', ']', '{', '}'].map((character) => character.charCodeAt(0));

/**
 * `JSON.parse` for text that somebody else wrote: millions of brackets, which would take a hundred
 * times their own memory and whatever walks through them later its stack, are refused before.
 *
 * @throws SyntaxError
 */
export function parseFileJson(text: string): unknown {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      for (at += 1; at < text.length && text.charCodeAt(at) !== QUOTE; at++) if (text.charCodeAt(at) === BACKSLASH) at += 1;
    } else if (code === LIST || code === OBJECT) {
      depth += 1;
      if (depth > DEEPEST) throw new SyntaxError(`lists and objects nest deeper than ${DEEPEST}`);
    } else if (code === LIST_END || code === OBJECT_END) {
      depth -= 1;
    }
  }
  return JSON.parse(text);
}
