import { Command, InvalidArgumentError, Option } from 'commander';
import { COMPARED_TRAINING, JIA_PRUNED } from '../../unlearning/baselines/gradientMethods.ts';
import { FORGET_METHODS, type ForgetMethod } from '../../unlearning/forgetMethod.ts';
import { comparedForgetting, forgettingPictures, type ComparedMethod } from '../comparedForgetting.ts';
import { readModel, writeJson } from '../files.ts';
import { startNodeEngine } from '../nodeEngine.ts';
import { integer, list, modelOption, outOption, positive, seedOption, share } from '../options.ts';
import { progressOn } from '../progress.ts';
import { openDataFolder } from './images.ts';

interface Options extends Record<'model' | 'data' | 'out', string>, Record<'forget' | 'retain' | 'test' | 'epochs' | 'pruned' | 'seed', number> {
  readonly class: readonly number[];
  readonly methods: readonly ForgetMethod[];
}

export function compareForgettingCommand(): Command {
  return new Command('compare-forgetting')
    .description('make the network forget by one method after another, and measure each on test images')
    .addOption(modelOption())
    .requiredOption('--data <folder>', 'labelled data folder such as public/data/cifar10')
    .addOption(new Option('--class <n,…>', 'number of the class to forget, or of several').argParser(list(integer)).makeOptionMandatory())
    .addOption(new Option('--methods <a,b,…>', FORGET_METHODS.join(', ')).argParser(list(method)).default([...FORGET_METHODS], 'all'))
    .addOption(new Option('--forget <n>', 'training images of the class that methods are given').argParser(positive).default(256))
    .addOption(new Option('--retain <n>', 'training images of the other classes that methods are given').argParser(positive).default(256))
    .addOption(new Option('--test <n>', 'test images, the first so many').argParser(positive).default(10_000, 'all'))
    .addOption(new Option('--epochs <n>', 'of the methods with gradient steps').argParser(positive).default(COMPARED_TRAINING.epochs))
    .addOption(new Option('--pruned <share>', 'share of weights that jia prunes').argParser(share).default(JIA_PRUNED))
    .addOption(seedOption())
    .addOption(outOption('JSON file: { request, methods: [{ method, forget, retain, membership, recoverability, … }] }'))
    .action(async ({ model, data, out, ...request }: Options) => {
      const network = await readModel(model);
      const images = await openDataFolder(data);
      const correlator = await startNodeEngine();
      const pictures = await forgettingPictures(images, request.class, request, request.seed);
      const options = { training: { epochs: request.epochs }, pruned: request.pruned };
      const methods: ComparedMethod[] = [];
      process.stdout.write(`${HEADER}\n`);
      for await (const compared of comparedForgetting(network, request.class, pictures, request.methods, { correlator, seed: request.seed, options }, progressOn)) {
        methods.push(compared);
        process.stdout.write(`${row(compared)}\n`);
        await writeJson(out, { model, data, request, methods });
      }
    });
}

const HEADER = 'method          forget  retain  membership  recoverability   steps  seconds (CPU)';

function row({ method: name, forget, retain, membership, recoverability, gradientSteps, milliseconds, cpuMilliseconds }: ComparedMethod): string {
  const seconds = `${(milliseconds / 1000).toFixed(1)} (${(cpuMilliseconds / 1000).toFixed(1)})`;
  return `${name.padEnd(14)}${percent(forget, 8)}${percent(retain, 8)}${percent(membership, 12)}${percent(recoverability, 16)}${String(gradientSteps).padStart(8)}${seconds.padStart(15)}`;
}

function percent(value: number, width: number): string {
  return `${(100 * value).toFixed(1)} %`.padStart(width);
}

function method(text: string): ForgetMethod {
  const known = FORGET_METHODS.find((name) => name === text);
  if (!known) throw new InvalidArgumentError(`Expected some of ${FORGET_METHODS.join(', ')}.`);
  return known;
}
