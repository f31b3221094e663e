import { inMemory, modelFolder } from '../../huggingFace/fixtures/folders.ts';
import { readTokenizer } from '../../tokenizer.ts';
import { Dice } from '../dice.ts';
import type { FuzzFamily } from '../fuzzCase.ts';
import { cuts, mutateBytes } from '../mutators/bytes.ts';
import { mutateJson, type Json } from '../mutators/json.ts';
import { encoded } from './sources.ts';

const TEXT = 'Call me Ishmael: “naïve”,\n\n  1851.';
const VOCABULARY = 400;

/** A `tokenizer.json` that is damaged, which then reads a text and gives it back. */
export const tokenizerFiles: FuzzFamily = {
  async cases(seed) {
    const sound = (await modelFolder('gpt2'))['tokenizer.json'];
    const tree = JSON.parse(new TextDecoder().decode(sound)) as Record<string, Json>;
    // all places but most of the vocabulary's and the merges', which would take nearly all of the damage
    const { model, ...parts } = tree;
    const made = (name: string, bytes: () => Uint8Array) => ({
      name,
      make: () => {
        const file = bytes();
        return {
          open: async () => {
            const tokenizer = await readTokenizer(inMemory({ 'tokenizer.json': file }), { vocabulary: VOCABULARY });
            if (!tokenizer) return undefined;
            const ids = tokenizer.encode(TEXT);
            return { ids, text: tokenizer.decode(ids) };
          },
          faultIn: (opened: unknown) => {
            const found = opened as { ids: readonly number[]; text: string } | undefined;
            if (!found) return 'was taken for no tokenizer';
            return found.ids.every((id) => Number.isInteger(id) && id >= 0 && id < VOCABULARY) && typeof found.text === 'string' ? undefined : `gave ids such as ${found.ids.slice(0, 4).join(', ')}`;
          },
        };
      },
    });
    const each = <T>(count: number, offset: number, make: (dice: Dice) => T): readonly T[] => Array.from({ length: count }, (_, k) => make(new Dice(seed * 1000 + offset + k)));
    return [
      ...cuts(sound, 10).map((length) => made(`cut to ${length} bytes`, () => sound.slice(0, length))),
      ...each(50, 0, (dice) => {
        const { name, text } = mutateJson(parts, dice);
        return made(`parts: ${name}`, () => encoded(`{${text.trim().slice(1, -1)},"model":${JSON.stringify(model)}}`));
      }),
      ...each(50, 100, (dice) => {
        const { name, text } = mutateJson(model, dice);
        return made(`model: ${name}`, () => encoded(`{${JSON.stringify(parts).slice(1, -1)},"model":${text}}`));
      }),
      ...each(30, 200, (dice) => {
        const { name, bytes } = mutateBytes(sound, dice);
        return made(name, () => bytes);
      }),
    ];
  },
};
