import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { fineTune, type TrainingEpoch, type TrainingInput, type TrainingStep } from '../../engine/training/fineTune.ts';
import { DivergedError } from '../../engine/training/trainingErrors.ts';
import { DEFAULT_TRAINING, NORM_MODES, RATE_SCHEDULES, type TrainingRequest } from '../../engine/training/trainingRequest.ts';
import type { WrittenFormat } from '../../formats/modelFormats.ts';
import { InputError, readImages, readLabels, readModel, writeJson, writeModel } from '../files.ts';
import { startNodeEngine } from '../nodeEngine.ts';
import { imagesOption, modelOption, outOption, positive, seedOption, toOption } from '../options.ts';
import { progressOn } from '../progress.ts';

interface Options extends Omit<TrainingRequest, 'direction' | 'flip' | 'shift'>, Record<'model' | 'images' | 'out', string> {
  readonly labels?: string;
  readonly teacher?: string;
  readonly temperature: number;
  readonly ascend?: boolean;
  readonly augment: boolean;
  readonly to: WrittenFormat;
}

export function finetuneCommand(): Command {
  const { epochs, rate, schedule, batch, momentum, weightDecay, l1, clip, norms } = DEFAULT_TRAINING;
  return new Command('finetune')
    .description('train the network further, on labels or, without them, on what a teacher network says of the images')
    .addOption(modelOption())
    .addOption(imagesOption('images to train on'))
    .option('--labels <file.npy>', 'class number of each image')
    .option('--teacher <path>', 'without labels: the network to follow, for a pruned model the intact one (default: the model as it is)')
    .addOption(new Option('--temperature <f>', 'of the teacher’s class shares').argParser(number).default(1))
    .addOption(new Option('--epochs <n>').argParser(positive).default(epochs))
    .addOption(new Option('--rate <f>', 'learning rate at the start').argParser(number).default(rate))
    .addOption(new Option('--schedule <kind>', 'how the learning rate falls').choices(RATE_SCHEDULES).default(schedule))
    .addOption(new Option('--batch <n>', 'images in one step').argParser(positive).default(batch))
    .addOption(new Option('--momentum <f>').argParser(number).default(momentum))
    .addOption(new Option('--weight-decay <f>', 'of kernels').argParser(number).default(weightDecay))
    .addOption(new Option('--l1 <f>', 'L1 penalty of kernels at the start; it falls to 0').argParser(number).default(l1))
    .addOption(new Option('--clip <f>', 'greatest norm of the gradient; 0: no limit').argParser(number).default(clip))
    .addOption(new Option('--norms <mode>', 'batch norms by their stored statistics, or by each batch’s').choices(NORM_MODES).default(norms))
    .option('--keep-zeros', 'kernel weights of exactly 0 stay 0', false)
    .option('--ascend', 'climb the loss instead')
    .option('--no-augment', 'neither mirror nor move the images')
    .addOption(seedOption())
    .addOption(toOption().default('layers'))
    .addOption(outOption('folder for the trained model and report.json'))
    .action(async ({ model, images, labels, teacher, temperature, out, to, ascend, augment, ...settings }: Options) => {
      if (labels !== undefined && teacher !== undefined) throw new InputError('Give --labels or --teacher: the images have one target.');
      const network = await readModel(model);
      const source = await readImages(images);
      const target: TrainingInput['target'] =
        labels === undefined
          ? { kind: 'teacher', network: teacher === undefined ? network : await readModel(teacher), temperature }
          : { kind: 'labels', labels: await readLabels(labels, source.count) };
      const pictures = source.shape.length === 3 && augment;
      const request: TrainingRequest = {
        ...settings, direction: ascend ? 'ascend' : 'descend', flip: pictures && DEFAULT_TRAINING.flip, shift: pictures ? DEFAULT_TRAINING.shift : 0,
      };
      const correlator = await startNodeEngine();
      const [steps, epochs]: [TrainingStep[], TrainingEpoch[]] = [[], []];
      const report = async (rest: object) => {
        const about = { request, images: source.count, target: target.kind, steps: steps.length, epochs };
        await writeJson(join(out, 'report.json'), { ...about, ...rest, curve: steps.map(({ step, rate: own, loss, accuracy }) => ({ step, rate: own, loss, accuracy })) });
      };
      try {
        const trained = await fineTune({ network, images: source, target, correlator }, request, {
          ...progressOn('finetune'),
          onStep: (step) => steps.push(step),
          onCheckpoint: (_, epoch) => epochs.push(epoch),
        });
        await writeModel(trained.network, out, to);
        await report({ seconds: trained.seconds });
      } catch (error) {
        // what came of it until then is not lost
        if (error instanceof DivergedError && error.epochs > 0) {
          await writeModel(error.checkpoint, out, to);
          await report({ diverged: error.message });
        }
        throw error;
      }
    });
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a number.');
  return value;
}
