import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import * as z from 'zod/mini';
import { forgettingFigures, forgettingPictures, type ForgettingFigures } from '../comparedForgetting.ts';
import { InputError, readModel, writeJson } from '../files.ts';
import { readInput } from '../inputFile.ts';
import { startNodeEngine } from '../nodeEngine.ts';
import { outOption, positive, seedOption } from '../options.ts';
import { progressOn } from '../progress.ts';
import { openDataFolder } from './images.ts';

const trainingSchema = z.object({
  without: z.int().check(z.nonnegative()),
  epochs: z.int().check(z.positive()),
  command: z.string(),
});

/** A network that was trained without a class, and what it knows of it. */
export interface RetrainedNetwork extends z.infer<typeof trainingSchema>, ForgettingFigures {}

interface Options extends Record<'models' | 'data' | 'out', string>, Record<'given' | 'test' | 'seed', number> {}

export function retrainedCommand(): Command {
  return new Command('retrained')
    .description('measure networks that were trained without a class as networks that forgot it are measured')
    .requiredOption('--models <folder>', 'folder of model folders with a training.json each, as zoo/export_retrained.py writes them')
    .requiredOption('--data <folder>', 'labelled data folder such as public/data/cifar10')
    .addOption(new Option('--given <n>', 'training images of either kind that the attack on membership sees').argParser(positive).default(256))
    .addOption(new Option('--test <n>', 'test images, the first so many').argParser(positive).default(10_000, 'all'))
    .addOption(seedOption())
    .addOption(outOption('JSON file: { command, testImages, networks: [{ without, epochs, forget, retain, membership, recoverability }] }'))
    .action(async ({ models, data, out, given, test, seed }: Options) => {
      const images = await openDataFolder(data);
      await startNodeEngine();
      const networks: RetrainedNetwork[] = [];
      for (const folder of await modelFolders(models)) {
        const training = await readTraining(folder);
        const pictures = await forgettingPictures(images, [training.without], { forget: given, retain: given, test }, seed);
        const figures = await forgettingFigures(await readModel(folder), pictures, progressOn(`without ${training.without}`));
        networks.push({ ...training, ...figures });
        process.stdout.write(`without ${training.without}: ${JSON.stringify(figures)}\n`);
      }
      const command = `npm run lab -- retrained --models ${models} --data ${data} --given ${given} --test ${test} --seed ${seed} --out ${out}`;
      await writeJson(out, { command, testImages: Math.min(test, images.count('test')), networks });
    });
}

/** Folders in the folder, by number. @throws InputError where there is none */
async function modelFolders(folder: string): Promise<string[]> {
  const found = (await readdir(folder, { withFileTypes: true }).catch(() => [])).filter((entry) => entry.isDirectory());
  if (found.length === 0) throw new InputError(`${folder} holds no folder with a model; zoo/export_retrained.py writes them.`);
  return found.map(({ name }) => name).toSorted((a, b) => Number(a) - Number(b)).map((name) => join(folder, name));
}

/** @throws InputError */
async function readTraining(folder: string): Promise<z.infer<typeof trainingSchema>> {
  const file = join(folder, 'training.json');
  const parsed = trainingSchema.safeParse(JSON.parse(new TextDecoder().decode(await readInput(file, 'training record'))) as unknown);
  if (!parsed.success) throw new InputError(`${file}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
