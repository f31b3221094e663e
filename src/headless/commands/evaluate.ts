import { Command } from 'commander';
import { computeLogits, perClass, shareEqual, topClasses } from '../../engine/evaluate.ts';
import { measureText } from '../../engine/language/measureText.ts';
import { InputError, readImages, readLabels, readModel, writeJson } from '../files.ts';
import { startNodeEngine } from '../nodeEngine.ts';
import { modelOption, outOption, textOption } from '../options.ts';
import { progressOn } from '../progress.ts';
import { readLanguageModel, readText } from '../texts.ts';

export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description('measure top-1 accuracy, or of a language model the perplexity of a text')
    .addOption(modelOption())
    .option('--images <file.npy>', 'images to classify')
    .option('--labels <file.npy>', 'class number of each image')
    .addOption(textOption('text to foretell, in place of images: a text file, a folder of some, or a data folder'))
    .option('--per-class', 'also each class by itself')
    .addOption(outOption('JSON file: { images, accuracy, classes: [{ class, images, accuracy }] }, or { windows, tokens, perplexity }'))
    .action(async ({ model, images, labels, text, out, perClass: byClass }: Options) => {
      if (text !== undefined) return writeJson(out, await foretold(model, text));
      if (images === undefined || labels === undefined) throw new InputError('Give --images and --labels or, for a model that reads text, --text.');
      const network = await readModel(model);
      const source = await readImages(images);
      const expected = await readLabels(labels, source.count);
      await startNodeEngine();
      const logits = await computeLogits(network, source, progressOn('evaluate'));
      const found = topClasses(logits);
      const classes = byClass && perClass(found, checked(expected, logits.classes, labels), logits.classes).map(({ correct, total }, c) => ({
        class: c,
        images: total,
        accuracy: total === 0 ? null : correct / total,
      }));
      await writeJson(out, { images: source.count, accuracy: shareEqual(found, expected), ...(classes ? { classes } : {}) });
    });
}

async function foretold(model: string, path: string): Promise<object> {
  const language = await readLanguageModel(model);
  const windows = (await readText(path, language, { use: 'whole' })).windows('test');
  await startNodeEngine();
  const { tokens, perplexity } = await measureText(language.network, undefined, windows, progressOn('evaluate'));
  return { windows: windows.count, tokens, perplexity };
}

interface Options extends Record<'model' | 'out', string>, Partial<Record<'images' | 'labels' | 'text', string>> {
  readonly perClass?: boolean;
}

function checked(labels: Int32Array, classes: number, file: string): Int32Array {
  const at = labels.findIndex((label) => label < 0 || label >= classes);
  if (at >= 0) throw new InputError(`${file}: label ${labels[at]} of image ${at} is out of range; the network has ${classes} classes, numbered from 0.`);
  return labels;
}
