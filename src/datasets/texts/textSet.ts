import { permutation, seededRandom } from '../../fidelity/random.ts';
import type { Tokenizer } from '../../formats/tokenizer.ts';
import type { Shape } from '../../network/network.ts';
import type { ImageSet, PictureSource, Split } from '../imageSet.ts';
import type { ClozeItem } from './cloze.ts';
import { TextTooShortError } from './textErrors.ts';
import { disjointWindows, stridedWindows, type TextWindow } from './textWindows.ts';
import { charactersOf, tokenStream, type TextDocument } from './tokenStream.ts';

/** Text before any tokenizer has seen it. */
export interface TextContent {
  readonly id: string;
  readonly name: string;
  /** `train` calibrates, `test` measures; no passage is in both. */
  readonly documents: Readonly<Record<Split, readonly TextDocument[]>>;
  /** How many multiple-choice items come with it, and what reads them. */
  readonly cloze?: { readonly items: number; read(): Promise<readonly ClozeItem[]> };
}

export interface TextReading {
  readonly tokenizer: Tokenizer;
  /** Tokens that a network reads at once. */
  readonly window: number;
  /** Tokens that a measuring window is after the one before; half a window by default. */
  readonly stride?: number;
  /** Awaited as characters are read; what it throws ends the reading. */
  readonly onText?: (done: number, total: number) => Promise<void>;
}

/** What a window foretells: the token after position `from + k` is `targets[k]`; other positions count elsewhere. */
export interface Foretold {
  readonly from: number;
  readonly targets: Int32Array;
}

/** Windows of text in a fixed order, with what they foretell. */
export interface TextWindows extends PictureSource {
  foretold(index: number): Foretold;
}

/**
 * A text as windows of token ids, an `ImageSet` whose pictures have the shape `[window]`: to calibrate with,
 * disjoint windows of the one half; to measure with, windows of the other with a stride, in which every token
 * but the first is foretold once. Windows are always full.
 */
export class TextSet implements ImageSet {
  readonly id: string;
  readonly name: string;
  readonly classes: readonly string[] = [];
  readonly shape: Shape;
  readonly stride: number;
  readonly content: TextContent;
  readonly #tokens: Readonly<Record<Split, Int32Array>>;
  readonly #windows: Readonly<Record<Split, readonly TextWindow[]>>;

  private constructor(content: TextContent, window: number, stride: number, tokens: Readonly<Record<Split, Int32Array>>) {
    [this.id, this.name, this.content] = [content.id, content.name, content];
    this.shape = [window];
    this.stride = stride;
    this.#tokens = tokens;
    this.#windows = { train: disjointWindows(tokens.train.length, window), test: stridedWindows(tokens.test.length, window, stride) };
  }

  /**
   * The text as a tokenizer reads it.
   *
   * @throws TextTooShortError naming the text where a split does not fill a window
   */
  static async read(content: TextContent, { tokenizer, window, stride = Math.max(1, Math.floor(window / 2)), onText }: TextReading): Promise<TextSet> {
    const { train, test } = content.documents;
    const lengths = [train, test].map(charactersOf);
    const report = (before: number) => onText && ((done: number) => onText(before + done, lengths[0] + lengths[1]));
    const tokens = { train: await tokenStream(train, tokenizer, report(0)), test: await tokenStream(test, tokenizer, report(lengths[0])) };
    for (const [split, ids] of Object.entries(tokens)) {
      if (ids.length <= window) throw new TextTooShortError(`What ${split === 'train' ? 'calibrates' : 'measures'} of “${content.name}”`, ids.length, window);
    }
    return new TextSet(content, window, stride, tokens);
  }

  count(split: Split): number {
    return this.#windows[split].length;
  }

  async labels(): Promise<undefined> {
    return undefined;
  }

  /** Token ids, one window after another. @throws RangeError */
  async pixels(split: Split, indices: ArrayLike<number>): Promise<Float32Array> {
    const [window] = this.shape;
    const ids = new Float32Array(indices.length * window);
    for (let k = 0; k < indices.length; k++) {
      const { begin } = this.#window(split, indices[k]);
      ids.set(this.#tokens[split].subarray(begin, begin + window), k * window);
    }
    return ids;
  }

  calibrationIndices(count: number, seed: number): number[] {
    return [...permutation(this.count('train'), seededRandom(seed)).subarray(0, count)];
  }

  /** What a window foretells, and which of its positions count. @throws RangeError */
  targets(split: Split, index: number): Foretold {
    const { begin, from, to } = this.#window(split, index);
    return { from, targets: this.#tokens[split].subarray(begin + from + 1, begin + to + 1) };
  }

  /** The first `count` windows of a split, with what they foretell. */
  windows(split: Split, count = this.count(split)): TextWindows {
    return {
      count: Math.min(count, this.count(split)),
      shape: this.shape,
      read: (first, windows) => this.pixels(split, Array.from({ length: windows }, (_, k) => first + k)),
      foretold: (index) => this.targets(split, index),
    };
  }

  /** Token ids around a position of a window: up to `before` before it, its own, and up to `after` after it, also beyond the window. */
  around(split: Split, index: number, position: number, before: number, after: number): { readonly before: number[]; readonly token: number; readonly after: number[] } {
    const tokens = this.#tokens[split];
    const at = this.#window(split, index).begin + position;
    return { before: [...tokens.subarray(Math.max(0, at - before), at)], token: tokens[at], after: [...tokens.subarray(at + 1, at + 1 + after)] };
  }

  #window(split: Split, index: number): TextWindow {
    const window = this.#windows[split][index];
    if (!window) throw new RangeError(`The ${split} split of ${this.name} has no window ${index}.`);
    return window;
  }
}
