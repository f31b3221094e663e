import { join } from 'node:path';
import { Command } from 'commander';
import type { PruneRequest } from '../../pruning/pruneRequest.ts';
import { assertReachable, gatherStatistics, pruneAsRequested, stopwatch, subjectOf } from '../experiment.ts';
import { readImages, readModel, writeJson, writeModel } from '../files.ts';
import { startNodeEngine } from '../nodeEngine.ts';
import { compensateOption, imagesOption, modelOption, orderOption, outOption, seedOption, selectOption, targetOption } from '../options.ts';
import { progressOn } from '../progress.ts';

type Options = PruneRequest & Record<'model' | 'images' | 'out', string>;

export function pruneCommand(): Command {
  return new Command('prune')
    .description('cut the network down and compensate what stays, without labels or gradients')
    .addOption(modelOption())
    .addOption(imagesOption('calibration images, unlabelled'))
    .addOption(targetOption())
    .addOption(selectOption())
    .addOption(compensateOption())
    .addOption(orderOption())
    .addOption(seedOption())
    .addOption(outOption('folder for the pruned layers model and report.json'))
    .action(async ({ model, images, out, ...request }: Options) => {
      const subject = subjectOf(await readModel(model));
      assertReachable(subject, request.target);
      const source = await readImages(images);
      const correlator = await startNodeEngine();
      const clock = stopwatch();
      const store = await gatherStatistics(subject, source, correlator, progressOn('calibrate'));
      const calibrate = clock();
      const result = await pruneAsRequested(subject, store, source, request, correlator, progressOn('compensate'));
      const { target, select, compensate, order, seed } = request;
      await writeModel(result.network, out);
      await writeJson(join(out, 'report.json'), {
        request: { target, select, compensate, order, seed },
        images: source.count,
        macs: result.macs,
        params: result.params,
        keep: result.plan.keep,
        milliseconds: { calibrate, ...result.milliseconds },
      });
    });
}
