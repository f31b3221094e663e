import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { computeLogits, topClasses } from '../../engine/evaluate.ts';
import type { WrittenFormat } from '../../formats/modelFormats.ts';
import { mostCommon } from '../../unlearning/classCounts.ts';
import { givenRecoverability } from '../../unlearning/recoverability.ts';
import { unlearn } from '../../unlearning/unlearn.ts';
import {
  DEFAULT_UNLEARN, FORGET_TARGETS, UNLEARN_COMPENSATIONS, UNLEARN_SELECTIONS, type UnlearnRequest,
} from '../../unlearning/unlearnRequest.ts';
import { readImages, readModel, writeJson, writeModel } from '../files.ts';
import { startNodeEngine } from '../nodeEngine.ts';
import { integer, list, modelOption, outOption, positive, seedOption, share, toOption } from '../options.ts';
import { progressOn } from '../progress.ts';

interface Options extends Omit<UnlearnRequest, 'classes'>, Record<'model' | 'forget' | 'retain' | 'out', string> {
  readonly class?: readonly number[];
  readonly to: WrittenFormat;
}

export function unlearnCommand(): Command {
  return new Command('unlearn')
    .description('make the network forget a class, without labels, gradients or training')
    .addOption(modelOption())
    .requiredOption('--forget <file.npy>', 'pictures of the class to forget')
    .requiredOption('--retain <file.npy>', 'pictures of the classes that stay')
    .addOption(new Option('--class <n,…>', 'number of the class, or of several (default: the one that the network sees most in --forget)').argParser(list(integer)))
    .addOption(new Option('--layers <n>', 'how many of the last layers are edited').argParser(positive).default(DEFAULT_UNLEARN.layers))
    .addOption(new Option('--no-head', 'leave the layer that gives the class scores as it is'))
    .addOption(new Option('--share <auto|F>', 'share of the channels that leave each of them; auto: the least that forgets').argParser(shareOrAuto).default(DEFAULT_UNLEARN.share))
    .addOption(new Option('--select <rule>', 'which channels leave').choices(UNLEARN_SELECTIONS).default(DEFAULT_UNLEARN.select))
    .addOption(new Option('--compensate <method>', 'how the weights that stay are refitted').choices(UNLEARN_COMPENSATIONS).default(DEFAULT_UNLEARN.compensate))
    .addOption(new Option('--target <kind>', 'what forget pictures are to look like').choices(FORGET_TARGETS).default(DEFAULT_UNLEARN.target))
    .addOption(new Option('--mu <f>', 'what an error on forget pictures weighs beside one on retain pictures').argParser(weight).default(DEFAULT_UNLEARN.mu))
    .addOption(new Option('--erase <f>', 'what errors of pooled features weigh: the greater, the less a probe regains; 0: not at all').argParser(weight).default(DEFAULT_UNLEARN.erase))
    .addOption(seedOption())
    .addOption(toOption().default('layers'))
    .addOption(outOption('folder for the edited model and report.json'))
    .action(async ({ model, forget, retain, out, to, class: chosen, ...settings }: Options) => {
      const network = await readModel(model);
      const pictures = { forget: await readImages(forget), retain: await readImages(retain) };
      const correlator = await startNodeEngine();
      const classes = chosen ?? [mostCommon(topClasses(await computeLogits(network, pictures.forget)))];
      const request: UnlearnRequest = { classes, ...settings };
      const input = { network, correlator, ...pictures };
      const { network: edited, scores, ...result } = await unlearn(input, request, progressOn('unlearn'));
      const recoverability = {
        before: await givenRecoverability(network, input, classes),
        after: await givenRecoverability(edited, input, classes),
      };
      await writeModel(edited, out, to);
      await writeJson(join(out, 'report.json'), {
        request,
        pictures: { forget: pictures.forget.count, retain: pictures.retain.count },
        ...result,
        recoverability,
        scores: scores.map((own) => ({ layer: own.layer, forget: [...own.forget], retain: [...own.retain] })),
      });
      if (!result.reached) {
        process.stderr.write(`The network still puts ${(100 * result.trial.forget).toFixed(1)} % of the forget pictures in a class that was to be forgotten.\n`);
      }
    });
}

function shareOrAuto(text: string): number | 'auto' {
  if (text === 'auto') return text;
  const value = share(text);
  if (value === 1) throw new InvalidArgumentError('Expected auto, or a number from 0 to below 1.');
  return value;
}

function weight(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value < Infinity)) throw new InvalidArgumentError('Expected a number from 0 on.');
  return value;
}
