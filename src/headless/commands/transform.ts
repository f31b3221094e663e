import { join } from 'node:path';
import { Command, Option } from 'commander';
import { NETWORK_TRANSFORMS } from '../../engine/transforms/table.ts';
import type { WrittenFormat } from '../../formats/modelFormats.ts';
import { networkCosts } from '../../network/costs.ts';
import type { BudgetTarget } from '../../pruning/pruneRequest.ts';
import { TRANSFORM_RULES, TRANSFORMS, type CostShare, type Transform } from '../../pruning/transforms.ts';
import { stopwatch } from '../experiment.ts';
import { InputError, readModelAndTokenizer, writeJson, writeModel } from '../files.ts';
import { startNodeEngine } from '../nodeEngine.ts';
import { calibrationOptions, modelOption, outOption, seedOption, targetOption, toOption, type CalibrationOptions } from '../options.ts';
import { progressOn } from '../progress.ts';
import { readCalibration } from '../texts.ts';

interface Options extends CalibrationOptions, Record<'model' | 'out', string> {
  readonly kind: Transform;
  readonly target: BudgetTarget;
  readonly seed: number;
  readonly to?: WrittenFormat;
}

export function transformCommand(): Command {
  const command = new Command('transform')
    .description(`make the network smaller otherwise than by channels: ${TRANSFORMS.map((kind) => `${kind} ${TRANSFORM_RULES[kind].does}`).join('; ')}`)
    .addOption(modelOption());
  for (const option of calibrationOptions('calibration images, unlabelled', 'calibration text: a text file, a folder of some, or a data folder')) command.addOption(option);
  return command
    .addOption(new Option('--kind <transform>', 'what to do').choices(TRANSFORMS).makeOptionMandatory())
    .addOption(targetOption())
    .addOption(seedOption())
    .addOption(toOption())
    .addOption(outOption('folder for the smaller model and report.json'))
    .action(async ({ model, images, text, windows, kind, target, seed, to, out }: Options) => {
      const share = costShareOf(target);
      const opened = await readModelAndTokenizer(model);
      const { network, beside } = opened;
      const source = await readCalibration({ images, text, windows }, opened, seed);
      const correlator = await startNodeEngine();
      const clock = stopwatch();
      const smaller = await NETWORK_TRANSFORMS[kind]({ network, images: source, correlator, share, seed }, progressOn(kind));
      const milliseconds = clock();
      await writeModel(smaller, out, to ?? (network.origin ? network.origin.format : 'layers'), beside);
      const [before, after] = [networkCosts(network), networkCosts(smaller)];
      await writeJson(join(out, 'report.json'), {
        transform: kind,
        source: TRANSFORM_RULES[kind].source,
        target: share,
        seed,
        images: source.count,
        macs: { before: before.macs, after: after.macs },
        params: { before: before.parameters, after: after.parameters },
        milliseconds,
      });
    });
}

function costShareOf({ kind, value }: BudgetTarget): CostShare {
  if (kind === 'macs' || kind === 'params') return { kind, value };
  throw new InputError(`A transform is given a share of MACs or parameters (--target macs=0.8 or params=0.8), found ${kind}=${value}.`);
}
