import { Command, Option } from 'commander';
import { clozeAccuracy } from '../../engine/language/clozeAccuracy.ts';
import { writeJson } from '../files.ts';
import { startNodeEngine } from '../nodeEngine.ts';
import { modelOption, outOption, positive } from '../options.ts';
import { progressOn } from '../progress.ts';
import { readItems, readLanguageModel } from '../texts.ts';

export function clozeCommand(): Command {
  return new Command('cloze')
    .description('answer multiple-choice items: the choice whose tokens have the greatest log-likelihood in all after the context counts')
    .addOption(modelOption())
    .requiredOption('--items <file.json>', 'list of { context, choices, answer }, such as public/data/novels/cloze.json')
    .addOption(new Option('--count <n>', 'the first so many items (default: all)').argParser(positive))
    .addOption(outOption('JSON file: { items, accuracy, chance }'))
    .action(async ({ model, items, count, out }: Options) => {
      const { network, tokenizer } = await readLanguageModel(model);
      const asked = (await readItems(items)).slice(0, count);
      await startNodeEngine();
      await writeJson(out, await clozeAccuracy(network, tokenizer, asked, progressOn('cloze')));
    });
}

interface Options extends Record<'model' | 'items' | 'out', string> {
  readonly count?: number;
}
