import { Command, InvalidArgumentError, Option } from 'commander';
import { COMPENSATIONS, ORDERS, SELECTIONS, TARGET_KINDS, type TargetKind } from '../../pruning/pruneRequest.ts';
import { assertReachable, gatherStatistics, subjectOf } from '../experiment.ts';
import { readImages, readLabels, readModel, writeBytes, writeJson } from '../files.ts';
import { measureFrontier, nameOf, type FrontierSeries, type Method } from '../frontier.ts';
import { startNodeEngine } from '../nodeEngine.ts';
import { fraction, imagesOption, list, modelOption, outOption, ruleOptions, seedOption, type RuleOptions } from '../options.ts';
import { progressOn } from '../progress.ts';
import { widthRules } from '../widthRules.ts';

export const DEFAULT_METHODS = [
  'random/none/oneShot', 'l1/none/oneShot', 'l2/none/oneShot', 'singleton/none/oneShot', 'singleton/scale/oneShot',
  'singleton/leastSquares/oneShot', 'singleton/scale/sequential', 'singleton/leastSquares/sequential',
];
export const DEFAULT_TARGETS = [0.9, 0.75, 0.6, 0.476, 0.35, 0.25];

export function frontierCommand(): Command {
  const command = new Command('frontier')
    .description('measure accuracy against cost for several methods')
    .addOption(modelOption())
    .addOption(imagesOption('calibration images, unlabelled'))
    .requiredOption('--test <file.npy>', 'images to measure accuracy on')
    .requiredOption('--labels <file.npy>', 'their class numbers')
    .addOption(new Option('--methods <a,b,…>', 'select/compensate/order').argParser(list(method)).default(DEFAULT_METHODS.map(method), DEFAULT_METHODS.join(',')))
    .addOption(new Option('--kind <kind>', 'what the targets are shares of').choices(TARGET_KINDS).default('macs'))
    .addOption(new Option('--targets <a,b,…>', 'shares to keep').argParser(list(fraction)).default(DEFAULT_TARGETS))
    .addOption(seedOption())
    .addOption(outOption('.json or .csv file'));
  for (const option of ruleOptions()) command.addOption(option);
  return command.action(async ({ model, images, test, labels, methods, kind, targets, seed, out, ...typed }: Options) => {
    const subject = subjectOf(await readModel(model));
    const rules = widthRules(subject.coupled.groups, typed);
    for (const value of targets) assertReachable(subject, { target: { kind, value }, rules });
    const calibration = await readImages(images);
    const testImages = await readImages(test);
    const expected = await readLabels(labels, testImages.count);
    const correlator = await startNodeEngine();
    const store = await gatherStatistics(subject, calibration, correlator, progressOn('calibrate'));
    const request = { methods, kind, targets, rules, seed };
    const series = await measureFrontier(subject, store, calibration, { images: testImages, labels: expected }, request, correlator);
    if (out.endsWith('.csv')) await writeBytes(out, csv(series));
    else await writeJson(out, { model, images: calibration.count, kind, rules, seed, series });
  });
}

interface Options extends RuleOptions, Record<'model' | 'images' | 'test' | 'labels' | 'out', string> {
  readonly methods: Method[];
  readonly kind: TargetKind;
  readonly targets: number[];
  readonly seed: number;
}

export function method(text: string): Method {
  const [select, compensate, order] = text.split('/');
  const known = <T extends string>(value: string, among: readonly T[]): T => {
    const found = among.find((candidate) => candidate === value);
    if (!found) throw new InvalidArgumentError(`"${text}" is not select/compensate/order; "${value}" is none of ${among.join(', ')}.`);
    return found;
  };
  return { select: known(select, SELECTIONS), compensate: known(compensate, COMPENSATIONS), order: known(order, ORDERS) };
}

function csv(series: readonly FrontierSeries[]): string {
  const rows = series.flatMap(({ method, points }) =>
    points.map(({ target, macs, params, accuracy, images }) => [nameOf(method), target, macs, params, accuracy, images].join(',')),
  );
  return `${['method,target,macs,params,accuracy,images', ...rows].join('\n')}\n`;
}
