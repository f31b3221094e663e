import { Command } from 'commander';
import { computeLogits, perClass, shareEqual, topClasses } from '../../engine/evaluate.ts';
import { InputError, readImages, readLabels, readModel, writeJson } from '../files.ts';
import { startNodeEngine } from '../nodeEngine.ts';
import { imagesOption, modelOption, outOption } from '../options.ts';
import { progressOn } from '../progress.ts';

export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description('measure top-1 accuracy')
    .addOption(modelOption())
    .addOption(imagesOption('images to classify'))
    .requiredOption('--labels <file.npy>', 'class number of each image')
    .option('--per-class', 'also each class by itself')
    .addOption(outOption('JSON file: { images, accuracy, classes: [{ class, images, accuracy }] }'))
    .action(async ({ model, images, labels, out, perClass: byClass }: Options) => {
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

interface Options extends Record<'model' | 'images' | 'labels' | 'out', string> {
  readonly perClass?: boolean;
}

function checked(labels: Int32Array, classes: number, file: string): Int32Array {
  const at = labels.findIndex((label) => label < 0 || label >= classes);
  if (at >= 0) throw new InputError(`${file}: label ${labels[at]} of image ${at} is out of range; the network has ${classes} classes, numbered from 0.`);
  return labels;
}
