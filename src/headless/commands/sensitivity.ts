import { Command, InvalidArgumentError, Option } from 'commander';
import { QUICK_GRID, USUAL_GRID } from '../../sensitivity/grid.ts';
import { SENSITIVITY_FAMILIES, type SensitivityFamily } from '../../sensitivity/results.ts';
import { sensitivity } from '../../sensitivity/sensitivity.ts';
import { readModel, writeJson } from '../files.ts';
import { startNodeEngine } from '../nodeEngine.ts';
import { integer, list, modelOption, positive, seedOption } from '../options.ts';
import { progressOn } from '../progress.ts';
import { sensitivityInput } from '../sensitivityInput.ts';
import { columns, sensitivityTable } from '../sensitivityTable.ts';

interface Options extends Record<'model' | 'data', string> {
  readonly other?: string;
  readonly test: number;
  readonly class: number;
  readonly seed: number;
  readonly only?: readonly SensitivityFamily[];
  readonly quick: boolean;
  readonly out?: string;
}

export function sensitivityCommand(): Command {
  return new Command('sensitivity')
    .description('accuracy after pruning and after forgetting against what calibrates: source, number, class balance and shift of the pictures')
    .addOption(modelOption())
    .requiredOption('--data <folder>', 'data folder such as public/data/cifar10')
    .option('--other <folder>', 'data folder of another kind of pictures (default: fashion-mnist-colour beside --data)')
    .addOption(new Option('--test <n>', 'test images').argParser(positive).default(2000))
    .addOption(new Option('--class <n>', 'the class that is forgotten').argParser(integer).default(0))
    .addOption(new Option('--only <a,b,…>', `what is varied: some of ${SENSITIVITY_FAMILIES.join(', ')} (default: all)`).argParser(list(familyOf)))
    .option('--quick', '64 calibration and 200 test images: to try it, not to judge by', false)
    .addOption(seedOption())
    .option('--out <file.json>', 'write everything that was measured here')
    .action(async ({ model, data, other, test, class: forgetClass, seed, only, quick, out }: Options) => {
      const network = await readModel(model);
      const correlator = await startNodeEngine();
      const input = await sensitivityInput(network, { model, data, other }, { test: quick ? 200 : test, seed, forgetClass, correlator });
      const result = await sensitivity(input, progressOn('sensitivity'), { ...(quick ? QUICK_GRID : USUAL_GRID), ...(only ? { families: only } : {}) });
      process.stdout.write(`${columns(sensitivityTable(result))}\n`);
      if (out) await writeJson(out, result);
    });
}

function familyOf(text: string): SensitivityFamily {
  const family = SENSITIVITY_FAMILIES.find((known) => known === text);
  if (!family) throw new InvalidArgumentError(`Expected some of ${SENSITIVITY_FAMILIES.join(', ')}.`);
  return family;
}
