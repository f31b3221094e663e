import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { computeLogits, shareEqual, topClasses } from '../../engine/evaluate.ts';
import { costModel } from '../../network/costModel.ts';
import { networkCosts } from '../../network/costs.ts';
import { channelOrder, groupCurve, groupScores } from '../../pruning/groupFidelity.ts';
import { NO_RULES } from '../../pruning/widthRules.ts';
import { Evidence } from '../evidence.ts';
import { subjectOf } from '../../pruning/subject.ts';
import { readModel, writeJson } from '../files.ts';
import { accuracyOn, measureFrontier, type FrontierSeries } from '../frontier.ts';
import { methodName, parseMethod, type Method } from '../method.ts';
import { startNodeEngine } from '../nodeEngine.ts';
import { fraction, integer, list, modelOption, seedOption } from '../options.ts';
import { progressOn } from '../progress.ts';
import { DEFAULT_METHODS, DEFAULT_TARGETS, method } from './frontier.ts';
import { openDataFolder } from './images.ts';

export function precomputeCommand(): Command {
  return new Command('precompute')
    .description('measure what the page shows of a shipped model before it has results of its own (precomputed.json in the model folder)')
    .addOption(modelOption())
    .requiredOption('--data <folder>', 'data folder such as public/data/cifar10')
    .addOption(new Option('--count <n>', 'calibration images').argParser(integer).default(512))
    .addOption(new Option('--test <n>', 'test images').argParser(integer).default(10000))
    .addOption(new Option('--targets <a,b,…>', 'shares of the MACs to keep').argParser(list(fraction)).default(DEFAULT_TARGETS))
    .addOption(new Option('--methods <a,b,…>', 'as for frontier').argParser(list(method)).default(DEFAULT_METHODS.map(method), DEFAULT_METHODS.join(',')))
    .option('--add', 'keep the series that the file has of other methods', false)
    .addOption(seedOption())
    .action(async ({ model, data, count, test, targets, methods, add, seed }: Options) => {
      const before = add ? await readFrontier(join(model, 'precomputed.json')) : [];
      const subject = subjectOf(await readModel(model));
      const { network, coupled, layers } = subject;
      const images = await openDataFolder(data);
      const calibration = images.source('train', images.calibrationIndices(count, seed));
      const testImages = images.source('test', Array.from({ length: test }, (_, k) => k));
      const labels = (await images.labels('test')).subarray(0, test);
      const correlator = await startNodeEngine();
      const evidence = new Evidence(subject, calibration, correlator);
      const measures = await evidence.measures(progressOn('calibrate'));
      const intact = await computeLogits(network, testImages, progressOn('intact'));
      const { macs, parameters, bytes } = networkCosts(network);
      const request = { methods, kind: 'macs' as const, targets, rules: NO_RULES, seed };
      const measured = await measureFrontier(evidence, accuracyOn(testImages, labels), request);
      await writeJson(join(model, 'precomputed.json'), {
        version: 1,
        model: basename(resolve(model)),
        images: count,
        seed,
        machine: `${cpus()[0].model}, Node ${process.version}`,
        backend: 'wasm',
        groups: groupScores(layers, measures).map(({ name, singleton }) => {
          const curve = (compensation: 'scale' | 'leastSquares') =>
            rounded(groupCurve(name, channelOrder(singleton), layers, measures, compensation));
          return { name, singleton: rounded(singleton), curves: { scale: curve('scale'), leastSquares: curve('leastSquares') } };
        }),
        cost: { macs, params: parameters, bytes },
        costModel: costModel(network, coupled),
        groupsStructure: coupled.groups,
        frontier: [...before.filter((known) => !measured.some((series) => methodName(series.method) === methodName(known.method))), ...measured],
        intact: { accuracy: shareEqual(topClasses(intact), labels), images: test },
      });
    });
}

interface Options {
  readonly model: string;
  readonly data: string;
  readonly count: number;
  readonly test: number;
  readonly targets: number[];
  readonly methods: Method[];
  readonly add: boolean;
  readonly seed: number;
}

/** The series of an earlier run; what was written before there were allocations has none. */
async function readFrontier(path: string): Promise<FrontierSeries[]> {
  const { frontier } = JSON.parse(await readFile(path, 'utf8')) as { frontier: FrontierSeries[] };
  return frontier.map((series) => ({ ...series, method: { ...parseMethod('random'), ...series.method } }));
}

function rounded(values: Float64Array): number[] {
  return Array.from(values, (value) => Number(value.toPrecision(5)));
}
