import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { basename, join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod/mini';
import { computeLogits, shareEqual, topClasses } from '../../engine/evaluate.ts';
import { measureText } from '../../engine/language/measureText.ts';
import { languageModel } from '../../engine/language/languageModel.ts';
import type { Correlator } from '../../engine/kernels/correlator.ts';
import { readModelAndTokenizer, writeBytes } from '../files.ts';
import { readInput } from '../inputFile.ts';
import { compareNeurons, NEURON_METHODS, type ComparedNetwork } from '../neuronComparison.ts';
import { neuronsMarkdown, type NeuronTable } from '../neuronsMarkdown.ts';
import { startNodeEngine } from '../nodeEngine.ts';
import { fraction, list, positive, seedOption } from '../options.ts';
import { progressOn } from '../progress.ts';
import { calibrationWindows, readText } from '../texts.ts';
import { withSection } from '../sections.ts';
import { openDataFolder } from './images.ts';

/** What the command needs of a model's `card.json`. */
const cardSchema = z.object({ dataset: z.string() });

export function neuronsCommand(): Command {
  return new Command('neurons')
    .description('remove hidden units of the MLPs of transformers by several rules, compensated and not, and write up what that costs')
    .requiredOption('--model <a,b,…>', 'model folders; the card in each names its data', list(String))
    .option('--data <folder>', 'folder that holds the data folders', 'public/data')
    .option('--removed <a,b,…>', 'shares of the hidden units of every MLP', list(fraction), [0.2, 0.4])
    .option('--count <n>', 'calibration pictures', positive, 1024)
    .option('--windows <n>', 'calibration windows of text', positive, 128)
    .option('--test <n>', 'test pictures, or windows of the held-out text (default: all)', positive)
    .addOption(seedOption())
    .option('--out <file.md>', 'where it writes a section for each model', 'docs/claims.md')
    .action(async (options: Options) => {
      const correlator = await startNodeEngine();
      const machine = `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}, wasm`;
      for (const folder of options.model) {
        const model = basename(folder);
        const { judged, compared } = await comparedNetwork(folder, correlator, options);
        const found = await compareNeurons(compared, options.removed, NEURON_METHODS, (step) => progressOn(`${model}: ${step}`));
        const section = neuronsMarkdown({ model, judged, ...found }, { command: commandOf(options, folder), machine });
        const present = await readFile(options.out, 'utf8').catch(() => '');
        await writeBytes(options.out, withSection(present, `neurons-${model}`, section));
      }
    });
}

interface Options {
  readonly model: readonly string[];
  readonly data: string;
  readonly removed: readonly number[];
  readonly count: number;
  readonly windows: number;
  readonly test?: number;
  readonly seed: number;
  readonly out: string;
}

async function comparedNetwork(
  folder: string,
  correlator: Correlator,
  { data, count, windows, test, seed }: Options,
): Promise<{ readonly judged: NeuronTable['judged']; readonly compared: ComparedNetwork }> {
  const { network, tokenizer } = await readModelAndTokenizer(folder);
  const card = cardSchema.parse(JSON.parse(new TextDecoder().decode(await readInput(join(folder, 'card.json'), 'card'))));
  const dataFolder = join(data, card.dataset);
  if (tokenizer) {
    const text = await readText(dataFolder, languageModel(network, tokenizer), { use: 'halves' });
    const calibration = calibrationWindows(text, windows, seed);
    const judge = text.windows('test', test);
    return {
      judged: { by: 'perplexity', on: `the first ${judge.count} windows of the held-out text`, calibration: `${calibration.count} windows of ${calibration.shape[0]} tokens` },
      compared: { network, calibration, correlator, measure: async (smaller, job) => (await measureText(smaller, undefined, judge, job)).perplexity },
    };
  }
  const pictures = await openDataFolder(dataFolder);
  const tested = Math.min(test ?? Infinity, pictures.count('test'));
  const judge = pictures.source('test', Array.from({ length: tested }, (_, k) => k));
  const labels = await pictures.labels('test');
  const calibration = pictures.source('train', pictures.calibrationIndices(count, seed));
  return {
    judged: { by: 'accuracy', on: `the first ${tested} test pictures`, calibration: `${calibration.count} pictures` },
    compared: { network, calibration, correlator, measure: async (smaller, job) => shareEqual(topClasses(await computeLogits(smaller, judge, job)), labels) },
  };
}

function commandOf({ removed, count, windows, test, seed }: Options, folder: string): string {
  return `npm run lab -- neurons --model ${folder} --removed ${removed.join(',')} --count ${count} --windows ${windows}${test === undefined ? '' : ` --test ${test}`} --seed ${seed}`;
}
