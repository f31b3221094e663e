import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { basename, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { PackedImages } from '../../datasets/packedImages.ts';
import type { TheoryInput } from '../../theory/theoryInput.ts';
import type { Correlator } from '../../engine/kernels/correlator.ts';
import type { Claim, Finding } from '../claims/claim.ts';
import { claimsMarkdown } from '../claims/claimsMarkdown.ts';
import { PRUNING_CLAIMS } from '../claims/pruningClaims.ts';
import { SENSITIVITY_CLAIMS } from '../claims/sensitivityClaims.ts';
import { THEORY_CLAIMS } from '../claims/theoryClaims.ts';
import { UNLEARNING_CLAIMS } from '../claims/unlearningClaims.ts';
import { readModel, writeBytes } from '../files.ts';
import { startNodeEngine } from '../nodeEngine.ts';
import { list, positive, seedOption } from '../options.ts';
import { progressOn } from '../progress.ts';
import { withSectionsOf } from '../sections.ts';
import { openDataFolder } from './images.ts';

export const CLAIMS: readonly Claim[] = [...PRUNING_CLAIMS, ...THEORY_CLAIMS, ...UNLEARNING_CLAIMS, ...SENSITIVITY_CLAIMS];

export function claimsCommand(): Command {
  return new Command('claims')
    .description("measure the paper's claims and write them up with verdicts; long claims on the first model alone")
    .requiredOption('--model <a,b,…>', 'model folders', list(String))
    .requiredOption('--data <folder>', 'data folder such as public/data/cifar10')
    .addOption(new Option('--only <a,b,…>', 'these claims').choices(CLAIMS.map(({ id }) => id)).argParser(list(claimOf)).default(CLAIMS, 'all'))
    .addOption(new Option('--count <n>', 'calibration images').argParser(positive).default(256))
    .addOption(new Option('--test <n>', 'test images').argParser(positive).default(1000))
    .option('--quick', '32 calibration and 200 test images and fewer points: to try it, not to judge by', false)
    .addOption(seedOption())
    .option('--out <file.md>', 'where to write it', 'docs/claims.md')
    .action(async (options: Options) => {
      const { model: folders, only, quick, out, seed } = options;
      const [count, test] = quick ? [32, 200] : [options.count, options.test];
      const data = await openDataFolder(options.data);
      const correlator = await startNodeEngine();
      const findings = new Map<Claim, Record<string, Finding>>(only.map((claim) => [claim, {}]));
      for (const [at, folder] of folders.entries()) {
        const input = await inputOf(folder, data, correlator, { count, test, seed });
        for (const [claim, found] of findings) {
          if (claim.long && at > 0) continue;
          found[nameOf(folder)] = await claim.measure({ input, data, folders: { model: folder, data: options.data }, quick, job: (step) => progressOn(`${nameOf(folder)}: ${claim.id}: ${step}`) });
        }
      }
      const report = {
        models: folders.map(nameOf),
        claims: only.map((claim) => ({ claim, findings: findings.get(claim) ?? {}, command: commandOf(options, [claim]) })),
        command: commandOf(options, only.length === CLAIMS.length ? [] : only),
        machine: `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}`,
        backend: 'wasm',
        calibrationImages: count,
        testImages: test,
        seed,
        quick,
      };
      // what other commands have written into it stays
      await writeBytes(out, withSectionsOf(await readFile(out, 'utf8').catch(() => ''), claimsMarkdown(report)));
      for (const { claim, findings } of report.claims) {
        process.stdout.write(`${claim.id}: ${Object.entries(findings).map(([model, { verdict }]) => `${verdict} (${model})`).join(', ')}\n`);
      }
    });
}

interface Options {
  readonly model: readonly string[];
  readonly data: string;
  readonly only: readonly Claim[];
  readonly count: number;
  readonly test: number;
  readonly quick: boolean;
  readonly seed: number;
  readonly out: string;
}

async function inputOf(
  folder: string,
  data: PackedImages,
  correlator: Correlator,
  { count, test, seed }: { readonly count: number; readonly test: number; readonly seed: number },
): Promise<TheoryInput> {
  const draw = (images: number, from: number) => data.source('train', data.calibrationIndices(images, from));
  const trainLabels = await data.labels('train');
  const tested = Math.min(test, data.count('test'));
  return {
    network: await readModel(folder),
    calibration: draw(count, seed),
    calibrationLabels: data.calibrationIndices(count, seed).map((index) => trainLabels[index]),
    draw,
    test: data.source('test', Array.from({ length: tested }, (_, k) => k)),
    testLabels: await data.labels('test'),
    correlator,
    seed,
  };
}

/** What measures these claims (none: all) again. */
function commandOf({ model, data, count, test, quick, seed }: Options, claims: readonly Claim[]): string {
  const size = quick ? '--quick' : `--count ${count} --test ${test}`;
  const only = claims.length > 0 ? ` --only ${claims.map(({ id }) => id).join(',')}` : '';
  return `npm run lab -- claims --model ${model.join(',')} --data ${data} ${size} --seed ${seed}${only}`;
}

function claimOf(id: string): Claim {
  const claim = CLAIMS.find((one) => one.id === id);
  if (!claim) throw new InvalidArgumentError(`Expected some of ${CLAIMS.map((one) => one.id).join(', ')}.`);
  return claim;
}

function nameOf(folder: string): string {
  return basename(resolve(folder));
}
