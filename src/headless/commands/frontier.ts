import { Command, InvalidArgumentError, Option } from 'commander';
import { partOf } from '../../engine/imageSource.ts';
import { languageModel } from '../../engine/language/languageModel.ts';
import type { OpenedModel } from '../../formats/modelFormats.ts';
import { TARGET_KINDS, type TargetKind } from '../../pruning/pruneRequest.ts';
import { Evidence } from '../evidence.ts';
import { subjectOf } from '../../pruning/subject.ts';
import { assertReachable } from '../experiment.ts';
import { InputError, readImages, readLabels, readModelAndTokenizer, writeBytes, writeJson } from '../files.ts';
import { accuracyOn, measureFrontier, textMeasureOn, type FrontierSeries } from '../frontier.ts';
import { methodName, NAMED_METHODS, parseMethod, UnknownMethodError, type Method } from '../method.ts';
import { startNodeEngine } from '../nodeEngine.ts';
import {
  calibrationOptions, fraction, imageLabelsOption, list, modelOption, outOption, positive, ruleOptions, seedOption, type CalibrationOptions, type RuleOptions,
} from '../options.ts';
import { calibrationWindows, readText } from '../texts.ts';
import { widthRules } from '../widthRules.ts';

export const DEFAULT_METHODS = [
  'random', 'l1', 'l2', 'singleton', 'singleton/scale/oneShot', 'singleton/leastSquares/oneShot', 'paper', 'singleton/leastSquares/sequential', 'ours',
];
export const DEFAULT_TARGETS = [0.9, 0.75, 0.6, 0.476, 0.35, 0.25];

export function frontierCommand(): Command {
  const command = new Command('frontier')
    .description('measure accuracy, or of a language model perplexity, against cost for several methods')
    .addOption(modelOption())
    .option('--test <path>', 'images (.npy) to measure accuracy on, or text to measure perplexity on')
    .option('--labels <file.npy>', 'class numbers of the images that measure (without --test: of all images)')
    .addOption(new Option('--test-windows <n>', 'of a text: measure on the first so many windows (default: all)').argParser(positive))
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
  const calibration = calibrationOptions(
    'calibration images; without --test their second half measures instead',
    'calibration text: a text file or a folder of some (without --test their second half measures), or a data folder (its held-out chapters measure)',
  );
  for (const option of [...calibration, ...ruleOptions()]) command.addOption(option);
  return command.action(async (options: Options) => {
    const { model, methods, kind, targets, seed, out } = options;
    const opened = await readModelAndTokenizer(model);
    const subject = subjectOf(opened.network);
    const rules = widthRules(subject.coupled.groups, options);
    for (const value of targets) assertReachable(subject, { target: { kind, value }, rules });
    const request = { methods, kind, targets, rules, seed };
    const written = { model, kind, rules, seed };
    if (options.text !== undefined) {
      const { calibration, test } = await readTexts(options, opened);
      const evidence = new Evidence(subject, calibration, await startNodeEngine());
      const series = await measureFrontier(evidence, textMeasureOn(subject.network, test), request);
      if (out.endsWith('.csv')) await writeBytes(out, csv(series, ['perplexity', 'divergence', 'agreement', 'tokens']));
      else await writeJson(out, { ...written, windows: calibration.count, series });
      return;
    }
    const { calibration, calibrationLabels, test } = await readPictures(options);
    const evidence = new Evidence(subject, calibration, await startNodeEngine(), calibrationLabels);
    const series = await measureFrontier(evidence, accuracyOn(test.images, test.labels), request);
    if (out.endsWith('.csv')) await writeBytes(out, csv(series, ['accuracy', 'images']));
    else await writeJson(out, { ...written, images: calibration.count, series });
  });
}

/** With `--test` two texts; without, what the data folder says, or the halves of one. */
async function readTexts({ text = '', images, test, testWindows, windows, seed }: Options, { network, tokenizer }: OpenedModel) {
  if (images !== undefined) throw new InputError('Give either --images or --text.');
  const language = languageModel(network, tokenizer);
  const calibrating = await readText(text, language, { use: test === undefined ? 'halves' : 'whole' });
  const measuring = test === undefined ? calibrating : await readText(test, language, { use: 'whole' });
  return { calibration: calibrationWindows(calibrating, windows, seed), test: measuring.windows('test', testWindows) };
}

/** With `--test` two files; without, the first half of the images calibrates and the second measures. */
async function readPictures({ images, test, labels, imageLabels }: Options) {
  if (images === undefined || labels === undefined) throw new InputError('Give --images and --labels or, for a model that reads text, --text.');
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

interface Options extends RuleOptions, CalibrationOptions, Record<'model' | 'out', string> {
  readonly labels?: string;
  readonly test?: string;
  readonly testWindows?: number;
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

function csv<M extends object>(series: readonly FrontierSeries<M>[], measured: readonly (keyof M & string)[]): string {
  const rows = series.flatMap(({ method, points }) =>
    points.map((point) => [methodName(method), point.target, point.macs, point.params, ...measured.map((name) => point[name])].join(',')),
  );
  return `${[['method', 'target', 'macs', 'params', ...measured].join(','), ...rows].join('\n')}\n`;
}
