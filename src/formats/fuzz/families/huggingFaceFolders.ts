import type { Network } from '../../../network/network.ts';
import { prune } from '../../../network/surgery.ts';
import { exportHuggingFace } from '../../huggingFace.ts';
import { inMemory, modelFolder } from '../../huggingFace/fixtures/folders.ts';
import { unevenPlan } from '../../huggingFace/fixtures/prunedModels.ts';
import { openModel } from '../../modelFormats.ts';
import { Dice } from '../dice.ts';
import type { FuzzCase, FuzzFamily } from '../fuzzCase.ts';
import { cuts, joined, mutateBytes, mutateWithin } from '../mutators/bytes.ts';
import { mutateJson, type Json } from '../mutators/json.ts';
import { modelCase, type Expectation, type Files } from '../networkOracle.ts';
import { encoded, NOT_FINITE, withFloat } from './sources.ts';

interface Sound {
  readonly name: string;
  readonly files: Files;
  readonly network: Network;
}

/** Folders of configs, indices and tensors; one of them pruned to other widths in every block. */
export const huggingFaceFolders: FuzzFamily = {
  async cases(seed) {
    const sounds: Sound[] = [];
    for (const name of ['gpt2', 'gpt2-hub', 'opt', 'llama', 'llama-sharded', 'vit', 'swin']) {
      const { 'tokenizer.json': _, ...files } = await modelFolder(name);
      sounds.push({ name, files, network: await openModel(inMemory(files)) });
    }
    const { files } = exportHuggingFace(prune(sounds[3].network, unevenPlan(sounds[3].network)));
    sounds.push({ name: 'uneven', files, network: await openModel(inMemory(files)) });
    const each = <T>(count: number, offset: number, of: readonly Sound[], make: (sound: Sound, dice: Dice) => T): readonly T[] =>
      Array.from({ length: count }, (_, k) => make(of[k % of.length], new Dice(seed * 1000 + offset + k)));
    const json = (sound: Sound, file: string, dice: Dice): FuzzCase => {
      const { name, text } = mutateJson(JSON.parse(new TextDecoder().decode(sound.files[file])) as Json, dice);
      return withFile(sound, `${file}: ${name}`, 'anyNetwork', file, () => encoded(text));
    };
    const single = sounds.filter(({ files: each_ }) => Object.hasOwn(each_, SINGLE));
    return [
      ...each(220, 0, sounds, (sound, dice) => json(sound, 'config.json', dice)),
      ...each(40, 300, sounds.filter(({ name }) => name === 'llama-sharded'), (sound, dice) => json(sound, 'model.safetensors.index.json', dice)),
      ...each(40, 400, sounds.filter(({ name }) => name === 'vit' || name === 'swin'), (sound, dice) => json(sound, 'preprocessor_config.json', dice)),
      ...each(100, 500, single, (sound, dice) => {
        const { name, text } = mutateJson(header(sound), dice);
        return withFile(sound, `header: ${name}`, 'anyNetwork', SINGLE, () => withHeader(sound.files[SINGLE], encoded(text)));
      }),
      ...each(40, 700, single, (sound, dice) => {
        const { name, bytes } = mutateBytes(sound.files[SINGLE], dice);
        return withFile(sound, `tensors: ${name}`, 'anyNetwork', SINGLE, () => bytes);
      }),
      ...each(20, 800, single, (sound, dice) => {
        const { name, bytes } = mutateWithin(sound.files[SINGLE], 8 + headerLength(sound.files[SINGLE]), sound.files[SINGLE].length, dice);
        return withFile(sound, `tensors: ${name}`, 'sameLayers', SINGLE, () => bytes);
      }),
      ...sounds.flatMap((sound) => Object.keys(sound.files).filter((file) => !/README|oracle/.test(file)).map((file) => {
        const { [file]: _missing, ...rest } = sound.files;
        return modelCase({ name: `${sound.name} without ${file}`, files: () => rest, expect: 'refused', sound: sound.network });
      })),
      ...single.flatMap((sound) => cuts(sound.files[SINGLE], 5).map((length) => withFile(sound, `cut to ${length} bytes`, 'refused', SINGLE, () => sound.files[SINGLE].slice(0, length)))),
      // the last tensor of these is used, and its last value no integer
      ...NOT_FINITE.map((value) => withFile(sounds[2], `a weight of ${value}`, 'refused', SINGLE, () => withFloat(sounds[2].files[SINGLE], sounds[2].files[SINGLE].length - 4, value))),
    ];
  },
};

const SINGLE = 'model.safetensors';

function withFile({ name: sound, files, network }: Sound, name: string, expect: Expectation, file: string, bytes: () => Uint8Array): FuzzCase {
  return modelCase({ name: `${sound}: ${name}`, files: () => ({ ...files, [file]: bytes() }), expect, sound: network });
}

function header({ files }: Sound): Json {
  return JSON.parse(new TextDecoder().decode(files[SINGLE].subarray(8, 8 + headerLength(files[SINGLE])))) as Json;
}

function headerLength(file: Uint8Array): number {
  return new DataView(file.buffer, file.byteOffset).getUint32(0, true);
}

function withHeader(file: Uint8Array, text: Uint8Array): Uint8Array {
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true);
  return joined(length, text, file.subarray(8 + headerLength(file)));
}
