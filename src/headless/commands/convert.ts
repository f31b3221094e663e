import { Command } from 'commander';
import type { WrittenFormat } from '../../formats/modelFormats.ts';
import { readModelAndTokenizer, writeModel } from '../files.ts';
import { modelOption, outOption, toOption } from '../options.ts';

export function convertCommand(): Command {
  return new Command('convert')
    .description('write a model in another format')
    .addOption(modelOption())
    .addOption(toOption().makeOptionMandatory())
    .addOption(outOption('folder for model.json and weights.bin, for model.onnx, for weights.safetensors and plan.json, or for a Hugging Face model'))
    .action(async ({ model, to, out }: Record<'model' | 'out', string> & { to: WrittenFormat }) => {
      const { network, beside } = await readModelAndTokenizer(model);
      await writeModel(network, out, to, beside);
    });
}
