import { Command } from 'commander';
import { zipTfjsLayers } from '../../formats/tfjsLayers.ts';
import { readModel, writeBytes, writeModel } from '../files.ts';
import { modelOption, outOption } from '../options.ts';

export function exportCommand(): Command {
  return new Command('export')
    .description('write a model anew as a layers-model folder, or as a zip where --out ends in .zip')
    .addOption(modelOption())
    .addOption(outOption('folder or .zip file'))
    .action(async ({ model, out }: Record<'model' | 'out', string>) => {
      const network = await readModel(model);
      if (out.endsWith('.zip')) await writeBytes(out, zipTfjsLayers(network));
      else await writeModel(network, out);
    });
}
