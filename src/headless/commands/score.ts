import { Command } from 'commander';
import { fidelityCurve } from '../../fidelity/fidelityCurve.ts';
import { singletonOrder } from '../../fidelity/selection/singletonOrder.ts';
import { singletonScores } from '../../fidelity/singletonFidelity.ts';
import { prunableGroups } from '../../pruning/keepSets.ts';
import { subjectOf } from '../../pruning/subject.ts';
import { measuresOf } from '../../engine/calibrate.ts';
import { readImages, readModel, writeJson } from '../files.ts';
import { startNodeEngine } from '../nodeEngine.ts';
import { imagesOption, modelOption, outOption } from '../options.ts';
import { progressOn } from '../progress.ts';

export function scoreCommand(): Command {
  return new Command('score')
    .description('score the channels of every coupling group by singleton fidelity; k-vs-eta curves')
    .addOption(modelOption())
    .addOption(imagesOption('calibration images, unlabelled'))
    .addOption(outOption('JSON file: { groups: [{ name, channels, consumers: [{ node, n, m, energy, singleton, curve }] }] }'))
    .action(async ({ model, images, out }: Record<'model' | 'images' | 'out', string>) => {
      const subject = subjectOf(await readModel(model));
      const source = await readImages(images);
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
