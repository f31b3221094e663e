/** A text has fewer tokens than one window and the token behind it. */
export class TextTooShortError extends Error {
  override readonly name = 'TextTooShortError';
  constructor(what: string, tokens: number, window: number) {
    super(`${what} has ${tokens} tokens, but a window of ${window} and the token behind it need ${window + 1}. Give a longer text.`);
  }
}

/** Of all files that were given none is plain text. */
export class NoReadableTextError extends Error {
  override readonly name = 'NoReadableTextError';
}

/** A file is named like a text and is none. */
export class NotTextError extends Error {
  override readonly name = 'NotTextError';
  constructor(path: string, why: string) {
    super(`${path} ${why}. Save it as plain text in UTF-8, or leave it out.`);
  }
}

/** More text than is read at once. */
export class TextTooLargeError extends Error {
  override readonly name = 'TextTooLargeError';
}

/** The open text comes without multiple-choice items. */
export class NoClozeError extends Error {
  override readonly name = 'NoClozeError';
  constructor(text: string) {
    super(`No multiple-choice items come with the text “${text}”. Open a text folder that has some, such as the shipped novels.`);
  }
}
