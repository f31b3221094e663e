import { Command, Option } from 'commander';
import { generate } from '../../engine/language/generate.ts';
import { writeJson } from '../files.ts';
import { startNodeEngine } from '../nodeEngine.ts';
import { modelOption, notNegative, positive, seedOption } from '../options.ts';
import { readLanguageModel } from '../texts.ts';

export function generateCommand(): Command {
  return new Command('generate')
    .description('write on from a prompt; the text goes to stdout as it is written')
    .addOption(modelOption())
    .addOption(new Option('--prompt <text>', 'what the text begins with').default(''))
    .addOption(new Option('--tokens <n>', 'tokens to write at most').argParser(positive).default(100))
    .addOption(new Option('--temperature <t>', '0: always the likeliest token').argParser(notNegative).default(0.8))
    .addOption(new Option('--top-k <n>', 'draw from the likeliest so many (default: all)').argParser(positive))
    .addOption(seedOption())
    .option('--out <file.json>', 'also write { prompt, text, tokens, temperature, topK, seed, seconds } here')
    .action(async ({ model, out, ...asked }: Options) => {
      const { network, tokenizer } = await readLanguageModel(model);
      await startNodeEngine();
      let shown = '';
      const show = (text: string): void => {
        process.stdout.write(text.slice(shown.length));
        shown = text;
      };
      process.stdout.write(asked.prompt);
      const { text, tokens, seconds } = await generate(network, tokenizer, asked, show);
      process.stdout.write(`${text.slice(shown.length)}\n`);
      if (out !== undefined) await writeJson(out, { ...asked, text, tokens, seconds });
    });
}

interface Options {
  readonly model: string;
  readonly prompt: string;
  readonly tokens: number;
  readonly temperature: number;
  readonly topK?: number;
  readonly seed: number;
  readonly out?: string;
}
