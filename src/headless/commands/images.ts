import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { PackedImages, type Split } from '../../datasets/packedImages.ts';
import { writeNpy } from '../../formats/npy.ts';
import { writeBytes } from '../files.ts';
import { integer, outOption, seedOption } from '../options.ts';

export function imagesCommand(): Command {
  return new Command('images')
    .description('write pictures of a data folder as uint8 .npy: test images in order, or training images chosen by seed')
    .requiredOption('--data <folder>', 'data folder such as public/data/cifar10')
    .addOption(new Option('--split <split>').choices(['train', 'test']).default('test'))
    .addOption(new Option('--count <n>', 'how many (default: all)').argParser(integer))
    .addOption(seedOption())
    .option('--labels <file.npy>', 'also write their class numbers here')
    .addOption(outOption('.npy file, count x height x width x 3'))
    .action(async ({ data, split, count, seed, labels, out }: Options) => {
      const images = await openDataFolder(data);
      const wanted = Math.min(count ?? images.count(split), images.count(split));
      const indices = split === 'train' ? images.calibrationIndices(wanted, seed) : Array.from({ length: wanted }, (_, k) => k);
      await writeBytes(out, writeNpy([wanted, ...images.shape], await images.pixels(split, indices)));
      if (labels) {
        const all = await images.labels(split);
        await writeBytes(labels, writeNpy([wanted], Uint8Array.from(indices, (index) => all[index])));
      }
    });
}

interface Options {
  readonly data: string;
  readonly split: Split;
  readonly count?: number;
  readonly seed: number;
  readonly labels?: string;
  readonly out: string;
}

/** A data folder on disk. */
export function openDataFolder(folder: string): Promise<PackedImages> {
  return PackedImages.open(async (file) => new Uint8Array(await readFile(join(folder, file))));
}
