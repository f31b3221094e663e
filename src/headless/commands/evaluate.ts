import { Command } from 'commander';
import { computeLogits, shareEqual, topClasses } from '../../engine/evaluate.ts';
import { readImages, readLabels, readModel, writeJson } from '../files.ts';
import { startNodeEngine } from '../nodeEngine.ts';
import { imagesOption, modelOption, outOption } from '../options.ts';
import { progressOn } from '../progress.ts';

export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description('measure top-1 accuracy')
    .addOption(modelOption())
    .addOption(imagesOption('images to classify'))
    .requiredOption('--labels <file.npy>', 'class number of each image')
    .addOption(outOption('JSON file: { images, accuracy }'))
    .action(async ({ model, images, labels, out }: Record<'model' | 'images' | 'labels' | 'out', string>) => {
      const network = await readModel(model);
      const source = await readImages(images);
      const expected = await readLabels(labels, source.count);
      await startNodeEngine();
      const logits = await computeLogits(network, source, progressOn('evaluate'));
      await writeJson(out, { images: source.count, accuracy: shareEqual(topClasses(logits), expected) });
    });
}
