import { Command, InvalidArgumentError, Option } from 'commander';
import { partOf } from '../../engine/imageSource.ts';
import { TARGET_KINDS, type TargetKind } from '../../pruning/pruneRequest.ts';
import { Evidence } from '../evidence.ts';
import { subjectOf } from '../../pruning/subject.ts';
import { assertReachable } from '../experiment.ts';
import { readImages, readLabels, readModel, writeBytes, writeJson } from '../files.ts';
import { measureFrontier, type FrontierSeries } from '../frontier.ts';
import { methodName, NAMED_METHODS, parseMethod, UnknownMethodError, type Method } from '../method.ts';
import { startNodeEngine } from '../nodeEngine.ts';
import { fraction, imageLabelsOption, imagesOption, list, modelOption, outOption, ruleOptions, seedOption, type RuleOptions } from '../options.ts';
import { widthRules } from '../widthRules.ts';

export const DEFAULT_METHODS = [
  'random', 'l1', 'l2', 'singleton', 'singleton/scale/oneShot', 'singleton/leastSquares/oneShot', 'paper', 'singleton/leastSquares/sequential', 'ours',
];
export const DEFAULT_TARGETS = [0.9, 0.75, 0.6, 0.476, 0.35, 0.25];

export function frontierCommand(): Command {
  const command = new Command('frontier')
    .description('measure accuracy against cost for several methods')
    .addOption(modelOption())
    .addOption(imagesOption('calibration images; without --test their second half measures instead'))
    .option('--test <file.npy>', 'images to measure accuracy on')
    .requiredOption('--labels <file.npy>', 'class numbers of the images that measure (without --test: of all images)')
    .addOption(imageLabelsOption())
    .addOption(
      new Option('--methods <a,b,…>', `select/compensate/order[/eta|/theory][/renorm], a rule alone, or ${Object.keys(NAMED_METHODS).join(', ')}`)
        .argParser(list(method))
        .default(DEFAULT_METHODS.map(method), DEFAULT_METHODS.join(',')),
    )
    .addOption(new Option('--kind <kind>', 'what the targets are shares of').choices(TARGET_KINDS).default('macs'))
    .addOption(new Option('--targets <a,b,…>', 'shares to keep').argParser(list(fraction)).default(DEFAULT_TARGETS))
    .addOption(seedOption())
    .addOption(outOption('.json or .csv file'));
  for (const option of ruleOptions()) command.addOption(option);
  return command.action(async (options: Options) => {
    const { model, methods, kind, targets, seed, out } = options;
    const subject = subjectOf(await readModel(model));
    const rules = widthRules(subject.coupled.groups, options);
    for (const value of targets) assertReachable(subject, { target: { kind, value }, rules });
    const { calibration, calibrationLabels, test } = await readPictures(options);
    const evidence = new Evidence(subject, calibration, await startNodeEngine(), calibrationLabels);
    const series = await measureFrontier(evidence, test, { methods, kind, targets, rules, seed });
    if (out.endsWith('.csv')) await writeBytes(out, csv(series));
    else await writeJson(out, { model, images: calibration.count, kind, rules, seed, series });
  });
}

/** With `--test` two files; without, the first half of the images calibrates and the second measures. */
async function readPictures({ images, test, labels, imageLabels }: Options) {
  const all = await readImages(images);
  if (test !== undefined) {
    const testImages = await readImages(test);
    const calibrationLabels = imageLabels === undefined ? undefined : await readLabels(imageLabels, all.count);
    return { calibration: all, calibrationLabels, test: { images: testImages, labels: await readLabels(labels, testImages.count) } };
  }
  const known = await readLabels(labels, all.count);
  const half = Math.floor(all.count / 2);
  if (half === 0) throw new InvalidArgumentError('Without --test there must be two images or more: the first half calibrates, the second measures.');
  return {
    calibration: partOf(all, 0, half),
    calibrationLabels: known.subarray(0, half),
    test: { images: partOf(all, half, all.count - half), labels: known.subarray(half) },
  };
}

interface Options extends RuleOptions, Record<'model' | 'images' | 'labels' | 'out', string> {
  readonly test?: string;
  readonly imageLabels?: string;
  readonly methods: Method[];
  readonly kind: TargetKind;
  readonly targets: number[];
  readonly seed: number;
}

/** `parseMethod` for a command line. */
export function method(text: string): Method {
  try {
    return parseMethod(text);
  } catch (error) {
    throw error instanceof UnknownMethodError ? new InvalidArgumentError(error.message) : error;
  }
}

function csv(series: readonly FrontierSeries[]): string {
  const rows = series.flatMap(({ method, points }) =>
    points.map(({ target, macs, params, accuracy, images }) => [methodName(method), target, macs, params, accuracy, images].join(',')),
  );
  return `${['method,target,macs,params,accuracy,images', ...rows].join('\n')}\n`;
}
