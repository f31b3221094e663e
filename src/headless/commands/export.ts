import { Command } from 'commander';
import { zipSync, type Zippable } from 'fflate';
import { writeModel as encodeModel } from '../../formats/modelFormats.ts';
import { zipTfjsLayers } from '../../formats/tfjsLayers.ts';
import { readModelAndTokenizer, writeBytes, writeModel } from '../files.ts';
import { modelOption, outOption } from '../options.ts';

export function exportCommand(): Command {
  return new Command('export')
    .description('write a model anew as a layers-model folder, or as a zip where --out ends in .zip; one in Hugging Face’s layout in that layout')
    .addOption(modelOption())
    .addOption(outOption('folder or .zip file'))
    .action(async ({ model, out }: Record<'model' | 'out', string>) => {
      const { network, beside } = await readModelAndTokenizer(model);
      const format = network.origin?.format ?? 'layers';
      if (!out.endsWith('.zip')) await writeModel(network, out, format, beside);
      else if (format === 'layers') await writeBytes(out, zipTfjsLayers(network));
      else await writeBytes(out, zipSync({ ...(await encodeModel(network, format, { beside })) } as Zippable, { level: 0 }));
    });
}
