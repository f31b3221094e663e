import { Command } from 'commander';
import { fidelityCurve } from '../../fidelity/fidelityCurve.ts';
import { singletonOrder } from '../../fidelity/selection/singletonOrder.ts';
import { singletonScores } from '../../fidelity/singletonFidelity.ts';
import { prunableGroups } from '../../pruning/keepSets.ts';
import { subjectOf } from '../../pruning/subject.ts';
import { measuresOf } from '../../engine/calibrate.ts';
import { DEFAULT_REQUEST } from '../../pruning/pruneRequest.ts';
import { readModelAndTokenizer, writeJson } from '../files.ts';
import { startNodeEngine } from '../nodeEngine.ts';
import { calibrationOptions, modelOption, outOption, type CalibrationOptions } from '../options.ts';
import { progressOn } from '../progress.ts';
import { readCalibration } from '../texts.ts';

export function scoreCommand(): Command {
  const command = new Command('score')
    .description('score the channels of every coupling group by singleton fidelity; k-vs-eta curves')
    .addOption(modelOption());
  for (const option of calibrationOptions('calibration images, unlabelled', 'calibration text: a text file, a folder of some, or a data folder')) command.addOption(option);
  return command
    .addOption(outOption('JSON file: { groups: [{ name, channels, consumers: [{ node, n, m, energy, singleton, curve }] }] }'))
    .action(async ({ model, out, ...calibration }: Record<'model' | 'out', string> & CalibrationOptions) => {
      const opened = await readModelAndTokenizer(model);
      const subject = subjectOf(opened.network);
      const source = await readCalibration(calibration, opened, DEFAULT_REQUEST.seed);
      const correlator = await startNodeEngine();
      const measures = await measuresOf(subject, source, correlator, progressOn('calibrate'));
      const groups = prunableGroups(subject.coupled.groups).map(({ name, channels }) => ({
        name,
        channels,
        consumers: subject.layers.flatMap(({ id, n, m, inputs }): readonly object[] => {
          if (!inputs.groups.some((group) => group.name === name)) return [];
          const layer = measures.statistics.get(id);
          if (!layer) return [{ node: id, n, m, singleton: [...(measures.contributions.get(id) ?? [])], curve: [] }];
          return [
            {
              node: id,
              n,
              m,
              energy: layer.energy.reduce((sum, energy) => sum + energy, 0),
              singleton: [...singletonScores(layer)],
              curve: [...fidelityCurve(layer, singletonOrder(layer), 'scale')],
            },
          ];
        }),
      }));
      await writeJson(out, { groups });
    });
}
