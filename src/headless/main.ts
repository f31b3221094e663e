import { Command, CommanderError } from 'commander';
import { claimsCommand } from './commands/claims.ts';
import { clozeCommand } from './commands/cloze.ts';
import { compareForgettingCommand } from './commands/compareForgetting.ts';
import { convertCommand } from './commands/convert.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { exportCommand } from './commands/export.ts';
import { finetuneCommand } from './commands/finetune.ts';
import { frontierCommand } from './commands/frontier.ts';
import { generateCommand } from './commands/generate.ts';
import { imagesCommand } from './commands/images.ts';
import { inspectCommand } from './commands/inspect.ts';
import { perplexityCommand } from './commands/perplexity.ts';
import { precomputeCommand } from './commands/precompute.ts';
import { pruneCommand } from './commands/prune.ts';
import { retrainedCommand } from './commands/retrained.ts';
import { scoreCommand } from './commands/score.ts';
import { synthesizeCommand } from './commands/synthesize.ts';
import { sensitivityCommand } from './commands/sensitivity.ts';
import { neuronsCommand } from './commands/neurons.ts';
import { transformCommand } from './commands/transform.ts';
import { unlearnCommand } from './commands/unlearn.ts';

const program = new Command('lab')
  .description(
    'The lab from a terminal: the same engine on WebAssembly. Models are TensorFlow.js models (layers or\n' +
      'graph), Keras .h5 or .keras, ONNX, or in Hugging Face’s layout; images are .npy arrays (count x height x width x channels, float32\n' +
      'or uint8), fed as they are; text is plain text files, or a data folder such as public/data/novels.',
  )
  .addCommand(evaluateCommand())
  .addCommand(scoreCommand())
  .addCommand(pruneCommand())
  .addCommand(transformCommand())
  .addCommand(neuronsCommand())
  .addCommand(unlearnCommand())
  .addCommand(compareForgettingCommand())
  .addCommand(finetuneCommand())
  .addCommand(retrainedCommand())
  .addCommand(sensitivityCommand())
  .addCommand(frontierCommand())
  .addCommand(perplexityCommand())
  .addCommand(generateCommand())
  .addCommand(clozeCommand())
  .addCommand(inspectCommand())
  .addCommand(exportCommand())
  .addCommand(convertCommand())
  .addCommand(claimsCommand())
  .addCommand(imagesCommand())
  .addCommand(synthesizeCommand())
  .addCommand(precomputeCommand());

for (const command of [program, ...program.commands]) command.exitOverride();

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // commander has printed what was wrong
    process.exitCode = error.exitCode === 0 ? 0 : 1;
  } else {
    process.stderr.write(`${oneLine(error)}\n`);
    process.exitCode = 1;
  }
}

function oneLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (process.env.DEBUG) return error.stack ?? error.message;
  return `${error.name}: ${error.message.replace(/\s*\n\s*/g, ' ')}`;
}
