import { Command, Option } from 'commander';
import { measureText } from '../../engine/language/measureText.ts';
import { readModel, writeJson } from '../files.ts';
import { startNodeEngine } from '../nodeEngine.ts';
import { modelOption, outOption, positive, textOption } from '../options.ts';
import { progressOn } from '../progress.ts';
import { readLanguageModel, readText } from '../texts.ts';

export function perplexityCommand(): Command {
  return new Command('perplexity')
    .description('how well a language model foretells a text, alone or next to the network that it was made from')
    .addOption(modelOption())
    .addOption(textOption('what is foretold: a text file, a folder of some, or a data folder, whose held-out chapters it is').makeOptionMandatory())
    .addOption(new Option('--stride <n>', 'tokens from one window to the next (default: half a window)').argParser(positive))
    .option('--intact <path>', 'model to compare with: divergence and next-token agreement')
    .addOption(outOption('JSON file: { window, stride, tokens, perplexity, intactPerplexity, divergence, agreement, logitError }'))
    .action(async ({ model, text, stride, intact, out }: Options) => {
      const language = await readLanguageModel(model);
      const other = intact === undefined ? undefined : await readModel(intact);
      const read = await readText(text, language, { use: 'whole', stride });
      await startNodeEngine();
      const { tokens, perplexity, ...compared } = await measureText(other ?? language.network, other && language.network, read.windows('test'), progressOn('perplexity'));
      await writeJson(out, { window: read.shape[0], stride: read.stride, tokens, perplexity, ...(other ? compared : {}) });
    });
}

interface Options extends Record<'model' | 'text' | 'out', string> {
  readonly stride?: number;
  readonly intact?: string;
}
