import { Command, InvalidArgumentError, Option } from 'commander';
import type { PictureSource } from '../../datasets/imageSet.ts';
import { AS_THEY_ARE } from '../../datasets/preprocessing.ts';
import { expectedPixels, USUAL_PIXELS } from '../../datasets/synthetic/expectedPixels.ts';
import { mixture, secondsAmong } from '../../datasets/synthetic/mixture.ts';
import { isProcedural, PROCEDURAL_KINDS, proceduralPictures, type ProceduralKind } from '../../datasets/synthetic/proceduralPictures.ts';
import { invert } from '../../engine/inversion/invert.ts';
import { INVERSION } from '../../engine/inversion/inversionRequest.ts';
import { writeNpy } from '../../formats/npy.ts';
import type { Network, Shape } from '../../network/network.ts';
import { inferShapes } from '../../network/shapes.ts';
import { InputError, readImages, readModel, writeBytes, writeJson } from '../files.ts';
import { startNodeEngine } from '../nodeEngine.ts';
import { integer, list, outOption, positive, seedOption, share } from '../options.ts';
import { progressOn } from '../progress.ts';

const KINDS = [...PROCEDURAL_KINDS, 'inversion'] as const;
type Kind = ProceduralKind | 'inversion';

interface Mix {
  /** A kind, or an `.npy` file of pictures. */
  readonly of: string;
  readonly share: number;
}

interface Options {
  readonly source: Kind;
  readonly model?: string;
  readonly shape?: readonly number[];
  readonly count: number;
  readonly seed: number;
  readonly steps: number;
  readonly classes?: readonly number[];
  readonly mix?: Mix;
  readonly labels?: string;
  readonly report?: string;
  readonly out: string;
}

export function synthesizeCommand(): Command {
  return new Command('synthesize')
    .description('make pictures to calibrate with where there is no data: drawn, or from the network alone')
    .addOption(new Option('--source <kind>', 'drawn: dead leaves, 1/f noise in natural colours, Gaussian pixels; or by inversion of the network').choices(KINDS).makeOptionMandatory())
    .option('--model <path>', 'whose input’s shape and statistics the pictures have; inversion needs it')
    .addOption(new Option('--shape <height,width,channels>', 'shape, where there is no model').argParser(list(positive)))
    .addOption(new Option('--count <n>', 'how many').argParser(positive).default(512))
    .addOption(seedOption())
    .addOption(new Option('--steps <n>', 'steps of inversion').argParser(positive).default(INVERSION.steps))
    .addOption(new Option('--classes <n,…>', 'target classes of inversion, dealt out in turn (default: all)').argParser(list(integer)))
    .addOption(new Option('--mix <kind|file.npy=share>', 'take this share of the pictures from a second source').argParser(mix))
    .option('--labels <file.npy>', 'also write the target classes of inversion here')
    .option('--report <file.json>', 'also write how inversion went: losses by step, share in the target class')
    .addOption(outOption('.npy file, uint8, count x height x width x channels'))
    .action(async (options: Options) => {
      const { source, count, seed, mix: second, labels, report, out } = options;
      const network = options.model === undefined ? undefined : await readModel(options.model);
      if ([source, second?.of].includes('inversion')) {
        if (!network) throw new InputError('Inversion makes pictures of a network: name it with --model.');
        await startNodeEngine();
      } else if (labels ?? report) {
        throw new InputError('Only inversion has target classes and losses to write: leave out --labels and --report.');
      }
      if (labels && second) throw new InputError('Pictures of a mixture have no target classes: leave out --labels, or --mix.');
      const shape = shapeOf(network, options.shape);
      const make = (kind: Kind, own: number, ownSeed: number): Promise<PictureSource> =>
        isProcedural(kind)
          ? Promise.resolve(proceduralPictures(kind, { count: own, shape, seed: ownSeed }, network ? expectedPixels(network, AS_THEY_ARE) : USUAL_PIXELS))
          : inverted(network, { ...options, count: own, seed: ownSeed });
      const seconds = second ? secondsAmong(count, second.share, seed) : 0;
      // a share may round to none or to all
      const first = seconds < count ? await make(source, count - seconds, seed) : undefined;
      const other = second && seconds > 0 ? await secondSource(second.of, (kind) => make(kind, seconds, seed + 1)) : undefined;
      const pictures = first && other && second ? mixture([first, other], second.share, count, seed) : first ?? other;
      if (!pictures) throw new InputError('There is nothing to make.');
      await writeBytes(out, writeNpy([count, ...pictures.shape], Uint8Array.from(await pictures.read(0, count))));
    });
}

/** Pictures of the network, with labels and report written where they are asked for. */
async function inverted(network: Network | undefined, { count, seed, steps, classes, labels, report }: Options): Promise<PictureSource> {
  if (!network) throw new InputError('Inversion makes pictures of a network: name it with --model.');
  const made = await invert(network, { count, seed, steps, ...(classes ? { classes } : {}) }, progressOn('invert'));
  if (made.note) process.stderr.write(`${made.note}\n`);
  if (labels) {
    if (!made.labels) throw new InputError('This network gives no class scores, so its pictures have no target classes: leave out --labels.');
    await writeBytes(labels, writeNpy([count], Uint8Array.from(made.labels)));
  }
  const { inClass, norms, curve, note } = made;
  if (report) await writeJson(report, { count, seed, steps, norms, inClass, note, curve });
  const size = made.pixels.length / count;
  return { count, shape: made.shape, read: async (first, images) => Float32Array.from(made.pixels.subarray(first * size, (first + images) * size)) };
}

async function secondSource(of: string, make: (kind: Kind) => Promise<PictureSource>): Promise<PictureSource> {
  const kind = KINDS.find((known) => known === of);
  if (kind) return make(kind);
  const pictures = await readImages(of);
  const values = await pictures.read(0, pictures.count);
  const strange = values.find((value) => value < 0 || value > 255);
  if (strange !== undefined) throw new InputError(`${of} has the value ${strange}; pictures to mix have values from 0 to 255.`);
  return pictures;
}

function shapeOf(network: Network | undefined, given: readonly number[] | undefined): Shape {
  if (network && given) throw new InputError('The shape is that of the network’s input: leave out --shape, or --model.');
  if (given) return given;
  const input = network?.nodes.find((node) => node.op === 'input');
  if (!network || !input) throw new InputError('Pictures need a shape: give --model, or --shape such as 32,32,3.');
  return inferShapes(network).get(input.id) ?? [];
}

function mix(text: string): Mix {
  const at = text.lastIndexOf('=');
  const value = at < 1 ? 0 : share(text.slice(at + 1));
  const of = text.slice(0, Math.max(at, 0));
  const known = of.endsWith('.npy') || (KINDS as readonly string[]).includes(of);
  if (!known || value === 0 || value === 1) {
    throw new InvalidArgumentError(`Expected one of ${KINDS.join(', ')}, or an .npy file, with a share between 0 and 1, such as gaussian=0.3.`);
  }
  return { of, share: value };
}
