import { Command } from 'commander';
import type { WrittenFormat } from '../../formats/modelFormats.ts';
import { readModel, writeModel } from '../files.ts';
import { modelOption, outOption, toOption } from '../options.ts';

export function convertCommand(): Command {
  return new Command('convert')
    .description('write a model in another format')
    .addOption(modelOption())
    .addOption(toOption().makeOptionMandatory())
    .addOption(outOption('folder for model.json and weights.bin, for model.onnx, or for weights.safetensors and plan.json'))
    .action(async ({ model, to, out }: Record<'model' | 'out', string> & { to: WrittenFormat }) => {
      await writeModel(await readModel(model), out, to);
    });
}
